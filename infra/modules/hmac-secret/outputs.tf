# Of the version, so that whoever reads the secret comes after its first value.
output "arn" {
  description = "ARN of the secret."
  value       = aws_secretsmanager_secret_version.this.arn
}
