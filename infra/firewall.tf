# The firewall in front of the API and of our own identity service. Not AWS's common or SQL rule sets: they take an apostrophe
# in a surname for an attack.

locals {
  # One address that sends more than the whole API takes is no relay: the gateway would refuse the others for it. Below, a
  # client's own quota is the limit, and a service that relays all its users from one address is left alone.
  waf_rate_limit_per_ip = coalesce(var.waf_rate_limit_per_ip, max(10, ceil(300 * var.api_throttling.rate_limit)))
}

resource "aws_wafv2_web_acl" "api" {
  #checkov:skip=CKV2_AWS_31:Its logs would hold the path and the query string of every request: students
  name        = local.name
  description = "In front of the API"
  scope       = "REGIONAL"

  default_action {
    allow {}
  }

  # A rule's own answer goes before the gateway's ("Sending custom responses for Block actions", AWS WAF Developer Guide).
  custom_response_body {
    key          = "too-many-requests"
    content_type = "APPLICATION_JSON"
    content      = jsonencode(local.api_error_bodies["THROTTLED"])
  }

  rule {
    name     = "rate-per-address"
    priority = 1

    # 429 and not the firewall's 403, which a caller would take for refused credentials: our INES client did.
    action {
      block {
        custom_response {
          response_code            = 429
          custom_response_body_key = "too-many-requests"

          response_header {
            name  = "Retry-After"
            value = "60"
          }
        }
      }
    }

    statement {
      rate_based_statement {
        limit              = local.waf_rate_limit_per_ip
        aggregate_key_type = "IP"
      }
    }

    # No sampled requests, here and below: a sample keeps the whole address of the request, INE included.
    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "${local.name}-rate-per-address"
      sampled_requests_enabled   = false
    }
  }

  rule {
    name     = "known-bad-inputs"
    priority = 2

    override_action {
      none {}
    }

    statement {
      managed_rule_group_statement {
        vendor_name = "AWS"
        name        = "AWSManagedRulesKnownBadInputsRuleSet"
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "${local.name}-known-bad-inputs"
      sampled_requests_enabled   = false
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = local.name
    sampled_requests_enabled   = false
  }
}

resource "aws_wafv2_web_acl_association" "api" {
  resource_arn = aws_api_gateway_stage.this.arn
  web_acl_arn  = aws_wafv2_web_acl.api.arn
}
