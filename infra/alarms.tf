# What else a person would want to hear of: slowness, throttles, what is blocked, what is used up, what does not come any more.
# Each alarm has a section in docs/runbook.md, and the tests compare the two.

locals {
  gateway_dimensions = { ApiName = aws_api_gateway_rest_api.this.name, Stage = local.api_stage }

  # Each alarm has one expression over its metrics. A metric that has not been written lately counts as none.
  service_alarms = merge(
    {
      api-latency = {
        description        = "One request in a hundred takes more than ${var.latency_alarm_milliseconds} ms: callers give up after 5 to 10 s."
        metrics            = { latency = { namespace = "AWS/ApiGateway", metric = "Latency", dimensions = local.gateway_dimensions, stat = "p99" } }
        expression         = "latency"
        threshold          = var.latency_alarm_milliseconds
        evaluation_periods = 3
      }
      api-client-errors = {
        description = "Most of the API's answers are refusals or find nobody: a client's programme, its key, or somebody who tries things out."
        metrics = {
          requests = { namespace = "AWS/ApiGateway", metric = "Count", dimensions = local.gateway_dimensions, stat = "Sum" }
          refused  = { namespace = "AWS/ApiGateway", metric = "4XXError", dimensions = local.gateway_dimensions, stat = "Sum" }
        }
        # A handful of requests says nothing.
        expression         = "IF(requests > 200, 100 * refused / requests, 0)"
        threshold          = var.client_errors_alarm_percent
        evaluation_periods = 3
      }
      blocked-requests = {
        description = "The firewall blocks many requests: an attack, or a rule that takes a caller for one."
        metrics = {
          blocked = { namespace = "AWS/WAFV2", metric = "BlockedRequests", dimensions = { WebACL = local.name, Region = var.region, Rule = "ALL" }, stat = "Sum" }
        }
        expression = "blocked"
        threshold  = var.blocked_requests_alarm_threshold
      }
      account-concurrency = {
        description = "The account's functions run at four fifths of its quota of concurrent executions: beyond it requests are throttled."
        metrics     = { running = { namespace = "AWS/Lambda", metric = "ConcurrentExecutions", dimensions = {}, stat = "Maximum" } }
        expression  = "running"
        threshold   = floor(0.8 * local.account_concurrency)
      }
      undelivered-notifications = {
        description = "Somebody did not get the notification of an import, or an alarm: an address that has changed, a queue that refuses."
        metrics = {
          imports = { namespace = "AWS/SNS", metric = "NumberOfNotificationsFailed", dimensions = { TopicName = aws_sns_topic.imports.name }, stat = "Sum" }
          alarms  = { namespace = "AWS/SNS", metric = "NumberOfNotificationsFailed", dimensions = { TopicName = aws_sns_topic.alarms.name }, stat = "Sum" }
        }
        expression = "FILL(imports, 0) + FILL(alarms, 0)"
        threshold  = 0
      }
      keys-at-risk = {
        description = "An encryption key was disabled, or is to be deleted: everything under it becomes unreadable."
        metrics     = { events = { namespace = "AWS/Events", metric = "MatchedEvents", dimensions = { RuleName = aws_cloudwatch_event_rule.this["keys-at-risk"].name }, stat = "Sum" } }
        expression  = "events"
        threshold   = 0
      }
      break-glass-used = {
        description = "Somebody took the break-glass role: see who, and that they had to."
        metrics     = { events = { namespace = "AWS/Events", metric = "MatchedEvents", dimensions = { RuleName = aws_cloudwatch_event_rule.this["break-glass-used"].name }, stat = "Sum" } }
        expression  = "events"
        threshold   = 0
      }
      statistics-late = {
        description = "No statistics have been made for more than a day: the schedule, or a run that fails."
        metrics     = { made = { namespace = local.metrics_namespace, metric = aws_cloudwatch_log_metric_filter.statistics.metric_transformation[0].name, dimensions = {}, stat = "Sum" } }
        expression  = "FILL(made, 0)"
        below       = 1
        period      = 60 * 60
        # A night that is a little late is none that is missing.
        evaluation_periods = 26
      }
      erasures-late = {
        description = "Retention has finished no pass for a week: what is over is kept."
        metrics     = { passes = { namespace = local.metrics_namespace, metric = aws_cloudwatch_log_metric_filter.retention.metric_transformation[0].name, dimensions = {}, stat = "Sum" } }
        expression  = "FILL(passes, 0)"
        below       = 1
        period      = 24 * 60 * 60
        # One is due every three days, and a generation that leaves at once takes some nights.
        evaluation_periods = 7
      }
      verification-late = {
        description = "INES has not been asked again for more than a day about the INEs that it didn't know."
        metrics     = { asked = { namespace = local.metrics_namespace, metric = aws_cloudwatch_log_metric_filter.verification["verifications"].metric_transformation[0].name, dimensions = {}, stat = "Sum" } }
        expression  = "FILL(asked, 0)"
        below       = 1
        period      = 60 * 60
        # A night that is a little late is none that is missing.
        evaluation_periods = 26
      }
      oldest-case = {
        description = "A doubt has waited for a reviewer for more than ${var.oldest_case_alarm_days} days: nothing is told of somebody meanwhile."
        metrics     = { days = { namespace = local.metrics_namespace, metric = aws_cloudwatch_log_metric_filter.verification["oldest_case_days"].metric_transformation[0].name, dimensions = {}, stat = "Maximum" } }
        # Told once a day: a period without it says nothing.
        expression = "FILL(days, 0)"
        threshold  = var.oldest_case_alarm_days
        period     = 24 * 60 * 60
      }
      requests-due = {
        description = "A request of rights has to be answered within ${var.request_alarm_days} days, or should have been."
        metrics     = { due = { namespace = local.metrics_namespace, metric = aws_cloudwatch_log_metric_filter.requests_due.metric_transformation[0].name, dimensions = {}, stat = "Maximum" } }
        # Told at night: a period without it says nothing.
        expression = "FILL(due, 0)"
        threshold  = 0
        period     = 24 * 60 * 60
      }
      no-feed = {
        description        = "No establishment's file has been accepted for ${var.feed_alarm_days} days."
        metrics            = { done = { namespace = local.metrics_namespace, metric = aws_cloudwatch_log_metric_filter.imports["done"].metric_transformation[0].name, dimensions = {}, stat = "Sum" } }
        expression         = "FILL(done, 0)"
        below              = 1
        period             = 24 * 60 * 60
        evaluation_periods = var.feed_alarm_days
      }
    },
    {
      # Writes are counted by the table and copies by Firehose, so that it doesn't matter where between them they stop.
      for name, table in local.copied_tables : "${name}-copy" => {
        description = "Traces of ${table.name} are written and not copied where nobody can change them, or an hour late."
        metrics = {
          written = { namespace = "AWS/DynamoDB", metric = "ConsumedWriteCapacityUnits", dimensions = { TableName = table.name }, stat = "Sum" }
          copied  = { namespace = "AWS/Firehose", metric = "IncomingRecords", dimensions = { DeliveryStreamName = "${local.name}-${name}" }, stat = "Sum" }
          age     = { namespace = "AWS/Firehose", metric = "DeliveryToS3.DataFreshness", dimensions = { DeliveryStreamName = "${local.name}-${name}" }, stat = "Maximum" }
        }
        expression = "IF(FILL(written, 0) > 0 AND FILL(copied, 0) < 1, 1, 0) + IF(FILL(age, 0) > 3600, 1, 0)"
        threshold  = 0
        period     = 60 * 60
        # A trace at the end of an hour may be copied in the next.
        evaluation_periods = 2
      }
    },
    {
      # The probe from outside takes any certificate. ACM renews those that it gave, if DNS still proves whose they are; those that
      # were brought to it, nobody renews.
      for name, domain in local.domains : "${name}-certificate" => {
        description = "The certificate of ${domain.name} ends within a month, and was not renewed."
        metrics     = { days = { namespace = "AWS/CertificateManager", metric = "DaysToExpiry", dimensions = { CertificateArn = domain.certificate_arn }, stat = "Minimum" } }
        # Told twice a day: a period without it says nothing.
        expression = "IF(FILL(days, 365) < 30, 1, 0)"
        threshold  = 0
        period     = 24 * 60 * 60
      }
    },
    {
      for name in var.retention_alarm_enabled ? ["retention-late"] : [] : name => {
        description        = "DynamoDB has deleted no trace for a week: they are kept for longer than was said."
        metrics            = { deleted = { namespace = "AWS/DynamoDB", metric = "TimeToLiveDeletedItemCount", dimensions = { TableName = module.table["access_log"].name }, stat = "Sum" } }
        expression         = "FILL(deleted, 0)"
        below              = 1
        period             = 24 * 60 * 60
        evaluation_periods = 7
      }
    },
    {
      for uai, days in var.watched_establishments : "no-feed-${uai}" => {
        description        = "No file of ${uai} has been accepted for ${days} days."
        metrics            = { done = { namespace = local.metrics_namespace, metric = aws_cloudwatch_log_metric_filter.fed[uai].metric_transformation[0].name, dimensions = {}, stat = "Sum" } }
        expression         = "FILL(done, 0)"
        below              = 1
        period             = 24 * 60 * 60
        evaluation_periods = days
      }
    },
  )
}

