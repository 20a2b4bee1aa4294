# How new versions take over, by option.

provider "aws" {
  region                      = "eu-west-3"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

override_data {
  target = data.aws_caller_identity.current
  values = { account_id = "123456789012" }
}

override_data {
  target = data.aws_servicequotas_service_quota.lambda_concurrency
  values = { value = 1000 }
}

override_module {
  target  = module.hmac_secret["record"]
  outputs = { arn = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:record" }
}

override_module {
  target  = module.hmac_secret["ine"]
  outputs = { arn = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:ine" }
}

override_module {
  target  = module.hmac_secret["identity"]
  outputs = { arn = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:identity" }
}

override_module {
  target  = module.hmac_secret["portal"]
  outputs = { arn = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:portal" }
}

override_module {
  target  = module.ines_secret["ine"]
  outputs = { arn = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:ines-ine" }
}

override_module {
  target  = module.ines_secret["identity"]
  outputs = { arn = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:ines-identity" }
}

override_module {
  target  = module.ines_secret["token"]
  outputs = { arn = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:ines-token" }
}

override_resource {
  target          = module.identity_queue.aws_sqs_queue.work
  override_during = plan
  values          = { url = "https://sqs.eu-west-3.amazonaws.com/123456789012/statut-etudiant-test-identity" }
}

variables {
  environment  = "test"
  packages_dir = "./tests/packages"
  alarm_email  = "exploitation@example.org"
  api_domain   = { name = "api.example.org", certificate_arn = "arn:aws:acm:eu-west-3:123456789012:certificate/api" }
  ines_domain  = { name = "ines.example.org", certificate_arn = "arn:aws:acm:eu-west-3:123456789012:certificate/ines" }
}

run "gradually" {
  command = plan

  variables {
    gradual_deployment = "CodeDeployDefault.LambdaLinear10PercentEvery1Minute"
  }

  assert {
    condition     = aws_codedeploy_app.this[0].compute_platform == "Lambda"
    error_message = "CodeDeploy moves aliases of Lambda."
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_iam_role_policy.rollout[0].policy).Statement :
      statement.Sid == "StopOnAlarm" || (strcontains(statement.Resource, ":function:statut-etudiant-test-*") && !contains(flatten([statement.Action]), "lambda:InvokeFunction"))
    ])
    error_message = "The role moves the stack's own aliases, and calls nothing."
  }
}

run "not_to_what_codedeploy_does_not_know" {
  command = plan

  variables {
    gradual_deployment = "CodeDeployDefault.LambdaCanary10Percent7Minutes"
  }

  expect_failures = [var.gradual_deployment]
}

run "not_without_alarms" {
  command = plan

  variables {
    gradual_deployment  = "CodeDeployDefault.LambdaAllAtOnce"
    alarms_enabled      = false
    holds_real_students = false
  }

  expect_failures = [var.gradual_deployment]
}
