# What an account needs before the stack.

provider "aws" {
  region                      = "eu-west-3"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

run "bootstrap" {
  command = plan

  module {
    source = "./bootstrap"
  }

  override_data {
    target = data.aws_caller_identity.current
    values = { account_id = "123456789012" }
  }

  override_resource {
    target          = aws_iam_policy.boundary
    override_during = plan
    values          = { arn = "arn:aws:iam::123456789012:policy/statut-etudiant-boundary" }
  }

  override_resource {
    target          = aws_s3_bucket.this
    override_during = plan
    values          = { arn = "arn:aws:s3:::bucket" }
  }

  override_resource {
    target          = aws_kms_key.states
    override_during = plan
    values          = { arn = "arn:aws:kms:eu-west-3:123456789012:key/states" }
  }

  variables {
    deployers = ["arn:aws:iam::123456789012:role/pipeline"]
  }

  assert {
    condition = alltrue([for bucket in keys(aws_s3_bucket.this) : (
      aws_s3_bucket_versioning.this[bucket].versioning_configuration[0].status == "Enabled" &&
      aws_s3_bucket_public_access_block.this[bucket].restrict_public_buckets
    )]) && toset(values(aws_s3_bucket.this)[*].bucket) == toset(["statut-etudiant-states-123456789012", "statut-etudiant-trail-123456789012"])
    error_message = "A state can be lost or read by anybody."
  }

  # Whoever deploys makes roles under the boundary alone, and changes neither that nor its own.
  assert {
    condition = alltrue([
      for statement in jsondecode(aws_iam_role_policy.deployer.policy).Statement :
      try(statement.Condition.StringEquals["iam:PermissionsBoundary"], "") == aws_iam_policy.boundary.arn
      if statement.Effect == "Allow" && length(setintersection(statement.Action, ["iam:AttachRolePolicy", "iam:CreateRole", "iam:PutRolePolicy"])) > 0
      ]) && anytrue([
      for statement in jsondecode(aws_iam_role_policy.deployer.policy).Statement :
      statement.Effect == "Deny" && statement.Action == ["iam:*"] && contains(flatten([statement.Resource]), aws_iam_policy.boundary.arn)
    ])
    error_message = "Whoever deploys may give itself, or a role that it makes, more than the boundary."
  }

  # Neither students nor traces: no item, no message, no object but the states.
  assert {
    condition = !anytrue(flatten([
      for statement in jsondecode(aws_iam_role_policy.deployer.policy).Statement : [
        for action in statement.Action : contains(["dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:*", "sqs:ReceiveMessage", "sqs:*", "secretsmanager:*", "s3:*"], action) ||
        (action == "secretsmanager:GetSecretValue" && contains(flatten([statement.Resource]), "*"))
      ] if statement.Effect == "Allow"
    ]))
    error_message = "Whoever deploys reads what is deployed."
  }

  # Instead of server access logs, for every bucket of the project but the one that this is written to.
  assert {
    condition = one(flatten([
      for selector in aws_cloudtrail.this.advanced_event_selector : [
        for field in selector.field_selector : "${join(" ", field.starts_with)} but ${join(" ", field.not_starts_with)}" if field.field == "resources.ARN"
      ]
    ])) == "arn:aws:s3:::statut-etudiant- but arn:aws:s3:::statut-etudiant-trail-123456789012/"
    error_message = "Nobody is told who read a bucket, or the trail tells of itself without end."
  }

  # What the stack makes, whoever deploys may make: each of its services is among the actions.
  assert {
    condition = length(setsubtract(
      ["apigateway", "cloudwatch", "codedeploy", "dynamodb", "events", "firehose", "kms", "lambda", "logs", "pipes", "s3", "scheduler", "secretsmanager", "sns", "sqs", "wafv2"],
      flatten([for statement in jsondecode(aws_iam_role_policy.deployer.policy).Statement : [for action in statement.Action : split(":", action)[0]] if statement.Effect == "Allow"])
    )) == 0
    error_message = "Whoever deploys can't make what is described."
  }

  assert {
    condition     = aws_cloudtrail.this.enable_log_file_validation && aws_cloudtrail.this.is_multi_region_trail
    error_message = "The alarms on keys and on the break-glass role have nothing to live on."
  }
}
