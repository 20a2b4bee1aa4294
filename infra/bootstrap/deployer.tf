# The role that applies the stack, and what bounds every role that the stack makes: whoever deploys can't make one that may do
# more than this, nor take the boundary off.

resource "aws_iam_policy" "boundary" {
  #checkov:skip=CKV_AWS_355:A boundary gives nothing: roles name their resources, and may do what both say
  #checkov:skip=CKV_AWS_290:A boundary gives nothing: roles name their resources, and may do what both say
  #checkov:skip=CKV_AWS_289:A boundary gives nothing, and holds no action of IAM
  #checkov:skip=CKV_AWS_286:A boundary gives nothing, and holds no action of IAM
  name        = "${var.name_prefix}-boundary"
  description = "The most that any role of ${var.name_prefix} may do"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "WhatFunctionsAndPeopleUse"
        Effect = "Allow"
        Action = [
          "cloudwatch:*", "dynamodb:*", "firehose:PutRecord*", "kms:Decrypt", "kms:GenerateDataKey*", "lambda:*", "logs:*", "s3:*", "secretsmanager:*",
          "sns:Publish", "sqs:*", "xray:Put*",
        ]
        Resource = "*"
      },
      {
        Sid      = "NothingOutsideTheRegion"
        Effect   = "Deny"
        Action   = ["dynamodb:*", "s3:*", "secretsmanager:*", "sqs:*"]
        Resource = "*"
        Condition = {
          StringNotEquals = { "aws:RequestedRegion" = var.region }
        }
      },
      {
        Sid      = "NeitherTablesNorKeysAreDeleted"
        Effect   = "Deny"
        Action   = ["dynamodb:DeleteTable", "dynamodb:DeleteBackup", "secretsmanager:DeleteSecret", "s3:DeleteBucket", "lambda:AddPermission"]
        Resource = "*"
      },
    ]
  })
}

