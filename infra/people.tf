# People. Each role is for one kind of person, who has shown a second factor to AWS or to the directory; what it may do is what docs/runbook.md asks of
# that person, and no more. Nobody has one unless it is asked for.

locals {
  table_arns = { for name, table in merge(module.table, module.ines_table) : name => table.arn }

  people = {
    operator = {
      description = "Clients, establishments, imports and dead letters; reads no student and no trace"
      principals  = var.operators
      statements = {
        Clients         = { actions = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Scan"], resources = [local.table_arns["clients"]] }
        NoteWithdrawals = { actions = ["dynamodb:PutItem"], resources = [local.table_arns["withdrawals"]] }
        Establishments  = { actions = ["dynamodb:GetItem", "dynamodb:Scan", "dynamodb:UpdateItem"], resources = [local.table_arns["establishments"]] }
        Quotas          = { actions = ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:UpdateItem"], resources = [local.table_arns["quotas"]] }
        FollowImports   = { actions = ["dynamodb:GetItem"], resources = [local.table_arns["imports"]] }
        ReadReports     = { actions = ["s3:GetObject"], resources = ["${module.bucket["reports"].arn}/*"] }
        ReadStatistics  = { actions = ["s3:GetObject"], resources = ["${module.bucket["statistics"].arn}/*"] }
        ReplayImports   = { actions = ["s3:GetObjectVersion", "s3:PutObject"], resources = ["${module.bucket["inbox"].arn}/*"] }
        ReadDeadLetters = { actions = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ReceiveMessage"], resources = local.dead_letter_arns }
        Redrive         = { actions = ["sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:SendMessage"], resources = [module.identity_queue.arn, module.imports_queue.arn] }
        ReadRetention   = { actions = ["dynamodb:Query"], resources = [local.table_arns["retention"]] }
        RunRetention    = { actions = ["lambda:InvokeFunction"], resources = [module.retention.alias_arn] }
        RunStatistics   = { actions = ["lambda:InvokeFunction"], resources = [module.statistics.alias_arn] }
        ReadLogs        = { actions = ["logs:FilterLogEvents", "logs:GetLogEvents", "logs:StartQuery"], resources = [for group in ["/aws/*/${local.name}*", "${local.firewall_log_group}*"] : "arn:${local.partition}:logs:${var.region}:${local.account_id}:log-group:${group}"] }
        ReadDashboards  = { actions = ["cloudwatch:GetDashboard"], resources = [for dashboard in local.dashboards : "arn:${local.partition}:cloudwatch::${local.account_id}:dashboard/${dashboard.name}"] }
        # These have no resource to name, or are asked without one: a list of alarms, a query by its id, which StartQuery gave.
        Watch = { actions = ["cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData", "logs:GetQueryResults", "s3:ListAllMyBuckets"], resources = ["*"] }
      }
      keys = {
        registry = { actions = ["kms:Decrypt", "kms:GenerateDataKey"], services = ["dynamodb", "sqs"] }
        files    = { actions = ["kms:Decrypt", "kms:GenerateDataKey"], services = ["s3", "sqs"] }
      }
    }
    dpo = {
      description = "The access log, what finds a person in it, and legal holds; changes nothing else"
      principals  = var.data_protection_officers
      statements = merge(
        {
          ReadAccesses = { actions = ["dynamodb:GetItem", "dynamodb:Query"], resources = [local.table_arns["access_log"], "${local.table_arns["access_log"]}/index/client"] }
          FindStudents = { actions = ["dynamodb:GetItem", "dynamodb:Query"], resources = [local.table_arns["students"]] }
          ReadRecords  = { actions = ["dynamodb:GetItem"], resources = [local.table_arns["records"]] }
          NameClients  = { actions = ["dynamodb:GetItem"], resources = [local.table_arns["clients"]] }
          HoldStudents = { actions = ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"], resources = [local.table_arns["retention"]] }
          ReadInes     = { actions = ["secretsmanager:GetSecretValue"], resources = [module.hmac_secret["ine"].arn] }
        },
        # The copy that nobody can change, and what it is compared with.
        local.access_log_copied ? {
          CompareTraces = { actions = ["dynamodb:Scan"], resources = [for table in local.copied_tables : table.arn] }
          ReadCopies    = { actions = ["s3:GetObject", "s3:GetObjectRetention", "s3:GetObjectVersion"], resources = [for bucket in module.access_log_copy : "${bucket.arn}/*"] }
          ListCopies    = { actions = ["s3:ListBucket", "s3:ListBucketVersions"], resources = module.access_log_copy[*].arn }
        } : {},
        { for arn in [for name, arn in local.table_arns : arn if name == "ines_log"] : "ReadInesAccesses" => { actions = ["dynamodb:GetItem", "dynamodb:Query"], resources = [arn] } },
      )
      keys = {
        registry   = { actions = ["kms:Decrypt"], services = ["dynamodb", "secretsmanager"] }
        access_log = { actions = ["kms:Decrypt"], services = ["dynamodb", "s3"] }
      }
    }
    break-glass = {
      description = "Everything that the stack holds, for an hour, when nothing else helps"
      principals  = var.break_glass
      statements = {
        # Not to write over who consulted whom.
        Tables = {
          actions   = ["dynamodb:DeleteItem", "dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:UpdateItem"]
          resources = flatten([for name, arn in local.table_arns : [arn, "${arn}/index/*"] if !contains(["access_log", "ines_log"], name)])
        }
        # A restore under the same name deletes the table first, once its backup is there (docs/runbook.md). Never a table of traces.
        # What is restored is written in the name of whoever asks for it.
        Restore = {
          actions = [
            "dynamodb:BatchWriteItem", "dynamodb:CreateBackup", "dynamodb:DeleteTable", "dynamodb:DescribeBackup", "dynamodb:RestoreTableFromBackup",
            "dynamodb:RestoreTableToPointInTime", "dynamodb:UpdateTable",
          ]
          resources = flatten([for table in local.backed_up_tables : [table.arn, "${table.arn}/backup/*", "${table.arn}-at-*"]])
        }
        RestoredBeside = {
          actions   = ["dynamodb:DeleteItem", "dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:UpdateItem"]
          resources = [for table in local.backed_up_tables : "${table.arn}-at-*"]
        }
        # A list has no resource to name.
        ListBackups = { actions = ["dynamodb:ListBackups"], resources = ["*"] }
        Accesses = {
          actions   = ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan"]
          resources = [for name, arn in local.table_arns : arn if contains(["access_log", "ines_log"], name)]
        }
        Objects = { actions = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"], resources = [for bucket in module.bucket : "${bucket.arn}/*"] }
        Buckets = { actions = ["s3:ListBucket", "s3:ListBucketVersions"], resources = values(module.bucket)[*].arn }
        Queues = {
          actions   = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ReceiveMessage", "sqs:SendMessage"]
          resources = concat(local.dead_letter_arns, [module.identity_queue.arn, module.imports_queue.arn])
        }
        Secrets = {
          actions   = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "secretsmanager:RestoreSecret", "secretsmanager:TagResource"]
          resources = ["arn:${local.partition}:secretsmanager:${var.region}:${local.account_id}:secret:${local.name}/*"]
        }
        RollBack = {
          actions   = ["lambda:GetAlias", "lambda:InvokeFunction", "lambda:ListVersionsByFunction", "lambda:UpdateAlias"]
          resources = flatten([for function in local.functions : [function.function_arn, "${function.function_arn}:*"]])
        }
      }
      keys = {
        # A table that is restored under a key is given a grant of it.
        for name in keys(local.keys) : name => {
          actions  = concat(["kms:Decrypt", "kms:GenerateDataKey"], name == "registry" ? ["kms:CreateGrant", "kms:DescribeKey"] : [])
          services = ["dynamodb", "s3", "secretsmanager", "sqs"]
        }
      }
    }
  }
}

resource "aws_iam_role" "person" {
  for_each = { for name, person in local.people : name => person if length(person.principals) > 0 }

  name                 = "${local.name}-${each.key}"
  description          = each.value.description
  max_session_duration = 60 * 60
  permissions_boundary = var.permissions_boundary

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      # A user shows the second factor to AWS; a role of a single sign-on was given for the one that the directory asked for, and
      # its sessions carry no mark of it.
      for kind, condition in { user = { Bool = { "aws:MultiFactorAuthPresent" = "true" } }, role = {} } : merge(
        {
          Effect    = "Allow"
          Principal = { AWS = [for arn in each.value.principals : arn if strcontains(arn, ":${kind}/")] }
          Action    = "sts:AssumeRole"
        },
        { for operator, keys in condition : "Condition" => { (operator) = keys } },
      ) if anytrue([for arn in each.value.principals : strcontains(arn, ":${kind}/")])
    ]
  })
}

resource "aws_iam_role_policy" "person" {
  for_each = aws_iam_role.person

  name = "person"
  role = each.value.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        for sid, statement in local.people[each.key].statements :
        { Sid = sid, Effect = "Allow", Action = statement.actions, Resource = statement.resources }
      ],
      [
        for key, use in local.people[each.key].keys : {
          Sid      = "Use${replace(title(replace(key, "_", " ")), " ", "")}Key"
          Effect   = "Allow"
          Action   = use.actions
          Resource = [aws_kms_key.data[key].arn]
          # Through the services that hold what the role may read, and not by itself.
          Condition = { StringEquals = { "kms:ViaService" = [for service in use.services : "${service}.${var.region}.amazonaws.com"] } }
        }
      ],
    )
  })
}

output "people_roles" {
  description = "Role of each kind of person that has one: operator, dpo, break-glass."
  value       = { for name, role in aws_iam_role.person : name => role.arn }
}
