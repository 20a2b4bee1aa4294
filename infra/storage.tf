# --- Tables ----------------------------------------------------------------------------------------------------------
# Several tables rather than one: they differ in owner, permissions, retention and heat.

locals {
  # Where `expires` is true, DynamoDB deletes an item once its `expires_at` is past.
  tables = {
    # `slice` is an establishment, an academic year and one of sixteen parts: what a complete file is compared with, without
    # reading the table, nor keeping all of a large university under one key. The keys alone, for the records are then
    # read by them.
    records = {
      hash    = "id"
      expires = true
      indexes = {
        slice = { hash = "slice", range = "id" }
        # The day from which on INES is asked again about an INE that it didn't know: only such records have one.
        verify_on = { hash = "verify_on", range = "id" }
      }
    }
    students       = { hash = "pk", range = "sk" }
    blocks         = { hash = "pk" }
    imports        = { hash = "id", expires = true }
    establishments = { hash = "uai" }

    # What was found about the identity of the rows of each import, in the order of its lines.
    findings = { hash = "import", range = "position", expires = true }

    # `by` is a client, a day and one of sixteen parts: what a client did is listed without one partition that takes every
    # consultation of the largest.
    access_log = {
      hash    = "subject"
      range   = "at"
      expires = true
      indexes = { client = { hash = "by", range = "at" } }
    }

    # `open` is the kind of a case and one of its parts, `rank` its age: both are of open cases alone, so the index holds
    # what is to be done and nothing else.
    reviews = { hash = "id", indexes = { open = { hash = "open", range = "rank" } } }

    # Clients, their keys, and the ids of revoked tokens. Of these only token ids are meant to vanish, once the token
    # would no longer be valid anyway: they alone may have `expires_at`. A client or a key that ends at a date has
    # `valid_until`, which refuses it and keeps it: who could ask, and when, must stay known.
    clients = { hash = "id", expires = true }

    # Counters that say nothing any more after some hours: restored from a backup, they would charge callers for
    # another day's requests. Still protected from deletion, for the API counts on the table itself. Those of new
    # identities (`N#…`) last an academic year; lost with the table, each establishment has its quota a second time.
    quotas = { hash = "subject", expires = true, recoverable = false }

    # What was answered to an `Idempotency-Key`, for as long as its request may be repeated: restored from a backup, it
    # would answer for another day's.
    idempotency = { hash = "id", expires = true, recoverable = false }

    # Sessions of the portal, and log-ins on their way: of twelve hours at most, so restored they would open nothing.
    sessions = { hash = "id", expires = true, recoverable = false }
    # Who may do what in the portal, and invitations, which alone expire.
    members = { hash = "id", expires = true }
  }
}

resource "aws_dynamodb_table" "this" {
  #checkov:skip=CKV_AWS_28:Off for the quotas, the idempotency keys and the sessions alone, of some hours; the tests hold every other table to it
  for_each = local.tables

  name                        = "${local.name}-${replace(each.key, "_", "-")}"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = each.value.hash
  range_key                   = try(each.value.range, null)
  deletion_protection_enabled = var.deletion_protection

  dynamic "attribute" {
    for_each = toset(compact(concat(
      [each.value.hash, try(each.value.range, null)],
      flatten([for index in try(values(each.value.indexes), []) : [index.hash, index.range]]),
    )))

    content {
      name = attribute.value
      type = "S"
    }
  }

  dynamic "global_secondary_index" {
    for_each = try(each.value.indexes, {})

    content {
      name            = global_secondary_index.key
      hash_key        = global_secondary_index.value.hash
      range_key       = global_secondary_index.value.range
      projection_type = "KEYS_ONLY"
    }
  }

  dynamic "ttl" {
    for_each = try(each.value.expires, false) ? ["expires_at"] : []

    content {
      attribute_name = ttl.value
      enabled        = true
    }
  }

  # Backups outlive an expired item by 35 days: count them in when stating a retention period.
  point_in_time_recovery {
    enabled = try(each.value.recoverable, true)
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.data[each.key == "access_log" ? "access_log" : "registry"].arn
  }
}

# --- Buckets ---------------------------------------------------------------------------------------------------------

locals {
  # Published statistics are kept: a reader may cite any past edition.
  buckets = {
    inbox      = { expire_after_days = var.inbox_retention_days }
    reports    = { expire_after_days = var.reports_retention_days }
    statistics = { expire_after_days = null }
  }
}

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_18:Object access is traced by the account's CloudTrail data events, kept apart from this stack
  #checkov:skip=CKV_AWS_144:Student data stay in one region; versioning and the senders' own copies cover loss
  #checkov:skip=CKV2_AWS_62:Only the inbox has something to start
  for_each = local.buckets

  bucket        = "${local.name}-${each.key}-${local.account_id}"
  force_destroy = var.force_destroy
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = local.buckets

  bucket                  = aws_s3_bucket.this[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.data["files"].arn
    }
  }
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_policy" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TlsOnly"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [aws_s3_bucket.this[each.key].arn, "${aws_s3_bucket.this[each.key].arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })

  # S3 refuses two changes of a bucket's policy settings at a time.
  depends_on = [aws_s3_bucket_public_access_block.this]
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  dynamic "rule" {
    for_each = each.value.expire_after_days[*]

    content {
      id     = "expire"
      status = "Enabled"

      filter {}

      expiration {
        days = rule.value
      }
    }
  }

  rule {
    id     = "clean-up"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = var.noncurrent_version_retention_days
    }

    expiration {
      expired_object_delete_marker = true
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  # Rules on noncurrent versions need versioning to be on.
  depends_on = [aws_s3_bucket_versioning.this]
}

# --- Dead letters ----------------------------------------------------------------------------------------------------
# Where work goes when its retries are over, and waits for a person: nothing is lost in silence.

resource "aws_sqs_queue" "dead_letter" {
  for_each = toset(["imports", "identity", "statistics"])

  name                      = "${local.name}-${each.key}-dlq"
  message_retention_seconds = 14 * 24 * 60 * 60
  kms_master_key_id         = aws_kms_key.data[each.key == "imports" ? "files" : "registry"].arn
}

# --- Queues over TLS only --------------------------------------------------------------------------------------------

resource "aws_sqs_queue_policy" "this" {
  for_each = merge(
    { for name, queue in aws_sqs_queue.dead_letter : "${name}-dlq" => queue },
    { identity = aws_sqs_queue.identity, imports = aws_sqs_queue.imports },
  )

  queue_url = each.value.url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = each.value.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }],
      each.key == "imports" ? [local.inbox_may_notify] : [],
    )
  })
}
