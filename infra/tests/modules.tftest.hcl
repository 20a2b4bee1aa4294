# Every module has a page that tells of all its inputs and outputs, and an example that can be planned.

provider "aws" {
  region                      = "eu-west-3"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

run "pages_and_examples" {
  command = plan

  module {
    source = "./tests/modules"
  }

  override_data {
    target = module.function.data.aws_caller_identity.current
    values = { account_id = "123456789012" }
  }

  override_data {
    target = module.queue.data.aws_caller_identity.current
    values = { account_id = "123456789012" }
  }

  override_data {
    target = module.table.data.aws_caller_identity.current
    values = { account_id = "123456789012" }
  }

  # The key is drawn by AWS.
  override_module {
    target  = module.hmac_secret.module.ine
    outputs = { arn = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:ine" }
  }

  override_resource {
    target          = module.table.aws_kms_key.data
    override_during = plan
    values          = { arn = "arn:aws:kms:eu-west-3:123456789012:key/data" }
  }

  assert {
    condition     = toset(keys(output.untold)) == toset(["bucket", "depositor", "function", "hmac-secret", "queue", "table"])
    error_message = "A module is not among those that have a page and an example."
  }

  assert {
    condition     = alltrue([for names in output.untold : length(names) == 0])
    error_message = "A module's README doesn't tell of ${jsonencode({ for module, names in output.untold : module => names if length(names) > 0 })}."
  }

  assert {
    condition     = module.bucket.locked.mode == "COMPLIANCE" && module.bucket.locked.days == 180
    error_message = "The example of bucket is not what it says."
  }

  assert {
    condition     = jsondecode(module.depositor.role_policy).Statement[0].Resource == ["arn:aws:s3:::example-inbox/0751967F/*"]
    error_message = "The example of depositor is not what it says."
  }

  assert {
    condition     = module.function.environment == tomap({ STUDENTS_TABLE = "example-students" })
    error_message = "The example of function is not what it says."
  }

  assert {
    condition     = module.hmac_secret.arn == "arn:aws:secretsmanager:eu-west-3:123456789012:secret:ine"
    error_message = "The example of hmac-secret is not what it says."
  }

  assert {
    condition     = module.queue.dead_letters == ["example-files-dlq", "example-nightly-dlq"]
    error_message = "The example of queue is not what it says."
  }

  assert {
    condition     = module.table.settings.key == "id" && module.table.settings.protected && module.table.settings.expires_by == "expires_at"
    error_message = "The example of table is not what it says."
  }
}
