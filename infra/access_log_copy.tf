# This makes a copy of the traces that nobody can change: each item that is written to the access log, or to our identity service's
# own, is put into a bucket whose objects are locked for as long as the log is kept. A stream is copied rather than exported once a
# day, because what came and went between two exports would be in neither. A pipe and Firehose carry it rather than a function, so
# that no code of ours can drop a trace.
#
#   access_log ─► stream ─► pipe ─► Firehose ─► bucket, object lock in compliance mode
#                             └─► dead letters: where in the stream, and nothing of what is there

locals {
  access_log_copied = coalesce(var.access_log_copy_enabled, var.holds_real_students)

  # The tables whose items are traces.
  copied_tables = {
    for name, table in merge(module.table, module.ines_table) : replace(name, "_", "-") => table
    if local.access_log_copied && contains(["access_log", "ines_log"], name)
  }

  copy_streams = {
    for name, table in local.copied_tables :
    name => "arn:${local.partition}:firehose:${var.region}:${local.account_id}:deliverystream/${local.name}-${name}"
  }
}

module "access_log_copy" {
  source = "./modules/bucket"
  count  = local.access_log_copied ? 1 : 0

  name        = "${local.name}-traces-${local.account_id}"
  key_arn     = aws_kms_key.data["access_log"].arn
  locked_days = var.access_log_retention_days

  # A trace is written once: what is deleted once it is free is gone a day later, and nothing is ever replaced.
  expire_after_days                 = var.access_log_retention_days + 1
  noncurrent_version_retention_days = 1

  only_writer = "arn:${local.partition}:iam::${local.account_id}:role/${aws_iam_role.access_log_delivery[0].name}"
}

# --- From the stream to Firehose -------------------------------------------------------------------------------------

resource "aws_pipes_pipe" "access_log" {
  for_each = local.copied_tables

  name        = "${local.name}-${each.key}"
  description = "Copies each trace that is written, overwritten or removed"
  role_arn    = aws_iam_role.access_log_pipe[0].arn
  source      = each.value.stream_arn
  target      = aws_kinesis_firehose_delivery_stream.access_log[each.key].arn

  source_parameters {
    dynamodb_stream_parameters {
      starting_position                  = "TRIM_HORIZON"
      batch_size                         = 100
      maximum_batching_window_in_seconds = 10
      on_partial_batch_item_failure      = "AUTOMATIC_BISECT"

      # Tried until the stream forgets, after a day.
      maximum_record_age_in_seconds = -1
      maximum_retry_attempts        = -1

      dead_letter_config {
        arn = module.access_log_dead_letters[0].dead_letter_arn
      }
    }

    filter_criteria {
      filter {
        pattern = jsonencode({ eventName = ["INSERT", "MODIFY"] })
      }

      # Somebody's removals. Those of expired items are DynamoDB's: copied, they would keep a trace of a trace for as long again.
      filter {
        pattern = jsonencode({ eventName = ["REMOVE"], userIdentity = { principalId = [{ exists = false }] } })
      }
    }
  }

  depends_on = [aws_iam_role_policy.access_log_pipe]
}

# What the pipe gave up. A letter says where in the stream it was, and nothing of what is there.
module "access_log_dead_letters" {
  source = "./modules/queue"
  count  = local.access_log_copied ? 1 : 0

  name       = "${local.name}-traces"
  account_id = local.account_id
  key_arn    = aws_kms_key.data["registry"].arn

  alarms_enabled  = var.alarms_enabled
  alarm_topic_arn = aws_sns_topic.alarms.arn
}

resource "aws_iam_role" "access_log_pipe" {
  count = local.access_log_copied ? 1 : 0

  name                 = "${local.name}-traces-pipe"
  description          = "Reads the streams of the access logs, and hands them to Firehose"
  permissions_boundary = var.permissions_boundary

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "pipes.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account_id }
        ArnEquals    = { "aws:SourceArn" = [for name in keys(local.copied_tables) : "arn:${local.partition}:pipes:${var.region}:${local.account_id}:pipe/${local.name}-${name}"] }
      }
    }]
  })
}

