# An enrolment file lands in the inbox → the queue of imports is told → each row becomes a source record → the identity
# queue is told, and whoever subscribed hears how it ended.
#
# A queue rather than S3's own call of the function: it keeps a file for as long as an outage lasts, holds back the night's
# hundreds of files without a throttle, takes the continuation of an import that one invocation cannot finish, and can be
# redriven.

module "imports_queue" {
  source = "./modules/queue"

  name       = "${local.name}-imports"
  account_id = local.account_id
  key_arn    = aws_kms_key.data["files"].arn

  consumer = {
    # For whoever dies before its first sign of life. From then on the invocation hides its own message a minute at a time, for
    # as long as it works: its death is noticed within that minute, not after six times its longest run.
    visibility_timeout_seconds = coalesce(var.imports_queue_visibility_seconds, 6 * var.ingestion_timeout_seconds)
    max_receive_count          = var.imports_max_receive_count
    late_description           = "A file waits more than an hour for its import, or comes back again and again: see the runbook."
  }

  senders = {
    InboxNotifications = { service = "s3.amazonaws.com", source_arn = module.bucket["inbox"].arn }
  }

  alarms_enabled  = var.alarms_enabled
  alarm_topic_arn = aws_sns_topic.alarms.arn
}

# No suffix filter: a file with the wrong extension must get a failed import as an answer, not silence.
resource "aws_s3_bucket_notification" "inbox" {
  bucket = module.bucket["inbox"].name

  queue {
    id        = "imports"
    queue_arn = module.imports_queue.arn
    events    = ["s3:ObjectCreated:*"]
  }

  # S3 tries the queue out before it accepts it: with its policy, and with the key, whose policy came with it.
  depends_on = [module.imports_queue]
}

module "ingestion" {
  source = "./modules/function"

  name                 = "${local.name}-ingestion"
  package              = "ingestion"
  description          = "Reads enrolment files from the inbox and stores each row as a source record"
  platform             = local.function_platform
  timeout_seconds      = var.ingestion_timeout_seconds
  reserved_concurrency = var.reserved_concurrency.ingestion

  # An import hands over 20 s before the end (LONGEST_MARGIN): a run that is near the end is as designed, one that is within
  # these 5 s did not let go in time.
  duration_alarm_ratio = (var.ingestion_timeout_seconds - 5) / var.ingestion_timeout_seconds

  # The first size with a whole virtual CPU: parsing and hashing are bound by it.
  memory_megabytes = 1769

  environment = {
    RECORDS_TABLE           = module.table["records"].name
    IMPORTS_TABLE           = module.table["imports"].name
    ESTABLISHMENTS_TABLE    = module.table["establishments"].name
    INBOX_BUCKET            = module.bucket["inbox"].name
    REPORTS_BUCKET          = module.bucket["reports"].name
    IMPORTS_QUEUE_URL       = module.imports_queue.url
    IDENTITY_QUEUE_URL      = module.identity_queue.url
    NOTIFICATIONS_TOPIC_ARN = aws_sns_topic.imports.arn
    RECORD_SECRET_ARN       = module.hmac_secret["record"].arn
    COMPLETE_CANCEL_SHARE   = var.complete_cancel_share
  }

  statements = {
    ReadInbox = {
      # By version only: an import reads the very bytes that its event was about.
      actions   = ["s3:GetObjectVersion"]
      resources = ["${module.bucket["inbox"].arn}/*"]
    }
    # It lists nothing. Without this right S3 says 403 of what is gone rather than 404, so that a version that was deleted
    # would be delivered ten times, where it is a failed import.
    TellMissingFromForbidden = {
      actions   = ["s3:ListBucket"]
      resources = [module.bucket["inbox"].arn, module.bucket["reports"].arn]
    }
    # It reads back what it wrote of a report, to go on with it in another invocation.
    WriteReports = {
      actions   = ["s3:GetObject", "s3:PutObject"]
      resources = ["${module.bucket["reports"].arn}/*"]
    }
    StoreRecords = {
      actions   = ["dynamodb:BatchGetItem", "dynamodb:UpdateItem"]
      resources = [module.table["records"].arn]
    }
    # What a complete file does not contain.
    CompareRecords = {
      actions   = ["dynamodb:Query"]
      resources = ["${module.table["records"].arn}/index/slice"]
    }
    FollowImports = {
      actions   = ["dynamodb:GetItem", "dynamodb:UpdateItem"]
      resources = [module.table["imports"].arn]
    }
    ConsumeQueue = {
      actions   = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
      resources = [module.imports_queue.arn]
    }
    # To itself: an import that needs more than one invocation.
    ContinueImports = {
      actions   = ["sqs:SendMessage"]
      resources = [module.imports_queue.arn]
    }
    TellHowImportsEnd = {
      actions   = ["sns:Publish"]
      resources = [aws_sns_topic.imports.arn]
    }
    # It writes there when an establishment's last feed was accepted: the coverage that the API tells.
    FollowEstablishments = {
      actions   = ["dynamodb:GetItem", "dynamodb:UpdateItem"]
      resources = [module.table["establishments"].arn]
    }
    AnnounceRecords = {
      actions   = ["sqs:SendMessage"]
      resources = [module.identity_queue.arn]
    }
    ReadRecordKey = {
      actions   = ["secretsmanager:GetSecretValue"]
      resources = [module.hmac_secret["record"].arn]
    }
  }

