# How many instances of functions the account may run at a time. A new account has far fewer than the thousand that AWS's pages
# tell of, and AWS keeps a hundred of them out of any reservation: without this the apply would stop halfway, at the function
# whose share is no longer there.

locals {
  reserved_concurrency = sum(concat([0], [for count in values(var.reserved_concurrency) : count if count != null]))

  # What AWS leaves to functions without a reservation ("Understanding Lambda function scaling").
  unreservable_concurrency = 100
}

data "aws_servicequotas_service_quota" "lambda_concurrency" {
  # An emulator has no quotas.
  count = var.function_endpoint_url == null ? 1 : 0

  service_code = "lambda"
  quota_code   = "L-B99A9384" # Concurrent executions

  lifecycle {
    postcondition {
      condition     = local.reserved_concurrency == 0 || local.reserved_concurrency + local.unreservable_concurrency <= self.value
      error_message = "reserved_concurrency sets ${local.reserved_concurrency} aside and AWS keeps ${local.unreservable_concurrency} back, but the account's quota of concurrent executions (L-B99A9384) is ${self.value}: ask for more in Service Quotas, which takes hours to days, or reserve less."
    }
  }
}

locals {
  # On an emulator, the quota of an old account.
  account_concurrency = try(data.aws_servicequotas_service_quota.lambda_concurrency[0].value, 1000)
}
