# Errors, throttles and durations are watched by modules/function, beside what they watch. Here is the rest.

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

resource "aws_cloudwatch_metric_alarm" "dead_letter" {
  for_each = var.alarms_enabled ? aws_sqs_queue.dead_letter : {}

  alarm_name        = "${each.value.name}-depth"
  alarm_description = "Work of ${each.key} was given up: read the message, mend the cause, redrive."

  namespace   = "AWS/SQS"
  metric_name = "ApproximateNumberOfMessagesVisible"
  dimensions  = { QueueName = each.value.name }

  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"

  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "identity_age" {
  count = var.alarms_enabled ? 1 : 0

  alarm_name        = "${aws_sqs_queue.identity.name}-age"
  alarm_description = "Enrolments wait more than an hour to become visible: deduplication is slow, throttled or failing."

  namespace   = "AWS/SQS"
  metric_name = "ApproximateAgeOfOldestMessage"
  dimensions  = { QueueName = aws_sqs_queue.identity.name }

  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 60 * 60
  treat_missing_data  = "notBreaching"

  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "api_errors" {
  count = var.alarms_enabled ? 1 : 0

  alarm_name        = "${local.name}-api-errors"
  alarm_description = "More than one consultation in a hundred ends in a server error."

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

# --- What the consultation function says of itself -------------------------------------------------------------------
# It writes metrics as log lines (EMF), twice over: by environment, which the alarms watch, and by environment and
# route. The environment, because several may share an account and a namespace has no owner.

locals {
  consultation_metrics = "StatutEtudiant"

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

  namespace   = local.consultation_metrics
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

# --- Dashboard -------------------------------------------------------------------------------------------------------

locals {
  functions = {
    status        = module.status
    ingestion     = module.ingestion
    deduplication = module.deduplication
    statistics    = module.statistics
  }

  # Routes are the function's own: a search finds those of tomorrow too.
  search_by_route = "SEARCH('{${local.consultation_metrics},environment,route} MetricName=\"%s\" environment=\"${var.environment}\"', '%s', 300)"
  route_label     = "$${PROP('Dim.route')}"

  # Two graphs a row.
  graphs = [
    {
      title = "Consultations"
      stat  = "Sum"
      metrics = [
        for metric in ["Count", "4XXError", "5XXError"] :
        ["AWS/ApiGateway", metric, "ApiName", aws_api_gateway_rest_api.this.name, "Stage", local.api_stage]
      ]
    },
    {
      title = "Consultation time (ms)"
      stat  = "p99"
      metrics = [
        for metric in ["Latency", "IntegrationLatency"] :
        ["AWS/ApiGateway", metric, "ApiName", aws_api_gateway_rest_api.this.name, "Stage", local.api_stage]
      ]
    },
    {
      title   = "Consultations by route"
      stat    = "Sum"
      metrics = [[{ expression = format(local.search_by_route, "requests", "Sum"), label = local.route_label }]]
    },
    {
      title   = "Consultation time by route (ms)"
      stat    = "p99"
      metrics = [[{ expression = format(local.search_by_route, "duration_ms", "p99"), label = local.route_label }]]
    },
    {
      title = "Consultations by outcome"
      stat  = "Sum"
      metrics = [
        for metric in ["requests", "server_errors", "france_connect_failures", "cold_starts"] :
        [local.consultation_metrics, metric, "environment", var.environment]
      ]
    },
    {
      title = "Refused for their quota, suspected of enumeration"
      stat  = "Sum"
      metrics = [
        for metric in ["refused_quota", "enumeration_suspected"] :
        [local.consultation_metrics, metric, "environment", var.environment]
      ]
    },
    {
      title = "Function errors"
      stat  = "Sum"
      metrics = [
        for function in local.functions :
        ["AWS/Lambda", "Errors", "FunctionName", function.function_name]
      ]
    },
    {
      title = "Function time (ms)"
      stat  = "p99"
      metrics = [
        for function in local.functions :
        ["AWS/Lambda", "Duration", "FunctionName", function.function_name]
      ]
    },
    {
      title = "Identity queue: oldest message (s)"
      stat  = "Maximum"
      metrics = [
        ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", aws_sqs_queue.identity.name],
      ]
    },
    {
      title = "Dead letters"
      stat  = "Maximum"
      metrics = [
        for queue in aws_sqs_queue.dead_letter :
        ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue.name]
      ]
    },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = local.name

  dashboard_body = jsonencode({
    widgets = [
      for index, graph in local.graphs : {
        type   = "metric"
        x      = index % 2 * 12
        y      = floor(index / 2) * 6
        width  = 12
        height = 6
        properties = {
          title   = graph.title
          region  = var.region
          stat    = graph.stat
          period  = 300
          metrics = graph.metrics
        }
      }
    ]
  })
}
