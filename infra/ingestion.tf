# An enrolment file lands in the inbox → each row becomes a source record → the identity queue is told.

module "ingestion" {
  source = "./modules/function"

  name                 = "${local.name}-ingestion"
  package              = "ingestion"
  description          = "Reads enrolment files from the inbox and stores each row as a source record"
  platform             = local.function_platform
  timeout_seconds      = 900
  reserved_concurrency = var.reserved_concurrency.ingestion

  # The first size with a whole virtual CPU: parsing and hashing are bound by it.
  memory_megabytes = 1769

  environment = {
    RECORDS_TABLE        = aws_dynamodb_table.this["records"].name
    IMPORTS_TABLE        = aws_dynamodb_table.this["imports"].name
    ESTABLISHMENTS_TABLE = aws_dynamodb_table.this["establishments"].name
    INBOX_BUCKET         = aws_s3_bucket.this["inbox"].id
    REPORTS_BUCKET       = aws_s3_bucket.this["reports"].id
    IDENTITY_QUEUE_URL   = aws_sqs_queue.identity.url
    RECORD_SECRET_ARN    = module.hmac_secret["record"].arn
  }

  statements = {
    ReadInbox = {
      # By version only: an import reads the very bytes that its event was about.
      actions   = ["s3:GetObjectVersion"]
      resources = ["${aws_s3_bucket.this["inbox"].arn}/*"]
    }
    WriteReports = {
      actions   = ["s3:PutObject"]
      resources = ["${aws_s3_bucket.this["reports"].arn}/*"]
    }
    StoreRecords = {
      actions   = ["dynamodb:UpdateItem"]
      resources = [aws_dynamodb_table.this["records"].arn]
    }
    FollowImports = {
      actions   = ["dynamodb:UpdateItem"]
      resources = [aws_dynamodb_table.this["imports"].arn]
    }
    # It writes there when an establishment's last feed was accepted: the coverage that the API tells.
    FollowEstablishments = {
      actions   = ["dynamodb:GetItem", "dynamodb:UpdateItem"]
      resources = [aws_dynamodb_table.this["establishments"].arn]
    }
    AnnounceRecords = {
      actions   = ["sqs:SendMessage"]
      resources = [aws_sqs_queue.identity.arn]
    }
    ReadRecordKey = {
      actions   = ["secretsmanager:GetSecretValue"]
      resources = [module.hmac_secret["record"].arn]
    }
  }

  data_key_use = {
    decrypt  = ["dynamodb", "s3", "secretsmanager", "sqs"]
    generate = ["s3", "sqs"]
  }

  # S3 asks asynchronously, so the retries are Lambda's. Six hours: an outage of an evening must not lose a file.
  asynchronous = {
    maximum_retry_attempts       = 2
    maximum_event_age_in_seconds = 6 * 60 * 60
    dead_letter_queue_arn        = aws_sqs_queue.dead_letter["ingestion"].arn
  }
}

resource "aws_lambda_permission" "inbox" {
  statement_id   = "InboxNotifications"
  action         = "lambda:InvokeFunction"
  function_name  = module.ingestion.function_name
  qualifier      = module.ingestion.alias_name
  principal      = "s3.amazonaws.com"
  source_arn     = aws_s3_bucket.this["inbox"].arn
  source_account = local.account_id # A bucket's ARN has no account: its name could be taken over once deleted.
}

# No suffix filter: a file with the wrong extension must get a failed import as an answer, not silence.
resource "aws_s3_bucket_notification" "inbox" {
  bucket = aws_s3_bucket.this["inbox"].id

  lambda_function {
    id                  = "ingestion"
    lambda_function_arn = module.ingestion.alias_arn
    events              = ["s3:ObjectCreated:*"]
  }

  depends_on = [aws_lambda_permission.inbox]
}