resource "aws_cloudwatch_metric_alarm" "service" {
  for_each = { for name, alarm in local.service_alarms : name => alarm if var.alarms_enabled }

  alarm_name        = "${local.name}-${each.key}"
  alarm_description = each.value.description

  dynamic "metric_query" {
    for_each = each.value.metrics

    content {
      id = metric_query.key

      metric {
        namespace   = metric_query.value.namespace
        metric_name = metric_query.value.metric
        dimensions  = metric_query.value.dimensions
        stat        = metric_query.value.stat
        period      = try(each.value.period, 300)
      }
    }
  }

  metric_query {
    id          = "watched"
    expression  = each.value.expression
    label       = each.key
    return_data = true
  }

  evaluation_periods  = try(each.value.evaluation_periods, 1)
  comparison_operator = can(each.value.below) ? "LessThanThreshold" : "GreaterThanThreshold"
  threshold           = try(each.value.below, each.value.threshold)

  # What is watched for not coming is alarming when nothing is written, too.
  treat_missing_data = can(each.value.below) ? "breaching" : "notBreaching"

  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
}

# An establishment's own imports. The environment is in the name, for a filter cannot add a dimension that the line lacks.
resource "aws_cloudwatch_log_metric_filter" "fed" {
  for_each = var.watched_establishments

  name           = "fed-${each.key}"
  log_group_name = module.ingestion.log_group_name
  pattern        = "{ $.message = \"import ended\" && $.outcome = \"done\" && $.uai = \"${each.key}\" }"

  metric_transformation {
    namespace = local.metrics_namespace
    name      = "imports_done_${each.key}_${var.environment}"
    value     = "1"
    unit      = "Count"
  }
}

