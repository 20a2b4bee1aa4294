# The portal's pages. It knows who is logged in and who may do what, reads the establishments, sends files and follows their
# imports as establishments' software does, and shows reviewers the doubts that wait for them: who is in question is read for
# that, and a decision is deduplication's to apply. A manager of an establishment makes and ends its write keys in it, and one
# enrolment by hand is written as `POST /api/inscription` writes it, with the same rights. Where students can log in, it finds
# who they are as consultation does, and tells them who consulted them. What people ask by their rights is taken in and answered here.

locals {
  # Not the stage's own address, which depends on the function that has to know it.
  api_address = (
    var.function_endpoint_url != null
    ? "${trimsuffix(var.function_endpoint_url, "/")}/_aws/execute-api/${aws_api_gateway_rest_api.this.id}/${local.api_stage}"
    : var.api_domain != null
    ? "https://${var.api_domain.name}"
    : "https://${aws_api_gateway_rest_api.this.id}.execute-api.${var.region}.${data.aws_partition.current.dns_suffix}/${local.api_stage}"
  )
  portal_url = "${local.api_address}/portail"
}

resource "aws_api_gateway_resource" "portal" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_rest_api.this.root_resource_id
  path_part   = "portail"
}

resource "aws_api_gateway_resource" "under_portal" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.portal.id
  path_part   = "{proxy+}"
}

module "portal" {
  source = "./modules/function"

  name                 = "${local.name}-portal"
  package              = "portal"
  description          = "Shows pages to the people of the establishments, to reviewers, operators and the public"
  platform             = local.function_platform
  memory_megabytes     = 512
  reserved_concurrency = var.reserved_concurrency.portal

  # A log-in waits for the provider, four seconds a call at most.
  timeout_seconds = 29

  environment = merge(local.ines_environment, local.pairs_environment,
    {
      ENVIRONMENT          = var.environment
      PUBLIC_URL           = local.portal_url
      SESSIONS_TABLE       = module.table["sessions"].name
      MEMBERS_TABLE        = module.table["members"].name
      CLIENTS_TABLE        = module.table["clients"].name
      WITHDRAWALS_TABLE    = module.table["withdrawals"].name
      ESTABLISHMENTS_TABLE = module.table["establishments"].name
      IMPORTS_TABLE        = module.table["imports"].name
      IMPORTS_QUEUE_URL    = module.imports_queue.url
      INBOX_BUCKET         = module.bucket["inbox"].name
      REPORTS_BUCKET       = module.bucket["reports"].name
      STATISTICS_BUCKET    = module.bucket["statistics"].name
      DEPOSIT_MAX_BYTES    = var.deposit_max_bytes
      FINDINGS_TABLE       = module.table["findings"].name
      REVIEWS_TABLE        = module.table["reviews"].name
      REQUESTS_TABLE       = module.table["requests"].name
      REQUEST_MONTHS       = var.request_months
      REQUEST_GROUND       = var.request_ground
      RECORDS_TABLE        = module.table["records"].name
      STUDENTS_TABLE       = module.table["students"].name
      IDENTITY_QUEUE_URL   = module.identity_queue.url
      CLIENT_CACHE_SECONDS = var.client_cache_seconds
      ACCESS_LOG_TABLE     = module.table["access_log"].name
      PORTAL_SECRET_ARN    = module.hmac_secret["portal"].arn
      QUOTAS_TABLE         = module.table["quotas"].name
      RECORD_SECRET_ARN    = module.hmac_secret["record"].arn
      INE_SECRET_ARN       = module.hmac_secret["ine"].arn
      IDENTITY_SECRET_ARN  = module.hmac_secret["identity"].arn
      REKEYING             = join(",", var.rekeying)

      DEPOSIT_LIFETIME_SECONDS  = var.deposit_lifetime_seconds
      ACCESS_LOG_RETENTION_DAYS = var.access_log_retention_days
      REQUEST_RETENTION_DAYS    = var.request_retention_days == null ? "" : tostring(var.request_retention_days)
    },
    var.portal_provider == null ? {} : {
      OIDC_PROVIDER   = jsonencode(var.portal_provider)
      OIDC_SECRET_ARN = one(aws_secretsmanager_secret.portal_provider[*].arn)
    },
    var.student_provider == null ? {} : {
      STUDENT_OIDC_PROVIDER   = jsonencode(merge(var.student_provider, { profile = "france_connect" }))
      STUDENT_OIDC_SECRET_ARN = one(aws_secretsmanager_secret.student_provider[*].arn)
      BLOCKS_TABLE            = module.table["blocks"].name
      SHARES_TABLE            = module.table["shares"].name
      STARTS_WITHIN_DAYS      = var.starts_within_days
      SHARE_DAYS              = var.share_days
      SHARE_READINGS_PER_HOUR = var.share_readings_per_hour
      ATTESTATIONS_TABLE      = module.table["attestations"].name
      ATTESTATION_KEYS        = join(",", [for name in var.attestation_keys : aws_kms_key.attestation[name].arn])
      ATTESTATION_DAYS        = var.attestation_days
    },
  )

