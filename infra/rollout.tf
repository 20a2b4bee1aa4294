# A new version of a function takes over by weights, and gives way by itself when an alarm of the function rings. By option: the
# apply then publishes versions, and a deployment of CodeDeploy for each moves what serves (docs/deploying.md).

resource "aws_codedeploy_app" "this" {
  count = var.gradual_deployment == null ? 0 : 1

  name             = local.name
  compute_platform = "Lambda"
}

resource "aws_iam_role" "rollout" {
  count = var.gradual_deployment == null ? 0 : 1

  name                 = "${local.name}-rollout"
  description          = "CodeDeploy, which moves the aliases of functions from a version to the next"
  permissions_boundary = var.permissions_boundary

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "CodeDeploy"
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "codedeploy.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = local.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "rollout" {
  count = var.gradual_deployment == null ? 0 : 1

  name = "move-aliases"
  role = aws_iam_role.rollout[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "MoveAliases"
        Effect   = "Allow"
        Action   = ["lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias"]
        Resource = "arn:${local.partition}:lambda:${var.region}:${local.account_id}:function:${local.name}-*"
      },
      {
        # Somebody who asks for alarms by name is answered for all or for none.
        Sid      = "StopOnAlarm"
        Effect   = "Allow"
        Action   = "cloudwatch:DescribeAlarms"
        Resource = "*"
      },
    ]
  })
}