# What only CloudTrail tells. The alarm watches how often the rule matched, rather than have EventBridge publish to the topic:
# the key of an encrypted topic would have to be opened to EventBridge without a condition on whose rule it is, since KMS gets
# neither aws:SourceArn nor aws:SourceAccount from it ("Managing Amazon SNS encryption keys and costs", SNS Developer Guide).
locals {
  watched_calls = {
    keys-at-risk = {
      source  = "aws.kms"
      service = "kms.amazonaws.com"
      calls   = ["DisableKey", "ScheduleKeyDeletion"]
      field   = "keyId"
      values  = flatten([for key in concat(values(aws_kms_key.data), values(aws_kms_key.attestation), [aws_kms_key.logs]) : [key.arn, key.key_id]])
    }
    break-glass-used = {
      source  = "aws.sts"
      service = "sts.amazonaws.com"
      calls   = ["AssumeRole"]
      field   = "roleArn"
      values  = ["arn:${local.partition}:iam::${local.account_id}:role/${local.name}-break-glass"]
    }
  }
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.watched_calls

  name        = "${local.name}-${each.key}"
  description = "Calls that an alarm counts: ${join(", ", each.value.calls)}"

  event_pattern = jsonencode({
    source      = [each.value.source]
    detail-type = ["AWS API Call via CloudTrail"]
    detail = {
      eventSource       = [each.value.service]
      eventName         = each.value.calls
      requestParameters = { (each.value.field) = each.value.values }
    }
  })
}

output "alarm_names" {
  description = "Names of the alarms. Each has a section in docs/runbook.md."
  value = concat(
    flatten([for function in local.functions : function.alarm_names]),
    flatten([for queue in local.queues : queue.alarm_names]),
    flatten([for table in merge(module.table, module.ines_table) : table.alarm_names]),
    [for alarm in aws_cloudwatch_metric_alarm.api_errors : alarm.alarm_name],
    [for alarm in aws_cloudwatch_metric_alarm.consultation : alarm.alarm_name],
    [for alarm in aws_cloudwatch_metric_alarm.failed_imports : alarm.alarm_name],
    [for alarm in aws_cloudwatch_metric_alarm.new_identities : alarm.alarm_name],
    [for alarm in aws_cloudwatch_metric_alarm.pairs : alarm.alarm_name],
    [for alarm in aws_cloudwatch_metric_alarm.ines : alarm.alarm_name],
    [for alarm in aws_cloudwatch_metric_alarm.ines_service : alarm.alarm_name],
    [for alarm in aws_cloudwatch_metric_alarm.service : alarm.alarm_name],
  )
}