  # Students are looked for, told who consulted them, and share, where they can log in.
  statements = merge(local.portal_statements, var.student_provider == null ? {} : {
    MatchStudents = {
      actions   = ["dynamodb:BatchGetItem"]
      resources = [module.table["blocks"].arn]
    }
    TellAccesses = {
      actions   = ["dynamodb:Query"]
      resources = [module.table["access_log"].arn]
    }
    # A share goes in the transaction that changes its student's list.
    KeepShares = {
      actions   = ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
      resources = [module.table["shares"].arn]
    }
    # An attestation's index goes in the transaction that changes its student's list.
    KeepAttestations = {
      actions   = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
      resources = [module.table["attestations"].arn]
    }
    SignAttestations = {
      actions   = ["kms:GetPublicKey", "kms:Sign"]
      resources = [for name in var.attestation_keys : aws_kms_key.attestation[name].arn]
    }
  })

  key_use = {
    registry   = { decrypt = ["dynamodb", "secretsmanager", "sqs"], generate = ["sqs"] }
    access_log = { decrypt = ["dynamodb"] }
    files      = { decrypt = ["s3", "sqs"], generate = ["s3", "sqs"] }
  }
}

locals {
  portal_statements = {
    KeepSessions = {
      actions   = ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
      resources = [module.table["sessions"].arn]
    }
    # An invitation goes in the transaction that writes its member.
    KeepMembers = {
      actions   = ["dynamodb:BatchGetItem", "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
      resources = [module.table["members"].arn]
    }
    # A manager makes, renews and revokes the write keys of an establishment; and whom a reviewer's other clients send for.
    KeepWriteKeys = {
      actions   = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
      resources = [module.table["clients"].arn]
    }
    # An operator sees every client, and changes none.
    ListClients = {
      actions   = ["dynamodb:Scan"]
      resources = [module.table["clients"].arn]
    }
    ListWriteKeys = {
      actions   = ["dynamodb:Query"]
      resources = ["${module.table["clients"].arn}/index/client", "${module.table["clients"].arn}/index/depositor"]
    }
    # Keys, roles and leave to tell of a student that were taken back stay so after a restore.
    NoteWithdrawals = {
      actions   = ["dynamodb:PutItem"]
      resources = [module.table["withdrawals"].arn]
    }
    ShowEstablishments = {
      actions   = ["dynamodb:GetItem", "dynamodb:Scan", "dynamodb:UpdateItem"]
      resources = [module.table["establishments"].arn]
    }
    FollowImports = {
      actions   = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
      resources = [module.table["imports"].arn]
    }
    ListImports = {
      actions   = ["dynamodb:Query"]
      resources = ["${module.table["imports"].arn}/index/establishment"]
    }
    TellFindings = {
      actions   = ["dynamodb:Query"]
      resources = [module.table["findings"].arn]
    }
    KeepCases = {
      actions   = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem"]
      resources = [module.table["reviews"].arn]
    }
    ListOpenCases = {
      actions   = ["dynamodb:Query"]
      resources = ["${module.table["reviews"].arn}/index/open"]
    }
    # What people ask by their rights, and who answers.
    KeepRequests = {
      actions   = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem"]
      resources = [module.table["requests"].arn]
    }
    ListRequests = {
      actions   = ["dynamodb:Query"]
      resources = [for index in ["establishment", "open", "owner"] : "${module.table["requests"].arn}/index/${index}"]
    }
    # Who read what was found about the rows of a file, who was shown in a case, and what a student was told: written once.
    TraceAccesses = {
      actions   = ["dynamodb:PutItem"]
      resources = [module.table["access_log"].arn]
    }
    # One enrolment by hand, as enrolment has them; and who is in question in a case, shown masked.
    StoreRecords = {
      actions   = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:UpdateItem"]
      resources = [module.table["records"].arn]
    }
    FindStudents = {
      actions   = ["dynamodb:GetItem", "dynamodb:Query"]
      resources = [module.table["students"].arn]
    }
    CountPairs = {
      actions   = ["dynamodb:UpdateItem"]
      resources = [module.table["quotas"].arn]
    }
    MeasureDepositors = {
      actions   = ["dynamodb:Query"]
      resources = ["${module.table["records"].arn}/index/slice"]
    }
    AnnounceRecords = {
      actions   = ["sqs:SendMessage"]
      resources = [module.identity_queue.arn]
    }
    OrderImports = {
      actions   = ["sqs:SendMessage"]
      resources = [module.imports_queue.arn]
    }
    # The header of a file that was tried, for who sent it to say which column is which.
    ShowHeaders = {
      actions   = ["s3:GetObjectVersion"]
      resources = ["${module.bucket["inbox"].arn}/*"]
    }
    # It puts nothing itself: what it signs, a member's browser does in its name.
    SignDeposits = {
      actions   = ["s3:PutObject"]
      resources = ["${module.bucket["inbox"].arn}/*"]
    }
    # What anybody may read of statistics: neither the tables of a day nor those of quality and use.
    ShowStatistics = {
      actions   = ["s3:GetObject"]
      resources = ["${module.bucket["statistics"].arn}/public/*", "${module.bucket["statistics"].arn}/snapshots/*"]
    }
    # What was counted of each establishment, for its members.
    ShowQuality = {
      actions   = ["s3:GetObject"]
      resources = ["${module.bucket["statistics"].arn}/interne/etablissements/*"]
    }
    # Without it S3 answers 403 for one that isn't there.
    ListStatistics = {
      actions   = ["s3:ListBucket"]
      resources = [module.bucket["statistics"].arn]
    }
    ShowReports = {
      actions   = ["s3:GetObject"]
      resources = ["${module.bucket["reports"].arn}/*"]
    }
    ReadSecrets = {
      actions = ["secretsmanager:GetSecretValue"]
      resources = concat(
        [for use in ["portal", "record", "ine", "identity"] : module.hmac_secret[use].arn],
        [aws_secretsmanager_secret.ines_client.arn],
        aws_secretsmanager_secret.portal_provider[*].arn,
        aws_secretsmanager_secret.student_provider[*].arn,
      )
    }
  }
}

# The secret that the provider gave us. An operator puts the content (docs/deploying.md), never Terraform, so that no state and
# no plan holds it: {"id":"1","key":"…"}
resource "aws_secretsmanager_secret" "portal_provider" {
  #checkov:skip=CKV2_AWS_57:The provider gives the secret itself: renewed by a person
  count = var.portal_provider == null ? 0 : 1

  name                    = "${local.name}/portal-provider"
  description             = "Client secret of the portal at its OpenID Connect provider"
  kms_key_id              = aws_kms_key.data["registry"].arn
  recovery_window_in_days = var.secret_recovery_window_days

  lifecycle {
    prevent_destroy = true
  }
}

# The same of the students' provider.
resource "aws_secretsmanager_secret" "student_provider" {
  #checkov:skip=CKV2_AWS_57:The provider gives the secret itself: renewed by a person
  count = var.student_provider == null ? 0 : 1

  name                    = "${local.name}/student-provider"
  description             = "Client secret of the portal at FranceConnect, by which students log in"
  kms_key_id              = aws_kms_key.data["registry"].arn
  recovery_window_in_days = var.secret_recovery_window_days

  lifecycle {
    prevent_destroy = true
  }
}

output "portal_url" {
  description = "Address of the portal. `portal_url` with `/connexion/retour` is what the provider sends the browser back to, and `portal_url` alone where a log-out ends: register both there. At the students' provider it is `/mon-espace/connexion/retour`."
  value       = local.portal_url
}

output "members_table" {
  description = "Name of the table of the portal's members and invitations."
  value       = module.table["members"].name
}

output "portal_provider_secret_arn" {
  description = "ARN of the secret to put the provider's client secret in; empty without a provider."
  value       = one(aws_secretsmanager_secret.portal_provider[*].arn)
}

output "student_provider_secret_arn" {
  description = "ARN of the secret to put FranceConnect's client secret for the portal in; empty where students can't log in."
  value       = one(aws_secretsmanager_secret.student_provider[*].arn)
}
