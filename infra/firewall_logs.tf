# The log of the firewall holds blocked requests and no others: which rule, when, from which address. The path and the query may
# hold an INE, and headers hold keys and tokens, so they are redacted. The address stays, because it tells an attack from a mistake.

locals {
  # The firewall writes to log groups with this prefix alone. An emulator has no logs of a firewall.
  firewall_log_group = "aws-waf-logs-${local.name}"
  firewall_logged    = var.function_endpoint_url == null

  # `referer` repeats the address of a page.
  redacted_headers = ["authorization", "cookie", "referer", "x-api-key", "x-caller", "x-deposant", "x-jwt-assertion"]
}

resource "aws_cloudwatch_log_group" "firewall" {
  count = local.firewall_logged ? 1 : 0

  name              = local.firewall_log_group
  retention_in_days = var.firewall_log_retention_days
  kms_key_id        = aws_kms_key.logs.arn
}

resource "aws_cloudwatch_log_resource_policy" "firewall" {
  count = local.firewall_logged ? 1 : 0

  policy_name = "${local.name}-firewall"
  policy_document = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "BlockedRequests"
      Effect    = "Allow"
      Principal = { Service = "delivery.logs.amazonaws.com" }
      Action    = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource  = ["arn:${local.partition}:logs:${var.region}:${local.account_id}:log-group:${local.firewall_log_group}:log-stream:*"]
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account_id }
        ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:logs:${var.region}:${local.account_id}:*" }
      }
    }]
  })
}

resource "aws_wafv2_web_acl_logging_configuration" "api" {
  count = local.firewall_logged ? 1 : 0

  resource_arn            = aws_wafv2_web_acl.api.arn
  log_destination_configs = [aws_cloudwatch_log_group.firewall[0].arn]

  logging_filter {
    default_behavior = "DROP"

    filter {
      behavior    = "KEEP"
      requirement = "MEETS_ANY"

      condition {
        action_condition {
          action = "BLOCK"
        }
      }
    }
  }

  redacted_fields {
    uri_path {}
  }

  redacted_fields {
    query_string {}
  }

  dynamic "redacted_fields" {
    for_each = local.redacted_headers

    content {
      single_header {
        name = redacted_fields.value
      }
    }
  }

  depends_on = [aws_cloudwatch_log_resource_policy.firewall]
}
