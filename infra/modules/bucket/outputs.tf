output "name" {
  description = "Name of the bucket."
  value       = aws_s3_bucket.this.bucket
}

output "arn" {
  description = "ARN of the bucket, known at the plan."
  value       = local.arn
}

output "settings" {
  description = "How the bucket is planned: what the tests of a stack compare."
  value = {
    key_arn           = one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).kms_master_key_id
    force_destroy     = aws_s3_bucket.this.force_destroy
    expire_after_days = one([for rule in aws_s3_bucket_lifecycle_configuration.this.rule : one(rule.expiration).days if rule.id == "expire"])
    locked            = one([for lock in aws_s3_bucket_object_lock_configuration.this : one(one(lock.rule).default_retention)])
    policy            = aws_s3_bucket_policy.this.policy
  }
}
