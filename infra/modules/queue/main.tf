# A queue of work with the queue of its dead letters; or, without a consumer, dead letters alone, of what Lambda or a schedule
# gave up. Both are encrypted, answer over TLS only, and are watched: work that waits too long, and any dead letter.

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  arn_prefix = "arn:${data.aws_partition.current.partition}:sqs:${data.aws_region.current.name}:${var.account_id}"

  tls_only = {
    Sid       = "TlsOnly"
    Effect    = "Deny"
    Principal = "*"
    Action    = "sqs:*"
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }
}

# Nothing is lost in silence: where work goes when its deliveries are over, and waits for a person for as long as SQS allows.
resource "aws_sqs_queue" "dead_letter" {
  name                      = "${var.name}-dlq"
  message_retention_seconds = 14 * 24 * 60 * 60
  kms_master_key_id         = var.key_arn
}

resource "aws_sqs_queue_policy" "dead_letter" {
  queue_url = aws_sqs_queue.dead_letter.url

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [merge(local.tls_only, { Resource = "${local.arn_prefix}:${aws_sqs_queue.dead_letter.name}" })]
  })
}

resource "aws_sqs_queue" "work" {
  count = var.consumer == null ? 0 : 1

  name                       = var.name
  kms_master_key_id          = var.key_arn
  visibility_timeout_seconds = var.consumer.visibility_timeout_seconds

  # Shorter than the dead-letter queue's, because a message keeps its age when it moves there.
  message_retention_seconds = 4 * 24 * 60 * 60
}

resource "aws_sqs_queue_policy" "work" {
  count = var.consumer == null ? 0 : 1

  queue_url = aws_sqs_queue.work[0].url

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [merge(local.tls_only, { Resource = "${local.arn_prefix}:${aws_sqs_queue.work[0].name}" })],
      [
        # The account too: a bucket's ARN has none, and its name could be taken over once deleted.
        for sid, sender in var.senders : {
          Sid       = sid
          Effect    = "Allow"
          Principal = { Service = sender.service }
          Action    = "sqs:SendMessage"
          Resource  = "${local.arn_prefix}:${aws_sqs_queue.work[0].name}"
          Condition = {
            ArnEquals    = { "aws:SourceArn" = sender.source_arn }
            StringEquals = { "aws:SourceAccount" = var.account_id }
          }
        }
      ],
    )
  })
}

# The two queues name each other, so each tells of the other only once both exist.
resource "aws_sqs_queue_redrive_policy" "work" {
  count = var.consumer == null ? 0 : 1

  queue_url = aws_sqs_queue.work[0].url

  redrive_policy = jsonencode({
    deadLetterTargetArn = "${local.arn_prefix}:${aws_sqs_queue.dead_letter.name}"
    maxReceiveCount     = var.consumer.max_receive_count
  })
}

resource "aws_sqs_queue_redrive_allow_policy" "dead_letter" {
  count = var.consumer == null ? 0 : 1

  queue_url = aws_sqs_queue.dead_letter.url

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = ["${local.arn_prefix}:${aws_sqs_queue.work[0].name}"]
  })
}
