# A bucket whose objects expire, and one that keeps a copy which nobody can change for half a year.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

resource "aws_kms_key" "files" {
  description         = "What the example's buckets hold"
  enable_key_rotation = true
}

module "reports" {
  source = "../.."

  name              = "example-reports-123456789012"
  key_arn           = aws_kms_key.files.arn
  expire_after_days = 365
}

module "copy" {
  source = "../.."

  name              = "example-copy-123456789012"
  key_arn           = aws_kms_key.files.arn
  locked_days       = 180
  expire_after_days = 181
  only_writer       = "arn:aws:iam::123456789012:role/example-copy"
}

output "locked" {
  description = "How the copy is locked."
  value       = module.copy.settings.locked
}
