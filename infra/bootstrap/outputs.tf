output "state_bucket" {
  description = "Bucket of the states, for -backend-config=\"bucket=…\"."
  value       = aws_s3_bucket.this["states"].id
}

output "deployer_role" {
  description = "Role that applies the stack; also one of its key_administrators."
  value       = aws_iam_role.deployer.arn
}

output "permissions_boundary" {
  description = "The stack's permissions_boundary."
  value       = aws_iam_policy.boundary.arn
}
