# Every night: scan the students, aggregate, hide what would tell of somebody. An order freezes a public snapshot. Either is done
# in steps, each of which a message asks for, so that none is longer than an invocation.

module "statistics" {
  source = "./modules/function"

  name            = "${local.name}-statistics"
  package         = "statistics"
  description     = "Publishes aggregates that identify nobody"
  platform        = local.function_platform
  timeout_seconds = 900
  # A whole processor: protecting the country's second snapshot of a year is one step, of several minutes.
  memory_megabytes     = 1769
  reserved_concurrency = var.reserved_concurrency.statistics

  environment = {
    STUDENTS_TABLE        = module.table["students"].name
    STATISTICS_BUCKET     = module.bucket["statistics"].name
    TASKS_QUEUE_URL       = module.statistics_queue.url
    SUPPRESSION_THRESHOLD = var.suppression_threshold
    SCAN_SEGMENTS         = var.scan_segments
    ESTABLISHMENTS_TABLE  = module.table["establishments"].name
    RECORDS_TABLE         = module.table["records"].name
    REVIEWS_TABLE         = module.table["reviews"].name
    IMPORTS_TABLE         = module.table["imports"].name
    CLIENTS_TABLE         = module.table["clients"].name
    ACCESS_LOG_TABLE      = module.table["access_log"].name
    CPGE_MEFSTAT_PREFIXES = join(",", var.cpge_mefstat_prefixes)
    STATISTICS_URL        = var.statistics_url
  }

  statements = {
    ScanStudents = {
      actions   = ["dynamodb:Scan"]
      resources = [module.table["students"].arn]
    }
    ScanEstablishments = {
      actions   = ["dynamodb:Scan"]
      resources = [module.table["establishments"].arn]
    }
    # The quality of feeds: where each record stands, and what became of each file.
    ScanRecords = {
      actions   = ["dynamodb:Scan"]
      resources = [module.table["records"].arn]
    }
    # What became of the doubts about identities.
    ScanReviews = {
      actions   = ["dynamodb:Scan"]
      resources = [module.table["reviews"].arn]
    }
    ListImports = {
      actions   = ["dynamodb:Query"]
      resources = ["${module.table["imports"].arn}/index/establishment"]
    }
    ReadImports = {
      actions   = ["dynamodb:BatchGetItem"]
      resources = [module.table["imports"].arn]
    }
    # How often each client did what. The index has neither whom a trace is about nor on whose behalf.
    ListClients = {
      actions   = ["dynamodb:Scan"]
      resources = [module.table["clients"].arn]
    }
    CountAccesses = {
      actions   = ["dynamodb:Query"]
      resources = ["${module.table["access_log"].arn}/index/client"]
    }
    # It reads back the snapshot before, which the next one is protected with.
    Publish = {
      actions   = ["s3:GetObject", "s3:PutObject"]
      resources = ["${module.bucket["statistics"].arn}/*"]
    }
    # Snapshots, and the parts of a count that are there. Without it S3 answers 403 for an object that isn't.
    ListSnapshots = {
      actions   = ["s3:ListBucket"]
      resources = [module.bucket["statistics"].arn]
    }
    ConsumeQueue = {
      actions   = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
      resources = [module.statistics_queue.arn]
    }
    # To itself: the parts of a count, and what is left of one.
    AskForSteps = {
      actions   = ["sqs:SendMessage"]
      resources = [module.statistics_queue.arn]
    }
  }

  # Decrypting through S3 is what completing a multipart upload takes.
  key_use = {
    registry   = { decrypt = ["dynamodb", "sqs"], generate = ["sqs"] }
    access_log = { decrypt = ["dynamodb"] }
    files      = { decrypt = ["s3"], generate = ["s3"] }
  }

  # The scheduler only hands the event to Lambda's own queue: a run that fails is Lambda's to retry and report.
  asynchronous = {
    maximum_retry_attempts       = 2
    maximum_event_age_in_seconds = 6 * 60 * 60
    dead_letter_queue_arn        = module.statistics_queue.dead_letter_arn
  }
}

