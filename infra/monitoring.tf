# Functions, queues and tables are watched by their modules, beside what they watch. Here is the rest.

resource "aws_sns_topic" "alarms" {
  name              = "${local.name}-alarms"
  kms_master_key_id = aws_kms_key.logs.arn
}

resource "aws_sns_topic_policy" "alarms" {
  arn = aws_sns_topic.alarms.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AlarmsOfThisAccount"
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.alarms.arn
      Condition = { StringEquals = { "aws:SourceAccount" = local.account_id } }
    }]
  })
}

resource "aws_sns_topic_subscription" "email" {
  for_each = toset(var.alarm_email[*])

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = each.value
}

resource "aws_cloudwatch_metric_alarm" "api_errors" {
  count = var.alarms_enabled ? 1 : 0

  alarm_name        = "${local.name}-api-errors"
  alarm_description = "More than one request in a hundred ends in a server error."

  namespace   = "AWS/ApiGateway"
  metric_name = "5XXError"
  dimensions  = { ApiName = aws_api_gateway_rest_api.this.name, Stage = local.api_stage }

  # The gateway counts 0 or 1 per request, so the average is the rate.
  statistic           = "Average"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0.01
  treat_missing_data  = "notBreaching"

  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
}

# --- What the functions behind the API say of themselves -------------------------------------------------------------------
# They write metrics as log lines (EMF), twice over: by environment, which the alarms watch, and by environment and
# route. Both write those that are alarming under one name: whoever tries out INEs may do it by either. The environment, because several may share an account and a namespace has no owner.

locals {
  metrics_namespace = "StatutEtudiant"

  consultation_alarms = merge(
    {
      enumeration = {
        metric      = "enumeration_suspected"
        threshold   = 0
        description = "A caller asks about many people nobody knows, as one would who tries out INEs: see the runbook."
      }
      refusals = {
        metric      = "refused_quota"
        threshold   = var.refusals_alarm_threshold
        description = "Many requests are refused for their quota: a client's programme has gone wrong, or its quota is too small."
      }
    },
    # A call fails now and then on any network. This many do not.
    var.france_connect == null ? {} : {
      france-connect = {
        metric      = "france_connect_failures"
        threshold   = 20
        description = "FranceConnect does not answer, or not as agreed: its state, then our client secret and keys (docs/deploying.md)."
      }
    },
  )
}

resource "aws_cloudwatch_metric_alarm" "consultation" {
  for_each = var.alarms_enabled ? local.consultation_alarms : {}

  alarm_name        = "${local.name}-${each.key}"
  alarm_description = each.value.description

  namespace   = local.metrics_namespace
  metric_name = each.value.metric
  dimensions  = { environment = var.environment }

  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching"

  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
}

# --- What ingestion says of each import ------------------------------------------------------------------------------
# One line for each that ends. Counted here rather than by the function: a line is written once an import has ended, and
# with it the metric.

locals {
  import_outcomes = {
    done   = "imports_done"
    failed = "imports_failed"
  }
}

resource "aws_cloudwatch_log_metric_filter" "imports" {
  for_each = local.import_outcomes

  name           = "imports-${each.key}"
  log_group_name = module.ingestion.log_group_name
  pattern        = "{ $.message = \"import ended\" && $.outcome = \"${each.key}\" }"

  metric_transformation {
    namespace = local.metrics_namespace
    # A filter cannot add a dimension that the line does not have: the environment is in the name.
    name  = "${each.value}_${var.environment}"
    value = "1"
    unit  = "Count"
  }
}

resource "aws_cloudwatch_metric_alarm" "failed_imports" {
  count = var.alarms_enabled ? 1 : 0

  alarm_name        = "${local.name}-failed-imports"
  alarm_description = "A file could not be imported: its report tells the establishment why, and the runbook what to do."

  namespace   = local.metrics_namespace
  metric_name = aws_cloudwatch_log_metric_filter.imports["failed"].metric_transformation[0].name

  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.failed_imports_alarm_threshold
  treat_missing_data  = "notBreaching"

  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
}
