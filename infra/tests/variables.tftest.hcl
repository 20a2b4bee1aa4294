# Values that would weaken the stack, or only fail once half of it is deployed, are refused at the plan.

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

override_module {
  target  = module.hmac_secret
  outputs = { arn = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:mock" }
}

variables {
  environment  = "test"
  packages_dir = "./tests/packages"
}

run "traces_kept_less_than_six_months" {
  command = plan

  variables {
    access_log_retention_days = 179
  }

  expect_failures = [var.access_log_retention_days]
}

run "traces_kept_more_than_a_year" {
  command = plan

  variables {
    access_log_retention_days = 366
  }

  expect_failures = [var.access_log_retention_days]
}

run "cells_of_two_people_published" {
  command = plan

  variables {
    suppression_threshold = 2
  }

  expect_failures = [var.suppression_threshold]
}

run "data_outside_the_union" {
  command = plan

  variables {
    region = "us-east-1"
  }

  expect_failures = [var.region]
}

run "functions_not_built" {
  command = plan

  variables {
    packages_dir = "./tests"
  }

  expect_failures = [var.packages_dir]
}

run "unknown_architecture" {
  command = plan

  variables {
    architecture = "aarch64"
  }

  expect_failures = [var.architecture]
}

run "function_switched_off" {
  command = plan

  variables {
    reserved_concurrency = { status = 0 }
  }

  expect_failures = [var.reserved_concurrency]
}

run "queue_throttled_by_its_function" {
  command = plan

  variables {
    identity_maximum_concurrency = 20
    reserved_concurrency         = { deduplication = 10 }
  }

  expect_failures = [var.identity_maximum_concurrency]
}

run "api_without_a_limit" {
  command = plan

  variables {
    api_throttling = { rate_limit = -1 }
  }

  expect_failures = [var.api_throttling]
}

run "names_too_long_for_a_bucket" {
  command = plan

  variables {
    name_prefix = "statut-national-de-l-etudiant"
  }

  expect_failures = [var.name_prefix]
}
