# Every module has a page that tells of all its inputs and outputs, and an example that can be planned. The examples of queue,
# table and bucket are in the tests of each.

provider "aws" {
  region                      = "eu-west-3"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

run "pages" {
  command = plan

  module {
    source = "./tests/pages"
  }

  assert {
    condition     = toset(keys(output.untold)) == toset(["bucket", "depositor", "function", "hmac-secret", "queue", "table"])
    error_message = "A module is not among those that have a page and an example."
  }

  assert {
    condition     = alltrue([for names in output.untold : length(names) == 0])
    error_message = "A module's README doesn't tell of ${jsonencode({ for module, names in output.untold : module => names if length(names) > 0 })}."
  }
}

run "function_example" {
  command = plan

  module {
    source = "./modules/function/examples/basic"
  }

  override_data {
    target = data.aws_caller_identity.current
    values = { account_id = "123456789012" }
  }

  assert {
    condition     = output.environment == tomap({ STUDENTS_TABLE = "example-students" })
    error_message = "The example is not what it says."
  }
}

run "hmac_secret_example" {
  command = plan

  module {
    source = "./modules/hmac-secret/examples/basic"
  }

  # The key is drawn by AWS.
  override_module {
    target  = module.ine
    outputs = { arn = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:ine" }
  }

  assert {
    condition     = output.arn == "arn:aws:secretsmanager:eu-west-3:123456789012:secret:ine"
    error_message = "The example is not what it says."
  }
}

run "depositor_example" {
  command = plan

  module {
    source = "./modules/depositor/examples/basic"
  }

  assert {
    condition     = jsondecode(output.role_policy).Statement[0].Resource == ["arn:aws:s3:::example-inbox/0751967F/*"]
    error_message = "The example is not what it says."
  }
}
