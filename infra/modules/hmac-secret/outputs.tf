output "arn" {
  description = "ARN of the secret."
  value       = aws_secretsmanager_secret.this.arn

  # Whoever reads the secret comes after its first value.
  depends_on = [aws_secretsmanager_secret_version.this]
}
