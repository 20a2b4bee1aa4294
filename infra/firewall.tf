# The firewall in front of the API and of our own identity service. Not AWS's common or SQL rule sets: they take an apostrophe
# in a surname for an attack.

locals {
  # The firewall sees a path with the stage in front when the gateway's own address is used, and without it on a custom domain:
  # a rule therefore looks for the path anywhere.
  guarded_paths = merge(
    {
      for name, guard in {
        review = { path = "/api/revues", priority = 3 }
        portal = { path = "/portail", priority = 4 }
      } : "addresses-of-${name}" => merge(guard, { addresses = name, host = null }) if length(var.restricted_addresses[name]) > 0
    },
    # What establishments write is refused under any other name than the one that asks for their certificate.
    {
      for domain in var.establishments_domain[*] : "certificates-of-establishments" => {
        path      = "/api/(inscription|depots|qualite)"
        addresses = null
        host      = domain.name
        priority  = 5
      }
    },
  )

  # One address that sends more than the whole API takes is no relay: the gateway would refuse the others for it. Below, a
  # client's own quota is the limit, and a service that relays all its users from one address is left alone.
  waf_rate_limit_per_ip = coalesce(var.waf_rate_limit_per_ip, max(10, ceil(300 * var.api_throttling.rate_limit)))
}

resource "aws_wafv2_ip_set" "restricted" {
  for_each = { for name, ranges in var.restricted_addresses : name => ranges if length(ranges) > 0 }

  name               = "${local.name}-${each.key}"
  description        = "Addresses from which alone ${each.key} answers"
  scope              = "REGIONAL"
  ip_address_version = "IPV4"
  addresses          = each.value
}

resource "aws_wafv2_web_acl" "api" {
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

  # A rule rather than a resource policy of the API: it takes effect without a deployment, a mistake in it closes these paths and
  # not the whole API, and it answers and is counted as everything else that the firewall refuses.
  dynamic "rule" {
    for_each = local.guarded_paths

    content {
      name     = rule.key
      priority = rule.value.priority

      action {
        block {}
      }

      statement {
        and_statement {
          statement {
            regex_match_statement {
              regex_string = rule.value.path

              field_to_match {
                uri_path {}
              }

              # The gateway may decode a path before it chooses a function: it is decoded here as well.
              text_transformation {
                priority = 0
                type     = "URL_DECODE"
              }

              text_transformation {
                priority = 1
                type     = "NORMALIZE_PATH"
              }

              text_transformation {
                priority = 2
                type     = "LOWERCASE"
              }
            }
          }

          statement {
            not_statement {
              statement {
                dynamic "ip_set_reference_statement" {
                  for_each = rule.value.host == null ? [aws_wafv2_ip_set.restricted[rule.value.addresses].arn] : []

                  content {
                    arn = ip_set_reference_statement.value
                  }
                }

                dynamic "byte_match_statement" {
                  for_each = rule.value.host[*]

                  content {
                    search_string         = byte_match_statement.value
                    positional_constraint = "EXACTLY"

                    field_to_match {
                      single_header {
                        name = "host"
                      }
                    }

                    text_transformation {
                      priority = 0
                      type     = "LOWERCASE"
                    }
                  }
                }
              }
            }
          }
        }
      }

      visibility_config {
        cloudwatch_metrics_enabled = true
        metric_name                = "${local.name}-${rule.key}"
        sampled_requests_enabled   = false
      }
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
