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
    RECORDS_TABLE            = module.table["records"].name
    STUDENTS_TABLE           = module.table["students"].name
    CLIENTS_TABLE            = module.table["clients"].name
    QUOTAS_TABLE             = module.table["quotas"].name
    ESTABLISHMENTS_TABLE     = module.table["establishments"].name
    IMPORTS_TABLE            = module.table["imports"].name
    FINDINGS_TABLE           = module.table["findings"].name
    IDEMPOTENCY_TABLE        = module.table["idempotency"].name
    IDENTITY_QUEUE_URL       = module.identity_queue.url
    IMPORTS_QUEUE_URL        = module.imports_queue.url
    INBOX_BUCKET             = module.bucket["inbox"].name
    REPORTS_BUCKET           = module.bucket["reports"].name
    STATISTICS_BUCKET        = module.bucket["statistics"].name
    RECORD_SECRET_ARN        = module.hmac_secret["record"].arn
    INE_SECRET_ARN           = module.hmac_secret["ine"].arn
    REKEYING                 = join(",", var.rekeying)
    IDENTITY_SECRET_ARN      = module.hmac_secret["identity"].arn
    CLIENT_CACHE_SECONDS     = var.client_cache_seconds
    DEPOSIT_MAX_BYTES        = var.deposit_max_bytes
    DEPOSIT_LIFETIME_SECONDS = var.deposit_lifetime_seconds

    ACCESS_LOG_TABLE          = module.table["access_log"].name
    ACCESS_LOG_RETENTION_DAYS = var.access_log_retention_days
  })

  statements = {
    StoreRecords = {
      actions   = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:UpdateItem"]
      resources = [module.table["records"].arn]
    }
    # Whether the INE and the birth date go together.
    FindStudents = {
      actions   = ["dynamodb:GetItem", "dynamodb:Query"]
      resources = [module.table["students"].arn]
    }
    RecogniseClients = {
      actions   = ["dynamodb:GetItem"]
      resources = [module.table["clients"].arn]
    }
    # One write takes from a quota and says what is left: there is nothing to read apart.
    CountRequests = {
      actions   = ["dynamodb:UpdateItem"]
      resources = [module.table["quotas"].arn]
    }
    # A depositor that has used up the floor of its unknown pairs is counted by a part of its records.
    ListEstablishments = {
      actions   = ["dynamodb:Query"]
      resources = ["${module.table["records"].arn}/index/slice"]
    }
    # Who sent, read or cancelled what: written once, never read here.
    TraceAccesses = {
      actions   = ["dynamodb:PutItem"]
      resources = [module.table["access_log"].arn]
    }
    # Who may send for whom, and when each was last fed.
    FollowEstablishments = {
      actions   = ["dynamodb:GetItem", "dynamodb:UpdateItem"]
      resources = [module.table["establishments"].arn]
    }
    # Forms that were given out, and what was ordered after a trial; the imports are carried out by ingestion alone.
    FollowImports = {
      actions   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
      resources = [module.table["imports"].arn]
    }
    OrderImports = {
      actions   = ["sqs:SendMessage"]
      resources = [module.imports_queue.arn]
    }
    TellFindings = {
      actions   = ["dynamodb:Query"]
      resources = [module.table["findings"].arn]
    }
    RepeatAnswers = {
      actions   = ["dynamodb:DeleteItem", "dynamodb:UpdateItem"]
      resources = [module.table["idempotency"].arn]
    }
    AnnounceRecords = {
      actions   = ["sqs:SendMessage"]
      resources = [module.identity_queue.arn]
    }
    # It puts and reads nothing itself: what it signs, an establishment does in its name.
    SignDeposits = {
      actions   = ["s3:PutObject"]
      resources = ["${module.bucket["inbox"].arn}/*"]
    }
    SignReports = {
      actions   = ["s3:GetObject"]
      resources = ["${module.bucket["reports"].arn}/*"]
    }
    # What statistics counted of each establishment, of which the handler tells a caller its own.
    TellQuality = {
      actions   = ["s3:GetObject"]
      resources = ["${module.bucket["statistics"].arn}/interne/etablissements/*"]
    }
    # Without it S3 answers 403 for one that was never counted.
    ListQuality = {
      actions   = ["s3:ListBucket"]
      resources = [module.bucket["statistics"].arn]
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
    files      = { decrypt = ["s3", "sqs"], generate = ["s3", "sqs"] }
  }
}
