# Pointers to new source records → which student is each of them? The answer is published in the same transaction.

module "identity_queue" {
  source = "./modules/queue"

  name       = "${local.name}-identity"
  account_id = local.account_id
  key_arn    = aws_kms_key.data["registry"].arn

  consumer = {
    visibility_timeout_seconds = coalesce(var.identity_queue_visibility_seconds, 6 * var.deduplication_timeout_seconds)
    max_receive_count          = var.identity_max_receive_count
    late_description           = "Enrolments wait more than an hour to become visible: deduplication is slow, throttled or failing."
  }

  alarms_enabled  = var.alarms_enabled
  alarm_topic_arn = aws_sns_topic.alarms.arn
}

module "deduplication" {
  source = "./modules/function"

  name                 = "${local.name}-deduplication"
  package              = "deduplication"
  description          = "Resolves source records to students and publishes their answers"
  platform             = local.function_platform
  timeout_seconds      = var.deduplication_timeout_seconds
  memory_megabytes     = 512
  reserved_concurrency = var.reserved_concurrency.deduplication

  environment = merge(local.ines_environment, local.pairs_environment, {
    RECORDS_TABLE       = module.table["records"].name
    STUDENTS_TABLE      = module.table["students"].name
    BLOCKS_TABLE        = module.table["blocks"].name
    REVIEWS_TABLE       = module.table["reviews"].name
    IDENTITY_QUEUE_URL  = module.identity_queue.url
    FINDINGS_TABLE      = module.table["findings"].name
    INE_SECRET_ARN      = module.hmac_secret["ine"].arn
    REKEYING            = join(",", var.rekeying)
    IDENTITY_SECRET_ARN = module.hmac_secret["identity"].arn

    QUOTAS_TABLE           = module.table["quotas"].name
    NEW_IDENTITIES_FLOOR   = var.new_identities_floor
    NEW_IDENTITIES_PERCENT = var.new_identities_percent

    ESTABLISHMENTS_TABLE      = module.table["establishments"].name
    ACCESS_LOG_TABLE          = module.table["access_log"].name
    ACCESS_LOG_RETENTION_DAYS = var.access_log_retention_days

    # Each process has its part, so that all of them together keep to it. Pushes have an answer to give, and ask beside.
    INES_QUESTIONS_PER_SECOND = max(1, floor(var.ines_questions_per_second / var.identity_maximum_concurrency))

    # As long as the report that they complete.
    FINDINGS_RETENTION_DAYS = var.reports_retention_days
  })

  statements = {
    ResolveRecords = {
      actions   = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:UpdateItem"]
      resources = [module.table["records"].arn]
    }
    # Those about which INES is to be asked again.
    ListDueRecords = {
      actions   = ["dynamodb:Query"]
      resources = ["${module.table["records"].arn}/index/verify_on"]
    }
    MaintainStudents = {
      actions   = ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"]
      resources = [module.table["students"].arn]
    }
    # Every block that a decision rests on is checked in its transaction, whether or not it is written.
    MaintainBlocks = {
      actions   = ["dynamodb:BatchGetItem", "dynamodb:ConditionCheckItem", "dynamodb:PutItem"]
      resources = [module.table["blocks"].arn]
    }
    MaintainCases = {
      actions   = ["dynamodb:GetItem", "dynamodb:PutItem"]
      resources = [module.table["reviews"].arn]
    }
    # How old the oldest open case is, once a day.
    KnowOldestCase = {
      actions   = ["dynamodb:Query"]
      resources = ["${module.table["reviews"].arn}/index/open"]
    }
    # New identities are reserved in one transaction of two items. An establishment that has used up the floor is counted
    # by a part of its records.
    ReserveIdentities = {
      actions   = ["dynamodb:PutItem", "dynamodb:UpdateItem"]
      resources = [module.table["quotas"].arn]
    }
    ListEstablishments = {
      actions   = ["dynamodb:Query"]
      resources = ["${module.table["records"].arn}/index/slice"]
    }
    # For whom a depositor sends: its size tells how many unknown pairs are honest.
    KnowDepositors = {
      actions   = ["dynamodb:GetItem"]
      resources = [module.table["establishments"].arn]
    }
    # Whose the pair of a row turned out to be.
    TraceChecks = {
      actions   = ["dynamodb:PutItem"]
      resources = [module.table["access_log"].arn]
    }
    # What establishments are told of their rows.
    NoteFindings = {
      actions   = ["dynamodb:DeleteItem", "dynamodb:PutItem"]
      resources = [module.table["findings"].arn]
    }
    ConsumeQueue = {
      actions   = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
      resources = [module.identity_queue.arn]
    }
    # Records to look at again: later evidence may decide what waits, and INES may be out of reach.
    AnnounceRecords = {
      actions   = ["sqs:SendMessage"]
      resources = [module.identity_queue.arn]
    }
    ReadRegistryKeys = {
      actions = ["secretsmanager:GetSecretValue"]
      resources = [
        module.hmac_secret["ine"].arn,
        module.hmac_secret["identity"].arn,
      ]
    }
    AskInes = {
      actions   = ["secretsmanager:GetSecretValue"]
      resources = [aws_secretsmanager_secret.ines_client.arn]
    }
  }