  # The queue of imports is under the files' key, that of identity under the registry's.
  key_use = {
    registry = { decrypt = ["dynamodb", "secretsmanager", "sqs"], generate = ["sqs"] }
    files    = { decrypt = ["s3", "sns", "sqs"], generate = ["s3", "sns", "sqs"] }
  }
}

resource "aws_lambda_event_source_mapping" "imports" {
  event_source_arn = module.imports_queue.arn
  function_name    = module.ingestion.alias_arn

  # A file may take a whole invocation.
  batch_size = 1

  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = var.imports_maximum_concurrency
  }
}

# --- Notifications ---------------------------------------------------------------------------------------------------
# That an import has ended, or failed: whose it is, how it ended and its counts, with the attributes `uai` and `etat` to
# filter by. Nothing personal is in a message, not even the name of the file.

resource "aws_sns_topic" "imports" {
  name              = "${local.name}-imports"
  kms_master_key_id = aws_kms_key.data["files"].arn
}

locals {
  # SNS has one subscription for an endpoint, whatever the number of establishments that it hears of.
  import_subscribers = {
    for name, entries in {
      for entry in var.import_notifications : "${entry.protocol} ${entry.endpoint}" => entry...
    } :
    name => {
      protocol = entries[0].protocol
      endpoint = entries[0].endpoint
      # Whoever is once named without an establishment hears of all.
      uais    = anytrue([for entry in entries : entry.uai == null]) ? [] : sort(distinct(entries[*].uai))
      account = entries[0].protocol == "sqs" ? split(":", entries[0].endpoint)[4] : local.account_id
    }
  }
}

resource "aws_sns_topic_policy" "imports" {
  arn = aws_sns_topic.imports.arn

  # Who publishes, and who subscribes within the account, is IAM's to say. A queue of another account is subscribed by its
  # owner (docs/deploying.md): SNS then asks for no confirmation, while a subscription made from here would wait for one that
  # no queue gives, and the apply with it.
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.imports.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }],
      [
        for subscriber in values(local.import_subscribers) : {
          Sid       = "QueueOf${subscriber.account}${substr(sha1(subscriber.endpoint), 0, 8)}"
          Effect    = "Allow"
          Principal = { AWS = "arn:${local.partition}:iam::${subscriber.account}:root" }
          Action    = "sns:Subscribe"
          Resource  = aws_sns_topic.imports.arn
          Condition = { StringEquals = { "sns:Protocol" = "sqs", "sns:Endpoint" = subscriber.endpoint } }
        } if subscriber.account != local.account_id
      ],
    )
  })
}

resource "aws_sns_topic_subscription" "imports" {
  for_each = { for name, subscriber in local.import_subscribers : name => subscriber if subscriber.account == local.account_id }

  topic_arn     = aws_sns_topic.imports.arn
  protocol      = each.value.protocol
  endpoint      = each.value.endpoint
  filter_policy = length(each.value.uais) == 0 ? null : jsonencode({ uai = each.value.uais })
}

# --- Establishments with a role of their own -------------------------------------------------------------------------
# For those who are on AWS: no key to keep, and any S3 client. The others ask for a form with POST /api/depots.

module "depositor" {
  source = "./modules/depositor"

  for_each = var.depositors

  name        = "${local.name}-depot-${lower(each.key)}"
  uai         = each.key
  principal   = each.value.principal
  external_id = each.value.external_id
  inbox_arn   = module.bucket["inbox"].arn
  key_arn     = aws_kms_key.data["files"].arn

  permissions_boundary = var.permissions_boundary
}
