# What an account needs before the stack, applied once by whoever owns it, with a state of its own on that person's machine or
# wherever they keep such things: the bucket of the states, the role that deploys and its boundary, the account's settings.

terraform {
  required_version = "~> 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = merge(var.tags, { project = var.name_prefix, stack = "bootstrap" })
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
  root       = "arn:${local.partition}:iam::${local.account_id}:root"
}

# --- States ----------------------------------------------------------------------------------------------------------

resource "aws_kms_key" "states" {
  description             = "States of ${var.name_prefix}, and CloudTrail's data events"
  enable_key_rotation     = true
  deletion_window_in_days = 30

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AccountAdministersKey"
        Effect    = "Allow"
        Principal = { AWS = local.root }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "TrailOfThisAccount"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = ["kms:DescribeKey", "kms:GenerateDataKey*"]
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceArn" = local.trail_arn } }
      },
    ]
  })

  lifecycle {
    prevent_destroy = true
  }
}

locals {
  buckets = {
    states = "${var.name_prefix}-states-${local.account_id}"
    trail  = "${var.name_prefix}-trail-${local.account_id}"
  }
}

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_18:Access to the states and to the trail is itself in the trail
  #checkov:skip=CKV_AWS_144:One region: what is lost with it is described in this directory
  #checkov:skip=CKV2_AWS_62:Nothing starts from them
  #checkov:skip=CKV2_AWS_61:States are kept for as long as the stack; the trail's objects expire below
  for_each = local.buckets

  bucket = each.value

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  versioning_configuration {
    status = "Enabled"
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
      kms_master_key_id = aws_kms_key.states.arn
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [aws_s3_bucket.this[each.key].arn, "${aws_s3_bucket.this[each.key].arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }],
      [
        for statement in each.key == "trail" ? [
          { sid = "TrailReadsAcl", action = "s3:GetBucketAcl", suffix = "", condition = { "aws:SourceArn" = local.trail_arn } },
          { sid = "TrailWrites", action = "s3:PutObject", suffix = "/AWSLogs/${local.account_id}/*", condition = { "aws:SourceArn" = local.trail_arn } },
          ] : [] : {
          Sid       = statement.sid
          Effect    = "Allow"
          Principal = { Service = "cloudtrail.amazonaws.com" }
          Action    = statement.action
          Resource  = "${aws_s3_bucket.this[each.key].arn}${statement.suffix}"
          Condition = { StringEquals = statement.condition }
        }
      ],
    )
  })

  depends_on = [aws_s3_bucket_public_access_block.this]
}

resource "aws_s3_bucket_lifecycle_configuration" "trail" {
  bucket = aws_s3_bucket.this["trail"].id

  rule {
    id     = "expire"
    status = "Enabled"

    filter {}

    expiration {
      days = var.trail_retention_days
    }

    noncurrent_version_expiration {
      noncurrent_days = 30
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }
}

# --- Who did what to tables, files and keys --------------------------------------------------------------------------
# Management events, of which the alarms on keys and on the break-glass role live, and the data events of the inbox and of the
# reports, which no other log tells.

locals {
  trail_name = "${var.name_prefix}-data-events"
  trail_arn  = "arn:${local.partition}:cloudtrail:${var.region}:${local.account_id}:trail/${local.trail_name}"
}

resource "aws_cloudtrail" "this" {
  #checkov:skip=CKV_AWS_252:Alarms come from EventBridge, by the stack
  #checkov:skip=CKV2_AWS_10:Object names hold what establishments call their files; they stay in the bucket
  name                          = local.trail_name
  s3_bucket_name                = aws_s3_bucket.this["trail"].id
  kms_key_id                    = aws_kms_key.states.arn
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true

  advanced_event_selector {
    name = "Management events"

    field_selector {
      field  = "eventCategory"
      equals = ["Management"]
    }
  }

  advanced_event_selector {
    name = "Files of establishments"

    field_selector {
      field  = "eventCategory"
      equals = ["Data"]
    }

    field_selector {
      field  = "resources.type"
      equals = ["AWS::S3::Object"]
    }

    field_selector {
      field       = "resources.ARN"
      starts_with = ["arn:${local.partition}:s3:::${var.name_prefix}-"]

      # Its own writing, of which each line would be another.
      not_starts_with = ["arn:${local.partition}:s3:::${local.buckets["trail"]}/"]
    }
  }

  depends_on = [aws_s3_bucket_policy.this]
}

# --- API Gateway's account setting -----------------------------------------------------------------------------------
# One a region: here rather than in each stack, where the last one applied would win and the first one destroyed would break
# the others.

resource "aws_iam_role" "api_logs" {
  name                 = "${var.name_prefix}-api-logs"
  permissions_boundary = aws_iam_policy.boundary.arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "apigateway.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy_attachment" "api_logs" {
  role       = aws_iam_role.api_logs.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
}

resource "aws_api_gateway_account" "this" {
  cloudwatch_role_arn = aws_iam_role.api_logs.arn

  depends_on = [aws_iam_role_policy_attachment.api_logs]
}