  key_use = {
    registry   = { decrypt = ["dynamodb", "secretsmanager", "sqs"], generate = ["sqs"] }
    access_log = { decrypt = ["dynamodb"] }
  }
}

resource "aws_lambda_event_source_mapping" "identity" {
  event_source_arn = module.identity_queue.arn
  function_name    = module.deduplication.alias_arn
  batch_size       = var.identity_batch_size

  # Nothing else writes what is re-keyed: records wait.
  enabled = length(var.rekeying) == 0

  # One bad record must not make the nine others start again.
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = var.identity_maximum_concurrency
  }
}

# Every day: the records whose INE INES didn't know are decided on again, for a month.
resource "aws_scheduler_schedule" "verification" {
  #checkov:skip=CKV_AWS_297:The schedule's input is the same every day and says nothing, so there is nothing to encrypt with our own key
  name                         = "verification"
  group_name                   = aws_scheduler_schedule_group.this.name
  description                  = "Asks INES again about the INEs that it didn't know"
  schedule_expression          = var.verification_schedule
  schedule_expression_timezone = "Europe/Paris"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = module.identity_queue.arn
    role_arn = aws_iam_role.scheduler.arn
    input    = jsonencode({ due = "ines" })

    retry_policy {
      maximum_retry_attempts       = 10
      maximum_event_age_in_seconds = 60 * 60
    }

    dead_letter_config {
      arn = module.identity_queue.dead_letter_arn
    }
  }

  depends_on = [aws_iam_role_policy.scheduler]
}

# The line that ends each day's message: that it came, and how long the oldest doubt has waited.
resource "aws_cloudwatch_log_metric_filter" "verification" {
  for_each = {
    verifications    = "1"
    oldest_case_days = "$.oldest_case_days"
  }

  name           = replace(each.key, "_", "-")
  log_group_name = module.deduplication.log_group_name
  pattern        = "{ $.message = \"INES asked again\" }"

  metric_transformation {
    namespace = local.metrics_namespace
    # A filter cannot add a dimension that the line does not have: the environment is in the name.
    name  = "${each.key}_${var.environment}"
    value = each.value
    unit  = "None"
  }
}

# --- When an establishment sends more new people than its quota has room for -------------------------------------------
# Deduplication writes a line each time that it puts a record off for it, every quarter of an hour: nothing is lost, and
# an operator decides (docs/runbook.md).

resource "aws_cloudwatch_log_metric_filter" "new_identities" {
  name           = "new-identities"
  log_group_name = module.deduplication.log_group_name
  pattern        = "{ $.message = \"new identities beyond the quota\" }"

  metric_transformation {
    namespace = local.metrics_namespace
    # A filter cannot add a dimension that the line does not have: the environment is in the name.
    name  = "new_identities_beyond_quota_${var.environment}"
    value = "1"
    unit  = "Count"
  }
}

resource "aws_cloudwatch_metric_alarm" "new_identities" {
  count = var.alarms_enabled ? 1 : 0

  alarm_name        = "${local.name}-new-identities"
  alarm_description = "An establishment has sent more new people than its quota has room for, for an hour: look, then lift it (docs/runbook.md)."

  namespace   = local.metrics_namespace
  metric_name = aws_cloudwatch_log_metric_filter.new_identities.metric_transformation[0].name

  # While a file is read, those whom INES confirms, by whom an establishment's size is told, may come after those who are
  # new: what is still put off after an hour is not that.
  statistic           = "Sum"
  period              = 900
  evaluation_periods  = 4
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"

  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
}

# --- When a depositor's rows try pairs of INE and birth date out --------------------------------------------------------
# Deduplication writes a line each time that it puts a row off for it, until the next day. Pushes count in the metric
# enumeration_suspected, whose alarm they share with the consultation.

resource "aws_cloudwatch_log_metric_filter" "pairs" {
  name           = "pairs"
  log_group_name = module.deduplication.log_group_name
  pattern        = "{ $.message = \"pairs beyond the allowance\" }"

  metric_transformation {
    namespace = local.metrics_namespace
    # A filter cannot add a dimension that the line does not have: the environment is in the name.
    name  = "pairs_beyond_allowance_${var.environment}"
    value = "1"
    unit  = "Count"
  }
}

resource "aws_cloudwatch_metric_alarm" "pairs" {
  count = var.alarms_enabled ? 1 : 0

  alarm_name        = "${local.name}-pairs"
  alarm_description = "A depositor's rows try out birth dates of INEs, or give far more wrong pairs than honest ones do: see the runbook."

  namespace   = local.metrics_namespace
  metric_name = aws_cloudwatch_log_metric_filter.pairs.metric_transformation[0].name

  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"

  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
}
