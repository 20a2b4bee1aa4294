# The bucket module alone, where its own resources can be seen.

provider "aws" {
  region                      = "eu-west-3"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variables {
  name    = "example-bucket"
  key_arn = "arn:aws:kms:eu-west-3:123456789012:key/files"
}

run "secure_by_default" {
  command = plan

  module {
    source = "./modules/bucket"
  }

  assert {
    condition = (
      aws_s3_bucket_public_access_block.this.block_public_acls && aws_s3_bucket_public_access_block.this.block_public_policy &&
      aws_s3_bucket_public_access_block.this.ignore_public_acls && aws_s3_bucket_public_access_block.this.restrict_public_buckets &&
      aws_s3_bucket_ownership_controls.this.rule[0].object_ownership == "BucketOwnerEnforced"
    )
    error_message = "A bucket could be made public."
  }

  assert {
    condition = alltrue([
      for rule in aws_s3_bucket_server_side_encryption_configuration.this.rule :
      rule.bucket_key_enabled && rule.apply_server_side_encryption_by_default[0].sse_algorithm == "aws:kms" &&
      rule.apply_server_side_encryption_by_default[0].kms_master_key_id == var.key_arn
    ])
    error_message = "A bucket is not encrypted with the key that it was given."
  }

  assert {
    condition = [for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement : statement] == [{
      Sid       = "TlsOnly"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = ["arn:aws:s3:::example-bucket", "arn:aws:s3:::example-bucket/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
    error_message = "A bucket answers without TLS, or its policy opens something."
  }

  assert {
    condition     = aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled" && !aws_s3_bucket.this.force_destroy
    error_message = "A bucket can lose objects: no versions, or destroyed when full."
  }

  assert {
    condition     = toset([for rule in aws_s3_bucket_lifecycle_configuration.this.rule : rule.id]) == toset(["clean-up"]) && length(aws_s3_bucket_object_lock_configuration.this) == 0
    error_message = "Objects expire, or are locked, though nobody asked for it."
  }
}

# For a service of AWS that writes, or reads, under no key of ours.
run "locked_and_for_a_service" {
  command = plan

  module {
    source = "./modules/bucket"
  }

  variables {
    encryption        = "AES256"
    key_arn           = null
    locked_days       = 180
    expire_after_days = 181
    only_writer       = "arn:aws:iam::123456789012:role/copy"
  }

  assert {
    condition     = aws_s3_bucket.this.object_lock_enabled && output.settings.locked.mode == "COMPLIANCE" && output.settings.locked.days == 180
    error_message = "What is locked can be changed, or for less time than was asked."
  }

  assert {
    condition = anytrue([
      for statement in jsondecode(aws_s3_bucket_policy.this.policy).Statement :
      statement.Effect == "Deny" && contains(flatten([statement.Action]), "s3:PutObject") &&
      try(statement.Condition.ArnNotEquals["aws:PrincipalArn"] == var.only_writer, false)
    ])
    error_message = "Another than the one writer may put objects."
  }

  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256"
    error_message = "A service of AWS can't read what is under a key of ours."
  }
}

run "refused" {
  command = plan

  module {
    source = "./tests/inputs/bucket"
  }

  variables {
    name          = "example.bucket"
    encryption    = "none"
    locked_days   = 180
    force_destroy = true

    noncurrent_version_retention_days = 0
  }

  expect_failures = [var.name, var.encryption, var.locked_days, var.noncurrent_version_retention_days]
}

run "expires_while_locked" {
  command = plan

  module {
    source = "./tests/inputs/bucket"
  }

  variables {
    locked_days       = 180
    expire_after_days = 180
  }

  expect_failures = [var.expire_after_days]
}

run "posted_to_by_pages" {
  command = plan

  module {
    source = "./modules/bucket"
  }

  variables {
    forms_from = ["https://portail.example"]
  }

  assert {
    condition = alltrue([
      for rule in aws_s3_bucket_cors_configuration.this[0].cors_rule :
      rule.allowed_methods == toset(["POST"]) && rule.allowed_origins == toset(["https://portail.example"])
    ])
    error_message = "Scripts of other pages reach the bucket, or do more than post forms."
  }
}