resource "aws_iam_role_policy" "access_log_pipe" {
  count = local.access_log_copied ? 1 : 0

  name = "copy"
  role = aws_iam_role.access_log_pipe[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "ReadStreams"
        Effect   = "Allow"
        Action   = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"]
        Resource = [for table in local.copied_tables : "${table.arn}/stream/*"]
      },
      {
        # A pipe asks for it, and it has no resource to name.
        Sid      = "ListStreams"
        Effect   = "Allow"
        Action   = ["dynamodb:ListStreams"]
        Resource = ["*"]
      },
      {
        Sid      = "HandOver"
        Effect   = "Allow"
        Action   = ["firehose:PutRecord", "firehose:PutRecordBatch"]
        Resource = values(local.copy_streams)
      },
      {
        Sid      = "LeaveDeadLetters"
        Effect   = "Allow"
        Action   = ["sqs:SendMessage"]
        Resource = [module.access_log_dead_letters[0].dead_letter_arn]
      },
      {
        # Firehose asks it of whoever puts records into a stream under a key of ours.
        Sid       = "UseAccessLogKey"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = [aws_kms_key.data["access_log"].arn]
        Condition = { StringEquals = { "kms:ViaService" = [for service in ["dynamodb", "firehose"] : "${service}.${var.region}.amazonaws.com"] } }
      },
      {
        Sid       = "EncryptDeadLetters"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = [aws_kms_key.data["registry"].arn]
        Condition = { StringEquals = { "kms:ViaService" = "sqs.${var.region}.amazonaws.com" } }
      },
    ]
  })
}

# --- From Firehose to the bucket -------------------------------------------------------------------------------------

resource "aws_kinesis_firehose_delivery_stream" "access_log" {
  for_each = local.copied_tables

  name        = "${local.name}-${each.key}"
  destination = "extended_s3"

  server_side_encryption {
    enabled  = true
    key_type = "CUSTOMER_MANAGED_CMK"
    key_arn  = aws_kms_key.data["access_log"].arn
  }

  extended_s3_configuration {
    role_arn   = aws_iam_role.access_log_delivery[0].arn
    bucket_arn = module.access_log_copy[0].arn

    # A key says which log and when, and nothing of anybody. Every five minutes, so that a trace is out of reach soon.
    prefix              = "${each.key}/!{timestamp:yyyy/MM/dd}/"
    error_output_prefix = "errors/${each.key}/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd}/"
    buffering_interval  = 300
    buffering_size      = 5
    compression_format  = "GZIP"
    kms_key_arn         = aws_kms_key.data["access_log"].arn

    # One trace a line.
    processing_configuration {
      enabled = true

      processors {
        type = "AppendDelimiterToRecord"

        parameters {
          parameter_name  = "Delimiter"
          parameter_value = "\\n"
        }
      }
    }

    # Why a delivery failed, and nothing of what it held.
    cloudwatch_logging_options {
      enabled         = true
      log_group_name  = aws_cloudwatch_log_group.access_log_copy[0].name
      log_stream_name = aws_cloudwatch_log_stream.access_log_copy[each.key].name
    }
  }

  depends_on = [aws_iam_role_policy.access_log_delivery]
}

resource "aws_cloudwatch_log_group" "access_log_copy" {
  count = local.access_log_copied ? 1 : 0

  name              = "/aws/kinesisfirehose/${local.name}-traces"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.logs.arn
}

resource "aws_cloudwatch_log_stream" "access_log_copy" {
  for_each = local.copied_tables

  name           = each.key
  log_group_name = aws_cloudwatch_log_group.access_log_copy[0].name
}

resource "aws_iam_role" "access_log_delivery" {
  count = local.access_log_copied ? 1 : 0

  name                 = "${local.name}-traces-delivery"
  description          = "Puts traces into the bucket that keeps them"
  permissions_boundary = var.permissions_boundary

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "firehose.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account_id }
        ArnEquals    = { "aws:SourceArn" = values(local.copy_streams) }
      }
    }]
  })
}

resource "aws_iam_role_policy" "access_log_delivery" {
  count = local.access_log_copied ? 1 : 0

  name = "deliver"
  role = aws_iam_role.access_log_delivery[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "PutTraces"
        Effect   = "Allow"
        Action   = ["s3:AbortMultipartUpload", "s3:PutObject"]
        Resource = ["${module.access_log_copy[0].arn}/*"]
      },
      {
        Sid      = "FindBucket"
        Effect   = "Allow"
        Action   = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
        Resource = [module.access_log_copy[0].arn]
      },
      {
        Sid       = "UseAccessLogKey"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = [aws_kms_key.data["access_log"].arn]
        Condition = { StringEquals = { "kms:ViaService" = [for service in ["firehose", "s3"] : "${service}.${var.region}.amazonaws.com"] } }
      },
      {
        Sid      = "TellWhyItFailed"
        Effect   = "Allow"
        Action   = ["logs:PutLogEvents"]
        Resource = [for name in keys(local.copied_tables) : "arn:${local.partition}:logs:${var.region}:${local.account_id}:log-group:${aws_cloudwatch_log_group.access_log_copy[0].name}:log-stream:${name}"]
      },
    ]
  })
}

output "access_log_copy_bucket" {
  description = "Bucket of the copies of traces that nobody can change. Null where none are copied."
  value       = one(module.access_log_copy[*].name)
}
