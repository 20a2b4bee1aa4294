# The probe from outside asks the API, and tells somebody.

provider "aws" {
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

run "outside" {
  command = plan

  module {
    source = "./outside"
  }

  override_data {
    target = data.aws_caller_identity.current
    values = { account_id = "123456789012" }
  }

  override_resource {
    target          = aws_sns_topic.alarms
    override_during = plan
    values          = { arn = "arn:aws:sns:us-east-1:123456789012:statut-etudiant-production-outside" }
  }

  override_resource {
    target          = aws_route53_health_check.api
    override_during = plan
    values          = { id = "probe" }
  }

  variables {
    environment = "production"
    api_domain  = "api.example.org"
    alarm_email = "exploitation@example.org"
  }

  assert {
    condition = (
      aws_route53_health_check.api.fqdn == "api.example.org" && aws_route53_health_check.api.resource_path == "/ping" &&
      aws_route53_health_check.api.type == "HTTPS_STR_MATCH" && length(aws_route53_health_check.api.regions) >= 3
    )
    error_message = "The probe asks something else, or Route 53 refuses fewer than three regions."
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.outside.dimensions == tomap({ HealthCheckId = "probe" }) && aws_cloudwatch_metric_alarm.outside.treat_missing_data == "breaching" &&
      aws_cloudwatch_metric_alarm.outside.alarm_actions == toset([aws_sns_topic.alarms.arn]) && aws_sns_topic_subscription.email.endpoint == "exploitation@example.org" &&
      aws_cloudwatch_metric_alarm.outside.period * aws_cloudwatch_metric_alarm.outside.evaluation_periods <= 300
    )
    error_message = "Nobody hears within five minutes that nothing answers from outside."
  }

  assert {
    condition     = strcontains(file("../docs/runbook.md"), "(`${replace(aws_cloudwatch_metric_alarm.outside.alarm_name, "statut-etudiant-production", "$name")}`)")
    error_message = "The alarm has no section in docs/runbook.md."
  }
}
