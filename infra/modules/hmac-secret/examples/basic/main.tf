# The key of one purpose, which nobody sees.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

resource "aws_kms_key" "registry" {
  description         = "The example's secrets"
  enable_key_rotation = true
}

module "ine" {
  source = "../.."

  name                 = "example/hmac/ine"
  description          = "Keys of published answers, from an INE"
  encryption_key_arn   = aws_kms_key.registry.arn
  key_version          = 1
  recovery_window_days = 30
}

output "arn" {
  description = "ARN of the secret."
  value       = module.ine.arn
}