resource "aws_iam_role" "deployer" {
  name                 = "${var.name_prefix}-deployer"
  description          = "Applies the stack"
  max_session_duration = 2 * 60 * 60

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = var.deployers }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "deployer" {
  #checkov:skip=CKV_AWS_355:It makes what has no name yet; roles are the exception, and are bounded
  #checkov:skip=CKV_AWS_290:It makes what has no name yet; roles are the exception, and are bounded
  #checkov:skip=CKV_AWS_289:Roles are made under the boundary alone
  #checkov:skip=CKV_AWS_286:Roles are made under the boundary alone
  #checkov:skip=CKV_AWS_287:It writes secrets without reading what is in them, but for the random password that it draws
  #checkov:skip=CKV_AWS_288:Data are not among its actions: neither items, nor messages, nor objects but the states and certificates of authorities, which are public
  name = "deploy"
  role = aws_iam_role.deployer.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "Services"
        Effect = "Allow"
        Action = [
          "acm:DescribeCertificate", "apigateway:*", "cloudwatch:*Alarm*", "cloudwatch:*Dashboard*", "cloudwatch:*Tag*",
          "cloudwatch:ListTagsForResource",
          "codedeploy:*Application*", "codedeploy:*Deployment*", "codedeploy:*Tag*",
          "dynamodb:*Table*", "dynamodb:*ContinuousBackups*", "dynamodb:*TimeToLive*", "dynamodb:*Tag*",
          "events:*Rule*", "events:*Tag*", "firehose:*DeliveryStream*", "firehose:*Tag*", "firehose:UpdateDestination",
          "lambda:*", "logs:*LogGroup*", "logs:*LogStream*", "logs:*MetricFilter*", "logs:*RetentionPolicy*", "logs:*Tag*",
          "logs:AssociateKmsKey", "pipes:*Pipe*", "pipes:*Tag*",
          # What the firewall asks of whoever has it write its log.
          "logs:*LogDelivery*", "logs:*ResourcePolic*",
          "scheduler:*Schedule*", "scheduler:*Tag*",
          "secretsmanager:CreateSecret", "secretsmanager:DescribeSecret", "secretsmanager:GetRandomPassword",
          "secretsmanager:GetResourcePolicy", "secretsmanager:PutSecretValue", "secretsmanager:TagResource",
          "secretsmanager:UpdateSecret",
          "servicequotas:GetServiceQuota", "sns:*Topic*", "sns:*Tag*", "sns:*ubscri*", "sqs:*Queue*", "sqs:*Tag*", "wafv2:*",
        ]
        Resource = "*"
        Condition = {
          StringEquals = { "aws:RequestedRegion" = var.region }
        }
      },
      {
        Sid      = "Buckets"
        Effect   = "Allow"
        Action   = ["s3:*Bucket*", "s3:*Configuration*"]
        Resource = "arn:${local.partition}:s3:::${var.name_prefix}-*"
      },
      {
        Sid      = "States"
        Effect   = "Allow"
        Action   = ["s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject"]
        Resource = [aws_s3_bucket.this["states"].arn, "${aws_s3_bucket.this["states"].arn}/*"]
      },
      {
        # The authorities whose certificates establishments show: the gateway reads them in the deployer's name.
        Sid      = "CertificateAuthorities"
        Effect   = "Allow"
        Action   = ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObject", "s3:GetObjectTagging", "s3:GetObjectVersion", "s3:ListBucket", "s3:PutObject", "s3:PutObjectTagging"]
        Resource = [for path in ["", "/*"] : "arn:${local.partition}:s3:::${var.name_prefix}-*-truststore-${local.account_id}${path}"]
      },
      {
        Sid    = "Keys"
        Effect = "Allow"
        Action = [
          "kms:CreateAlias", "kms:CreateKey", "kms:DeleteAlias", "kms:Describe*", "kms:EnableKeyRotation", "kms:Get*", "kms:List*",
          "kms:PutKeyPolicy", "kms:TagResource", "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription",
        ]
        Resource = "*"
      },
      {
        # DynamoDB makes its grant in the name of whoever creates the table.
        Sid       = "GrantKeysToServices"
        Effect    = "Allow"
        Action    = ["kms:CreateGrant"]
        Resource  = "*"
        Condition = { Bool = { "kms:GrantIsForAWSResource" = "true" } }
      },
      {
        # The states, and the secrets below.
        Sid       = "UseKeysThroughServices"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = "*"
        Condition = { StringEquals = { "kms:ViaService" = ["s3.${var.region}.amazonaws.com", "secretsmanager.${var.region}.amazonaws.com"] } }
      },
      {
        # The provider looks at the version of a secret by reading it, though it keeps nothing of it: these are drawn by Terraform
        # and are the only ones. Without the tables, a key of HMACs tells of nobody.
        Sid    = "RefreshDrawnSecrets"
        Effect = "Allow"
        Action = ["secretsmanager:GetSecretValue"]
        Resource = [
          for kind in ["hmac", "ines"] :
          "arn:${local.partition}:secretsmanager:${var.region}:${local.account_id}:secret:${var.name_prefix}-*/${kind}/*"
        ]
      },
      {
        Sid      = "RolesUnderTheBoundary"
        Effect   = "Allow"
        Action   = ["iam:AttachRolePolicy", "iam:CreateRole", "iam:DetachRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"]
        Resource = "arn:${local.partition}:iam::${local.account_id}:role/${var.name_prefix}-*"
        Condition = {
          StringEquals = { "iam:PermissionsBoundary" = aws_iam_policy.boundary.arn }
        }
      },
      {
        Sid    = "RolesAsTheyAre"
        Effect = "Allow"
        Action = [
          "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies",
          "iam:ListInstanceProfilesForRole", "iam:ListRolePolicies", "iam:TagRole", "iam:UntagRole",
          "iam:UpdateAssumeRolePolicy", "iam:UpdateRole", "iam:UpdateRoleDescription",
        ]
        Resource = "arn:${local.partition}:iam::${local.account_id}:role/${var.name_prefix}-*"
      },
      {
        Sid      = "GiveRolesToServices"
        Effect   = "Allow"
        Action   = ["iam:PassRole"]
        Resource = "arn:${local.partition}:iam::${local.account_id}:role/${var.name_prefix}-*"
        Condition = {
          StringEquals = { "iam:PassedToService" = ["apigateway.amazonaws.com", "codedeploy.amazonaws.com", "firehose.amazonaws.com", "lambda.amazonaws.com", "pipes.amazonaws.com", "scheduler.amazonaws.com"] }
        }
      },
      {
        # Its own role and what bounds the others are the owner's to change.
        Sid    = "NeitherItselfNorTheBoundary"
        Effect = "Deny"
        Action = ["iam:*"]
        Resource = [
          "arn:${local.partition}:iam::${local.account_id}:role/${var.name_prefix}-deployer",
          "arn:${local.partition}:iam::${local.account_id}:role/${var.name_prefix}-api-logs",
          aws_iam_policy.boundary.arn,
        ]
      },
    ]
  })
}
