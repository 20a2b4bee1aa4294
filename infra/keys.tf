# Who may use a key may read what it protects, so there is one for each kind of reader:
#   registry    students, records, clients, secrets: the functions
#   access_log  who consulted whom: write-only for functions, read by the data protection officer
#   files       the inbox, the reports, the statistics and what tells of them: establishments put files under it
#   logs        technical logs and alarms, which hold nobody: operators
# Apart from them stand those that sign attestations: the portal.

locals {
  keys = {
    registry   = "Registry of ${local.name}: students, records, clients, queues, secrets"
    access_log = "Access log of ${local.name}: who consulted whom"
    files      = "Files of ${local.name}: inbox, reports, statistics, and their queues and topic"
  }

  # What administering is, without using: neither to encrypt nor to decrypt, nor to let others by a grant.
  key_administration = [
    "kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:Describe*", "kms:DisableKey", "kms:EnableKey",
    "kms:EnableKeyRotation", "kms:Get*", "kms:List*", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:TagResource",
    "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription",
  ]

  # What hands a use to IAM, where each role says through which service. DynamoDB makes its grant in the caller's name.
  key_use = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]

  account_root = "arn:${local.partition}:iam::${local.account_id}:root"

  # Without named administrators the account administers, by IAM: a key policy alone would decide otherwise, and a mistake in it
  # would lock the key for good. With them, IAM may give the use of a key and not its administration.
  key_owner_statements = length(var.key_administrators) == 0 ? [
    {
      Sid       = "AccountAdministersKey"
      Effect    = "Allow"
      Principal = { AWS = [local.account_root] }
      Action    = ["kms:*"]
      Resource  = "*"
    },
    ] : [
    {
      Sid       = "AdministratorsAdministerKey"
      Effect    = "Allow"
      Principal = { AWS = var.key_administrators }
      Action    = local.key_administration
      Resource  = "*"
    },
    {
      Sid       = "AccountGivesUseByIam"
      Effect    = "Allow"
      Principal = { AWS = [local.account_root] }
      Action    = concat(local.key_use, ["kms:Get*", "kms:List*"])
      Resource  = "*"
    },
  ]
}

locals {
  # The same of a key that signs: its administrators sign nothing, and IAM gives nobody its administration.
  signing_key_statements = length(var.key_administrators) == 0 ? local.key_owner_statements : [
    local.key_owner_statements[0],
    {
      Sid       = "AccountGivesUseByIam"
      Effect    = "Allow"
      Principal = { AWS = [local.account_root] }
      Action    = ["kms:DescribeKey", "kms:Get*", "kms:List*", "kms:Sign", "kms:Verify"]
      Resource  = "*"
    },
  ]
}

resource "aws_kms_key" "data" {
  for_each = local.keys

  description             = each.value
  enable_key_rotation     = true
  deletion_window_in_days = 30

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [for statement in local.key_owner_statements : statement],
      [
        # S3 puts its event in an encrypted queue under its own name: without this the event is lost, and nobody hears of it.
        # "Granting permissions to publish event notification messages to a destination" (Amazon S3 User Guide) gives the two
        # actions without a condition; "Key management" (Amazon SQS Developer Guide) asks for these two against a confused
        # deputy. That SQS passes them on to KMS is written nowhere that we found. S3 tries the queue out when the notification
        # is set, so a condition that is never met fails the apply ("Unable to validate the following destination
        # configurations") and not the first file. Try it first on an account (infra/README.md).
        for service in each.key == "files" ? ["s3.amazonaws.com"] : [] : {
          Sid       = "InboxNotifications"
          Effect    = "Allow"
          Principal = { Service = service }
          Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
          Resource  = "*"
          Condition = {
            ArnEquals    = { "aws:SourceArn" = module.bucket["inbox"].arn }
            StringEquals = { "aws:SourceAccount" = local.account_id }
          }
        }
      ],
    )
  })

  # What a key has encrypted is lost with it. An environment of invented people is taken down with its account, or by
  # `terraform state rm` of its keys and secrets.
  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_kms_key" "logs" {
  description             = "Logs and alarms of ${local.name}"
  enable_key_rotation     = true
  deletion_window_in_days = 30

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([for statement in local.key_owner_statements : statement], [
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
              "arn:${local.partition}:logs:${var.region}:${local.account_id}:log-group:/aws/kinesisfirehose/${local.name}-*",
              "arn:${local.partition}:logs:${var.region}:${local.account_id}:log-group:${local.firewall_log_group}",
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
    ])
  })

  lifecycle {
    prevent_destroy = true
  }
}

# What signs attestations (decision 37): the private half never leaves KMS. The first of the list signs, the public halves of all are
# published, so that what one signed is verified until it ends. It encrypts nothing, and KMS renews no key of this kind by itself: a
# new name in the list is a new key (docs/runbook.md).
resource "aws_kms_key" "attestation" {
  for_each = var.student_provider == null ? toset([]) : toset(var.attestation_keys)

  description              = "Attestations of ${local.name}: signature ${each.key}"
  customer_master_key_spec = "ECC_NIST_P256"
  key_usage                = "SIGN_VERIFY"
  deletion_window_in_days  = 30

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [for statement in local.signing_key_statements : statement]
  })

  # What a key has signed can't be verified without it. One that has nothing left to verify goes by `terraform state rm`.
  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_kms_alias" "this" {
  for_each = merge(
    { for name, key in aws_kms_key.data : name => key.key_id },
    { logs = aws_kms_key.logs.key_id },
    { for name, key in aws_kms_key.attestation : "attestation-${name}" => key.key_id },
  )

  name          = "alias/${local.name}-${replace(each.key, "_", "-")}"
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
    portal   = "Digests of the portal's cookies, invitations and members"
  }

  name                 = "${local.name}/hmac/${each.key}"
  description          = each.value
  encryption_key_arn   = aws_kms_key.data["registry"].arn
  key_version          = var.hmac_key_versions[each.key]
  rekeying             = contains(var.rekeying, each.key)
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
  kms_key_id              = aws_kms_key.data["registry"].arn
  recovery_window_in_days = var.secret_recovery_window_days

  lifecycle {
    prevent_destroy = true
  }
}
