# An S3 bucket that nobody can make public, over TLS only, encrypted and versioned, whose objects expire as told. By option its
# objects can't be changed or deleted by anybody for a number of days, and one role alone puts them.

data "aws_partition" "current" {}

locals {
  # Of the bucket alone, so that a key's policy may name a bucket that is encrypted with that key.
  arn = "arn:${data.aws_partition.current.partition}:s3:::${aws_s3_bucket.this.bucket}"
}

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_18:Object access is traced by the account's CloudTrail data events, kept apart from this stack (infra/bootstrap)
  #checkov:skip=CKV_AWS_144:Student data stay in one region; versioning and the senders' own copies cover loss
  #checkov:skip=CKV2_AWS_62:Only the inbox has something to start
  #checkov:skip=CKV_AWS_145:Under S3's own key is only what is public and a service must read, the authorities of certificates
  bucket              = var.name
  force_destroy       = var.force_destroy
  object_lock_enabled = var.locked_days != null
}

resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = aws_s3_bucket.this.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    bucket_key_enabled = var.encryption == "aws:kms"

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.encryption
      kms_master_key_id = var.key_arn
    }
  }
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    status = "Enabled"
  }
}

# Compliance rather than governance: not even the account's root shortens it.
resource "aws_s3_bucket_object_lock_configuration" "this" {
  count = var.locked_days == null ? 0 : 1

  bucket = aws_s3_bucket.this.id

  rule {
    default_retention {
      mode = "COMPLIANCE"
      days = var.locked_days
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [local.arn, "${local.arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }],
      [
        for writer in var.only_writer[*] : {
          Sid       = "OneWriter"
          Effect    = "Deny"
          Principal = "*"
          Action    = ["s3:PutObject", "s3:PutObjectRetention", "s3:PutObjectLegalHold"]
          Resource  = ["${local.arn}/*"]
          Condition = { ArnNotEquals = { "aws:PrincipalArn" = writer } }
        }
      ],
    )
  })

  # S3 refuses two changes of a bucket's policy settings at a time.
  depends_on = [aws_s3_bucket_public_access_block.this]
}

# A form needs no leave; a script that shows how far an upload has come does.
resource "aws_s3_bucket_cors_configuration" "this" {
  count = length(var.forms_from) > 0 ? 1 : 0

  bucket = aws_s3_bucket.this.id

  cors_rule {
    allowed_methods = ["POST"]
    allowed_origins = var.forms_from
    max_age_seconds = 3600
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  dynamic "rule" {
    for_each = var.expire_after_days[*]

    content {
      id     = "expire"
      status = "Enabled"

      filter {}

      expiration {
        days = rule.value
      }
    }
  }

  dynamic "rule" {
    for_each = var.passing

    content {
      id     = "expire-${trim(rule.key, "/")}"
      status = "Enabled"

      filter {
        prefix = rule.key
      }

      expiration {
        days = rule.value
      }

      noncurrent_version_expiration {
        noncurrent_days = 1
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
