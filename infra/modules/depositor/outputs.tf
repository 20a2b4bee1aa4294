output "role_arn" {
  description = "ARN of the role: what the establishment takes."
  value       = aws_iam_role.this.arn
}

output "policy" {
  description = "What the role may do, as the JSON of its policy."
  value       = aws_iam_role_policy.this.policy
}

output "trust" {
  description = "Who may take the role, as the JSON of its trust policy."
  value       = aws_iam_role.this.assume_role_policy
}
