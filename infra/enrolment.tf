# What establishments call: enrolments one by one or in batches, and forms to send files with.

module "enrolment" {
  source = "./modules/function"

  name                 = "${local.name}-enrolment"
  package              = "enrolment"
  description          = "Takes enrolments in real time, and gives establishments what it takes to send files"
  platform             = local.function_platform
  memory_megabytes     = 512
  reserved_concurrency = var.reserved_concurrency.enrolment

  # A batch of 500. The gateway waits no longer.
  timeout_seconds = 29

  environment = merge(local.ines_environment, local.pairs_environment, {
    ENVIRONMENT              = var.environment
    RECORDS_TABLE            = aws_dynamodb_table.this["records"].name
    STUDENTS_TABLE           = aws_dynamodb_table.this["students"].name
    CLIENTS_TABLE            = aws_dynamodb_table.this["clients"].name
    QUOTAS_TABLE             = aws_dynamodb_table.this["quotas"].name
    ESTABLISHMENTS_TABLE     = aws_dynamodb_table.this["establishments"].name
    IMPORTS_TABLE            = aws_dynamodb_table.this["imports"].name
    FINDINGS_TABLE           = aws_dynamodb_table.this["findings"].name
    IDEMPOTENCY_TABLE        = aws_dynamodb_table.this["idempotency"].name
    IDENTITY_QUEUE_URL       = aws_sqs_queue.identity.url
    INBOX_BUCKET             = aws_s3_bucket.this["inbox"].id
    REPORTS_BUCKET           = aws_s3_bucket.this["reports"].id
    RECORD_SECRET_ARN        = module.hmac_secret["record"].arn
    INE_SECRET_ARN           = module.hmac_secret["ine"].arn
    IDENTITY_SECRET_ARN      = module.hmac_secret["identity"].arn
    CLIENT_CACHE_SECONDS     = var.client_cache_seconds
    DEPOSIT_MAX_BYTES        = var.deposit_max_bytes
    DEPOSIT_LIFETIME_SECONDS = var.deposit_lifetime_seconds

    ACCESS_LOG_TABLE          = aws_dynamodb_table.this["access_log"].name
    ACCESS_LOG_RETENTION_DAYS = var.access_log_retention_days
  })

  statements = {
    StoreRecords = {
      actions   = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:UpdateItem"]
      resources = [aws_dynamodb_table.this["records"].arn]
    }
    # Whether the INE and the birth date go together.
    FindStudents = {
      actions   = ["dynamodb:GetItem", "dynamodb:Query"]
      resources = [aws_dynamodb_table.this["students"].arn]
    }
    RecogniseClients = {
      actions   = ["dynamodb:GetItem"]
      resources = [aws_dynamodb_table.this["clients"].arn]
    }
    # One write takes from a quota and says what is left: there is nothing to read apart.
    CountRequests = {
      actions   = ["dynamodb:UpdateItem"]
      resources = [aws_dynamodb_table.this["quotas"].arn]
    }
    # A depositor that has used up the floor of its unknown pairs is counted by a part of its records.
    ListEstablishments = {
      actions   = ["dynamodb:Query"]
      resources = ["${aws_dynamodb_table.this["records"].arn}/index/slice"]
    }
    # Who sent, read or cancelled what: written once, never read here.
    TraceAccesses = {
      actions   = ["dynamodb:PutItem"]
      resources = [aws_dynamodb_table.this["access_log"].arn]
    }
    # Who may send for whom, and when each was last fed.
    FollowEstablishments = {
      actions   = ["dynamodb:GetItem", "dynamodb:UpdateItem"]
      resources = [aws_dynamodb_table.this["establishments"].arn]
    }
    # Forms that were given out; the imports themselves are ingestion's.
    FollowImports = {
      actions   = ["dynamodb:GetItem", "dynamodb:PutItem"]
      resources = [aws_dynamodb_table.this["imports"].arn]
    }
    TellFindings = {
      actions   = ["dynamodb:Query"]
      resources = [aws_dynamodb_table.this["findings"].arn]
    }
    RepeatAnswers = {
      actions   = ["dynamodb:DeleteItem", "dynamodb:UpdateItem"]
      resources = [aws_dynamodb_table.this["idempotency"].arn]
    }
    AnnounceRecords = {
      actions   = ["sqs:SendMessage"]
      resources = [aws_sqs_queue.identity.arn]
    }
    # It puts and reads nothing itself: what it signs, an establishment does in its name.
    SignDeposits = {
      actions   = ["s3:PutObject"]
      resources = ["${aws_s3_bucket.this["inbox"].arn}/*"]
    }
    SignReports = {
      actions   = ["s3:GetObject"]
      resources = ["${aws_s3_bucket.this["reports"].arn}/*"]
    }
    ReadKeys = {
      actions = ["secretsmanager:GetSecretValue"]
      resources = [
        module.hmac_secret["record"].arn,
        module.hmac_secret["ine"].arn,
        module.hmac_secret["identity"].arn,
      ]
    }
    # A pair that the registry doesn't have may be one that INES has.
    AskInes = {
      actions   = ["secretsmanager:GetSecretValue"]
      resources = [aws_secretsmanager_secret.ines_client.arn]
    }
  }

  key_use = {
    registry   = { decrypt = ["dynamodb", "secretsmanager", "sqs"], generate = ["sqs"] }
    access_log = { decrypt = ["dynamodb"] }
    files      = { decrypt = ["s3"], generate = ["s3"] }
  }
}
