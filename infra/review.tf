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
    REVIEWS_TABLE             = aws_dynamodb_table.this["reviews"].name
    RECORDS_TABLE             = aws_dynamodb_table.this["records"].name
    STUDENTS_TABLE            = aws_dynamodb_table.this["students"].name
    ESTABLISHMENTS_TABLE      = aws_dynamodb_table.this["establishments"].name
    CLIENTS_TABLE             = aws_dynamodb_table.this["clients"].name
    QUOTAS_TABLE              = aws_dynamodb_table.this["quotas"].name
    ACCESS_LOG_TABLE          = aws_dynamodb_table.this["access_log"].name
    ACCESS_LOG_RETENTION_DAYS = var.access_log_retention_days
    IDENTITY_QUEUE_URL        = aws_sqs_queue.identity.url
    CLIENT_CACHE_SECONDS      = var.client_cache_seconds
  }

  statements = {
    KeepCases = {
      actions   = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem"]
      resources = [aws_dynamodb_table.this["reviews"].arn]
    }
    ListOpenCases = {
      actions   = ["dynamodb:Query"]
      resources = ["${aws_dynamodb_table.this["reviews"].arn}/index/open"]
    }
    # Who is in question. Nothing is written: a decision is deduplication's to apply.
    ShowRecords = {
      actions   = ["dynamodb:GetItem"]
      resources = [aws_dynamodb_table.this["records"].arn]
    }
    ShowStudents = {
      actions   = ["dynamodb:Query"]
      resources = [aws_dynamodb_table.this["students"].arn]
    }
    # Whom a person sends for: nobody decides on what they send.
    KnowWhoSends = {
      actions   = ["dynamodb:GetItem"]
      resources = [aws_dynamodb_table.this["establishments"].arn]
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
    # Write-only: traces are not the function's to read, to change or to delete.
    Trace = {
      actions   = ["dynamodb:PutItem"]
      resources = [aws_dynamodb_table.this["access_log"].arn]
    }
    AnnounceDecisions = {
      actions   = ["sqs:SendMessage"]
      resources = [aws_sqs_queue.identity.arn]
    }
  }

  key_use = {
    registry   = { decrypt = ["dynamodb", "sqs"], generate = ["sqs"] }
    access_log = { decrypt = ["dynamodb"] }
  }
}
