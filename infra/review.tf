# What reviewing officers call: the doubts that the rules leave to a person. It reads who is in question and writes cases;
# students are deduplication's, which is told of each decision by the identity queue.

resource "aws_api_gateway_resource" "revues" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.at_root["api"].id
  path_part   = "revues"
}

resource "aws_api_gateway_resource" "under_revues" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.revues.id
  path_part   = "{proxy+}"
}

module "review" {
  source = "./modules/function"

  name                 = "${local.name}-review"
  package              = "review"
  description          = "Shows officers the doubts about who is who, and keeps what they decide"
  platform             = local.function_platform
  memory_megabytes     = 512
  reserved_concurrency = var.reserved_concurrency.review

  # A page is a dozen queries. The gateway waits no longer.
  timeout_seconds = 29

  environment = {
    ENVIRONMENT               = var.environment
    REVIEWS_TABLE             = module.table["reviews"].name
    RECORDS_TABLE             = module.table["records"].name
    STUDENTS_TABLE            = module.table["students"].name
    ESTABLISHMENTS_TABLE      = module.table["establishments"].name
    CLIENTS_TABLE             = module.table["clients"].name
    QUOTAS_TABLE              = module.table["quotas"].name
    ACCESS_LOG_TABLE          = module.table["access_log"].name
    ACCESS_LOG_RETENTION_DAYS = var.access_log_retention_days
    WITHDRAWALS_TABLE         = module.table["withdrawals"].name
    IDENTITY_QUEUE_URL        = module.identity_queue.url
    CLIENT_CACHE_SECONDS      = var.client_cache_seconds
  }

  statements = {
    KeepCases = {
      actions   = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem"]
      resources = [module.table["reviews"].arn]
    }
    ListOpenCases = {
      actions   = ["dynamodb:Query"]
      resources = ["${module.table["reviews"].arn}/index/open"]
    }
    # Who is in question. Nothing is written: a decision is deduplication's to apply.
    ShowRecords = {
      actions   = ["dynamodb:GetItem"]
      resources = [module.table["records"].arn]
    }
    ShowStudents = {
      actions   = ["dynamodb:Query"]
      resources = [module.table["students"].arn]
    }
    # Whom a person sends for: nobody decides on what they send.
    KnowWhoSends = {
      actions   = ["dynamodb:GetItem"]
      resources = [module.table["establishments"].arn]
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
    # Write-only: traces are not the function's to read, to change or to delete.
    Trace = {
      actions   = ["dynamodb:PutItem"]
      resources = [module.table["access_log"].arn]
    }
    # A student of whom nothing is told any more: a restore must not undo it.
    NoteWithdrawals = {
      actions   = ["dynamodb:PutItem"]
      resources = [module.table["withdrawals"].arn]
    }
    AnnounceDecisions = {
      actions   = ["sqs:SendMessage"]
      resources = [module.identity_queue.arn]
    }
  }

  key_use = {
    registry   = { decrypt = ["dynamodb", "sqs"], generate = ["sqs"] }
    access_log = { decrypt = ["dynamodb"] }
  }
}
