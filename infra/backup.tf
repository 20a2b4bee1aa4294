# Copies of the tables in another account, by option: what is left when this account is lost, or whoever owns it wants it lost.
# Mistakes within the account are for the tables' own recovery of 35 days (docs/runbook.md, "Restore").

locals {
  # Traces have a copy of their own (access_log_copy.tf), and what has no recovery is of some hours.
  backed_up_tables = {
    for name, table in merge(module.table, module.ines_table) : name => table
    if try(merge(local.tables, local.ines_tables)[name].recoverable, true) && !contains(["access_log", "ines_log"], name)
  }
  backups = var.backup == null ? {} : { daily = var.backup }
}

# Of this account, from where copies go. What is here is gone after a week.
resource "aws_backup_vault" "this" {
  for_each = local.backups

  name        = local.name
  kms_key_arn = aws_kms_key.data["registry"].arn
}

resource "aws_backup_plan" "this" {
  for_each = local.backups

  name = local.name

  rule {
    rule_name         = each.key
    target_vault_name = aws_backup_vault.this[each.key].name
    # After the night's statistics, before anybody works.
    schedule = "cron(0 4 * * ? *)"

    lifecycle {
      delete_after = min(7, each.value.days)
    }

    copy_action {
      destination_vault_arn = each.value.vault_arn

      lifecycle {
        delete_after = each.value.days
      }
    }
  }
}

resource "aws_backup_selection" "this" {
  for_each = local.backups

  name         = local.name
  plan_id      = aws_backup_plan.this[each.key].id
  iam_role_arn = aws_iam_role.backup[each.key].arn
  resources    = [for table in local.backed_up_tables : table.arn]
}

resource "aws_iam_role" "backup" {
  for_each = local.backups

  name                 = "${local.name}-backup"
  description          = "Backs the tables up, and copies what it made"
  permissions_boundary = var.permissions_boundary

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "backup.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account_id } }
    }]
  })
}

# What AWS Backup asks for is AWS's to say, and changes with the service.
resource "aws_iam_role_policy_attachment" "backup" {
  for_each = local.backups

  role       = aws_iam_role.backup[each.key].name
  policy_arn = "arn:${local.partition}:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"
}
