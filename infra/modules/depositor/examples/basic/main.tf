# An establishment that sends files from an account of its own.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

module "university" {
  source = "../.."

  name        = "example-depot-0751967f"
  uai         = "0751967F"
  principal   = "arn:aws:iam::111122223333:role/scolarite"
  external_id = "agreed-with-the-establishment"
  inbox_arn   = "arn:aws:s3:::example-inbox"
  key_arn     = "arn:aws:kms:eu-west-3:123456789012:key/files"
}

output "role_policy" {
  description = "What the establishment may do."
  value       = module.university.policy
}