# The steps of a count: a message for each part of each table, and one for the assembly of what they came to. Its dead letters
# are orders that failed or could not start, and steps that were given up.
module "statistics_queue" {
  source = "./modules/queue"

  name       = "${local.name}-statistics"
  account_id = local.account_id
  key_arn    = aws_kms_key.data["registry"].arn

  consumer = {
    # A step that dies begins again where it was last kept, and a night is long: six times the function's time would be longer
    # than what is left of it.
    visibility_timeout_seconds = 1000
    max_receive_count          = 4
    late_seconds               = 2 * 60 * 60
    late_description           = "A step of a count of statistics waits for two hours, or fails again and again: see the runbook."
  }

  alarms_enabled  = var.alarms_enabled
  alarm_topic_arn = aws_sns_topic.alarms.arn
}

resource "aws_lambda_event_source_mapping" "statistics" {
  event_source_arn = module.statistics_queue.arn
  function_name    = module.statistics.alias_arn

  # A part may take a whole invocation.
  batch_size = 1

  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = max(2, var.scan_segments)
  }
}

# The line that ends a run whose day's tables are there: a run that fails, or that never starts, writes none.
resource "aws_cloudwatch_log_metric_filter" "statistics" {
  name           = "statistics"
  log_group_name = module.statistics.log_group_name
  pattern        = "{ $.message = \"statistics made\" }"

  metric_transformation {
    namespace = local.metrics_namespace
    # A filter cannot add a dimension that the line does not have: the environment is in the name.
    name  = "statistics_made_${var.environment}"
    value = "1"
    unit  = "Count"
  }
}

# A group of its own, because the scheduler's trust policy can be narrowed to a group and not to a schedule.
resource "aws_scheduler_schedule_group" "this" {
  name = local.name
}

resource "aws_scheduler_schedule" "statistics" {
  #checkov:skip=CKV_AWS_297:The schedule carries no input, so there is nothing to encrypt with our own key
  name                         = "statistics"
  group_name                   = aws_scheduler_schedule_group.this.name
  description                  = "Publishes the statistics"
  schedule_expression          = var.statistics_schedule
  schedule_expression_timezone = "Europe/Paris"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = module.statistics.alias_arn
    role_arn = aws_iam_role.scheduler.arn

    retry_policy {
      maximum_retry_attempts       = 10
      maximum_event_age_in_seconds = 60 * 60
    }

    dead_letter_config {
      arn = module.statistics_queue.dead_letter_arn
    }
  }

  depends_on = [aws_iam_role_policy.scheduler]
}

resource "aws_iam_role" "scheduler" {
  name                 = "${local.name}-scheduler"
  description          = "Starts the statistics and the retention, and asks INES again every day"
  permissions_boundary = var.permissions_boundary

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "scheduler.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = {
          "aws:SourceAccount" = local.account_id
          "aws:SourceArn"     = "arn:${local.partition}:scheduler:${var.region}:${local.account_id}:schedule-group/${aws_scheduler_schedule_group.this.name}"
        }
      }
    }]
  })
}

resource "aws_iam_role_policy" "scheduler" {
  name = "schedule"
  role = aws_iam_role.scheduler.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "StartFunctions"
        Effect   = "Allow"
        Action   = ["lambda:InvokeFunction"]
        Resource = [module.statistics.alias_arn, module.retention.alias_arn]
      },
      {
        Sid      = "LeaveDeadLetters"
        Effect   = "Allow"
        Action   = ["sqs:SendMessage"]
        Resource = [module.statistics_queue.dead_letter_arn, module.retention_dead_letters.dead_letter_arn, module.identity_queue.dead_letter_arn]
      },
      {
        Sid      = "SendDaily"
        Effect   = "Allow"
        Action   = ["sqs:SendMessage"]
        Resource = [module.identity_queue.arn]
      },
      {
        Sid      = "EncryptMessages"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = [aws_kms_key.data["registry"].arn]
        Condition = {
          StringEquals = { "kms:ViaService" = "sqs.${var.region}.amazonaws.com" }
        }
      },
    ]
  })
}
