# Two keys, because two kinds of people use what they protect: `data` is for the functions and holds students,
# `logs` is for operators and holds none.

locals {
  # Hands the decision to IAM: without it a key policy alone decides, and a mistake in it locks the key for good.
  account_administers_key = {
    Sid       = "AccountAdministersKey"
    Effect    = "Allow"
    Principal = { AWS = "arn:${local.partition}:iam::${local.account_id}:root" }
    Action    = "kms:*"
    Resource  = "*"
  }
}

resource "aws_kms_key" "data" {
  description             = "Student data of ${local.name}: tables, buckets, queues, secrets"
  enable_key_rotation     = true
  deletion_window_in_days = 30

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      local.account_administers_key,
      {
        # S3 puts its event in an encrypted queue under its own name: without this the event is lost, and nobody hears of it.
        Sid       = "InboxNotifications"
        Effect    = "Allow"
        Principal = { Service = "s3.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = "*"
        Condition = {
          ArnEquals    = { "aws:SourceArn" = aws_s3_bucket.this["inbox"].arn }
          StringEquals = { "aws:SourceAccount" = local.account_id }
        }
      },
    ]
  })
}

resource "aws_kms_key" "logs" {
  description             = "Logs and alarms of ${local.name}"
  enable_key_rotation     = true
  deletion_window_in_days = 30

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      local.account_administers_key,
      {
        Sid       = "LogGroupsOfThisAccount"
        Effect    = "Allow"
        Principal = { Service = "logs.${var.region}.amazonaws.com" }
        Action    = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
        Resource  = "*"
        Condition = {
          ArnLike = {
            "kms:EncryptionContext:aws:logs:arn" = [
              "arn:${local.partition}:logs:${var.region}:${local.account_id}:log-group:/aws/lambda/${local.name}-*",
              "arn:${local.partition}:logs:${var.region}:${local.account_id}:log-group:/aws/apigateway/${local.name}",
              "arn:${local.partition}:logs:${var.region}:${local.account_id}:log-group:/aws/apigateway/${local.name}-ines",
            ]
          }
        }
      },
      {
        # An alarm publishes under its service's name: without this it changes state and nobody hears of it.
        Sid       = "AlarmsOfThisAccount"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
        Resource  = "*"
        Condition = {
          StringEquals = { "aws:SourceAccount" = local.account_id }
        }
      },
    ]
  })
}

resource "aws_kms_alias" "this" {
  for_each = {
    data = aws_kms_key.data.key_id
    logs = aws_kms_key.logs.key_id
  }

  name          = "alias/${local.name}-${each.key}"
  target_key_id = each.value
}

# --- HMAC keys -------------------------------------------------------------------------------------------------------
# Table keys are HMACs of personal data. One secret per purpose: who can compute record keys cannot compute those of an
# INE, and one can be renewed without the others.

module "hmac_secret" {
  source = "./modules/hmac-secret"

  for_each = {
    record   = "Opaque ids of source records"
    ine      = "Keys of published answers, from an INE"
    identity = "Blocking keys, from a civil identity"
  }

  name                 = "${local.name}/hmac/${each.key}"
  description          = each.value
  encryption_key_arn   = aws_kms_key.data.arn
  key_version          = var.hmac_key_versions[each.key]
  recovery_window_days = var.secret_recovery_window_days
}

# --- FranceConnect ---------------------------------------------------------------------------------------------------
# The secret shared with FranceConnect and the private keys it encrypts its answers for. An operator puts the content
# (docs/deploying.md), never Terraform, so that no state and no plan holds it:
#   {"client_secret":"…","keys":[{"kid":"…","alg":"RSA-OAEP-256"|"ECDH-ES","pem":"<PKCS#8 PEM>"}]}

resource "aws_secretsmanager_secret" "france_connect" {
  #checkov:skip=CKV2_AWS_57:FranceConnect must have fetched a new key before the old one goes, and gives the client secret itself: renewed by a person
  count = var.france_connect == null ? 0 : 1

  name                    = "${local.name}/france-connect"
  description             = "Client secret and private keys of the data provider at FranceConnect"
  kms_key_id              = aws_kms_key.data.arn
  recovery_window_in_days = var.secret_recovery_window_days
}
