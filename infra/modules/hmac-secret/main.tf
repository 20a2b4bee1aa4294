# An HMAC key that no person, plan or state ever holds: it is drawn, written and forgotten within one apply.

ephemeral "aws_secretsmanager_random_password" "key" {
  password_length     = 64
  exclude_punctuation = true
}

resource "aws_secretsmanager_secret" "this" {
  #checkov:skip=CKV2_AWS_57:Renewing an HMAC key means re-keying what was derived with it: planned, never scheduled
  name                    = var.name
  description             = var.description
  kms_key_id              = var.encryption_key_arn
  recovery_window_in_days = var.recovery_window_days

  lifecycle {
    # Every key of a table that was derived with it is unreachable without it.
    prevent_destroy = true
    # `rekeyed` is `statut rekey`'s, and says up to which version everything was derived again.
    ignore_changes = [tags]
  }
}

module "version" {
  source = "./version"

  name          = var.name
  key_version   = var.key_version
  rekeyed       = try(aws_secretsmanager_secret.this.tags_all["rekeyed"], null)
  rekeying      = var.rekeying
  raised_freely = var.raised_freely
}

# A new password is drawn at every run, but write-only: it is sent when the version changes, and only then.
resource "aws_secretsmanager_secret_version" "this" {
  secret_id = aws_secretsmanager_secret.this.id
  secret_string_wo = jsonencode({
    id  = tostring(module.version.allowed)
    key = ephemeral.aws_secretsmanager_random_password.key.random_password
  })
  secret_string_wo_version = module.version.allowed
}
