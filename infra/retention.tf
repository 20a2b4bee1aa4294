# At night: what is over is erased, and counted. A duration that isn't set erases nothing.

module "retention" {
  source = "./modules/function"

  name                 = "${local.name}-retention"
  package              = "retention"
  description          = "Erases what is over, and counts it"
  platform             = local.function_platform
  timeout_seconds      = 900
  memory_megabytes     = 256
  reserved_concurrency = var.reserved_concurrency.retention

  environment = {
    RECORDS_TABLE          = module.table["records"].name
    STUDENTS_TABLE         = module.table["students"].name
    BLOCKS_TABLE           = module.table["blocks"].name
    REVIEWS_TABLE          = module.table["reviews"].name
    FINDINGS_TABLE         = module.table["findings"].name
    RETENTION_TABLE        = module.table["retention"].name
    REQUESTS_TABLE         = module.table["requests"].name
    REQUEST_ALARM_DAYS     = var.request_alarm_days
    INE_SECRET_ARN         = module.hmac_secret["ine"].arn
    IDENTITY_SECRET_ARN    = module.hmac_secret["identity"].arn
    REKEYING               = join(",", var.rekeying)
    STUDENT_RETENTION_DAYS = var.student_retention_days == null ? "" : tostring(var.student_retention_days)
    CASE_RETENTION_DAYS    = var.case_retention_days == null ? "" : tostring(var.case_retention_days)
    RETENTION_SEGMENTS     = var.retention_segments
    RETENTION_PER_SECOND   = var.retention_per_second
  }

  # It writes as deduplication does, by the same code (shared/src/registry/publications.rs), some of which it never has a reason for: no
  # finding is written here, and no record changed but by being erased.
  statements = {
    EraseRecords = {
      actions   = ["dynamodb:BatchGetItem", "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:Scan", "dynamodb:UpdateItem"]
      resources = [module.table["records"].arn]
    }
    EraseStudents = {
      actions   = ["dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:Scan"]
      resources = [module.table["students"].arn]
    }
    LeaveBlocks = {
      actions   = ["dynamodb:BatchGetItem", "dynamodb:ConditionCheckItem", "dynamodb:PutItem"]
      resources = [module.table["blocks"].arn]
    }
    EraseCases = {
      actions   = ["dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:Scan"]
      resources = [module.table["reviews"].arn]
    }
    ClearFindings = {
      actions   = ["dynamodb:DeleteItem", "dynamodb:PutItem"]
      resources = [module.table["findings"].arn]
    }
    # How far the pass has come, what it counted, and whom a legal hold keeps.
    CountErasures = {
      actions   = ["dynamodb:ConditionCheckItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"]
      resources = [module.table["retention"].arn]
    }
    # How many requests of rights have to be answered soon: it is told once a night.
    CountRequests = {
      actions   = ["dynamodb:Query"]
      resources = ["${module.table["requests"].arn}/index/open"]
    }
    ReadRegistryKeys = {
      actions = ["secretsmanager:GetSecretValue"]
      resources = [
        module.hmac_secret["ine"].arn,
        module.hmac_secret["identity"].arn,
      ]
    }
  }

  key_use = {
    registry = { decrypt = ["dynamodb", "secretsmanager", "sqs"], generate = ["sqs"] }
  }

  # A run that fails is Lambda's to retry; the next hour's goes on where it stopped.
  asynchronous = {
    maximum_retry_attempts       = 1
    maximum_event_age_in_seconds = 30 * 60
    dead_letter_queue_arn        = module.retention_dead_letters.dead_letter_arn
  }
}

# Runs that failed, or that could not start.
module "retention_dead_letters" {
  source = "./modules/queue"

  name       = "${local.name}-retention"
  account_id = local.account_id
  key_arn    = aws_kms_key.data["registry"].arn

  alarms_enabled  = var.alarms_enabled
  alarm_topic_arn = aws_sns_topic.alarms.arn
}

# The line that ends a run whose pass is finished, with everything that is over erased or kept on purpose: a run that fails, that
# never starts or that has more to do writes none.
resource "aws_cloudwatch_log_metric_filter" "retention" {
  name           = "retention"
  log_group_name = module.retention.log_group_name
  pattern        = "{ ($.message = \"retention applied\") && ($.finished IS TRUE) && ($.failed = 0) }"

  metric_transformation {
    namespace = local.metrics_namespace
    # A filter cannot add a dimension that the line does not have: the environment is in the name.
    name  = "retention_passes_${var.environment}"
    value = "1"
    unit  = "Count"
  }
}

# The line in which each run says how many requests of rights have to be answered within some days, or should have been.
resource "aws_cloudwatch_log_metric_filter" "requests_due" {
  name           = "requests-due"
  log_group_name = module.retention.log_group_name
  pattern        = "{ $.message = \"requests of rights counted\" }"

  metric_transformation {
    namespace = local.metrics_namespace
    # A filter cannot add a dimension that the line does not have: the environment is in the name.
    name  = "requests_due_${var.environment}"
    value = "$.requests_due"
    unit  = "Count"
  }
}

resource "aws_scheduler_schedule" "retention" {
  #checkov:skip=CKV_AWS_297:The schedule carries no input, so there is nothing to encrypt with our own key
  name                         = "retention"
  group_name                   = aws_scheduler_schedule_group.this.name
  description                  = "Erases what is over"
  schedule_expression          = var.retention_schedule
  schedule_expression_timezone = "Europe/Paris"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = module.retention.alias_arn
    role_arn = aws_iam_role.scheduler.arn

    retry_policy {
      maximum_retry_attempts       = 10
      maximum_event_age_in_seconds = 30 * 60
    }

    dead_letter_config {
      arn = module.retention_dead_letters.dead_letter_arn
    }
  }

  depends_on = [aws_iam_role_policy.scheduler]
}
