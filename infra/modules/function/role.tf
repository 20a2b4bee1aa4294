# Written with jsonencode rather than a policy document data source, which a mocked provider would not render: the tests
# read this policy.

locals {
  dead_letter_queue = var.asynchronous[*].dead_letter_queue_arn

  # SQS takes both to send an encrypted message. Dead-letter queues are encrypted with the registry's key.
  queue_encryption = { for queue in local.dead_letter_queue : "registry" => toset(["sqs"]) }

  key_uses = flatten([
    for key, arn in var.platform.key_arns : [
      for use in [
        { sid = "Decrypt", action = "kms:Decrypt", services = try(var.key_use[key].decrypt, []) },
        { sid = "GenerateKeys", action = "kms:GenerateDataKey", services = try(var.key_use[key].generate, []) },
      ] :
      {
        sid      = "${use.sid}Of${replace(title(replace(key, "_", " ")), " ", "")}"
        action   = use.action
        arn      = arn
        services = setunion(use.services, try(local.queue_encryption[key], []))
      }
    ]
  ])

  key_statements = [
    for use in local.key_uses :
    {
      Sid      = use.sid
      Effect   = "Allow"
      Action   = [use.action]
      Resource = [use.arn]
      # Only through the services that store our data: the function itself cannot ask the key for anything.
      Condition = {
        StringEquals = {
          "kms:ViaService" = [for service in use.services : "${service}.${data.aws_region.current.name}.amazonaws.com"]
        }
      }
    }
    if length(use.services) > 0
  ]

  statements = concat(
    [
      for sid, statement in var.statements : {
        Sid      = sid
        Effect   = "Allow"
        Action   = statement.actions
        Resource = statement.resources
      }
    ],
    local.key_statements,
    [
      for queue in local.dead_letter_queue : {
        Sid      = "LeaveDeadLetters"
        Effect   = "Allow"
        Action   = ["sqs:SendMessage"]
        Resource = [queue]
      }
    ],
    [
      {
        Sid      = "WriteLogs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${local.log_group_arn}:*"] # Lambda names the streams.
      },
      {
        # X-Ray has no resource to name.
        Sid      = "WriteTraces"
        Effect   = "Allow"
        Action   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
        Resource = ["*"]
      },
    ],
  )
}

resource "aws_iam_role" "this" {
  name                 = var.name
  description          = "Runs the function ${var.name}"
  permissions_boundary = var.platform.permissions_boundary

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "function"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = local.statements
  })
}
