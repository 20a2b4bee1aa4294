output "name" {
  description = "Name of the table."
  value       = aws_dynamodb_table.this.name
}

output "arn" {
  description = "ARN of the table, known at the plan."
  value       = "arn:${data.aws_partition.current.partition}:dynamodb:${data.aws_region.current.name}:${var.account_id}:table/${aws_dynamodb_table.this.name}"
}

output "stream_arn" {
  description = "ARN of the stream, known once it is there. Null without one."
  value       = var.stream_enabled ? aws_dynamodb_table.this.stream_arn : null
}

output "settings" {
  description = "How the table is planned: what the tests of a stack compare."
  value = {
    key         = join(" ", compact([aws_dynamodb_table.this.hash_key, aws_dynamodb_table.this.range_key]))
    indexes     = { for index in aws_dynamodb_table.this.global_secondary_index : index.name => "${index.hash_key} ${index.range_key} ${index.projection_type}" }
    expires_by  = var.expires ? one([for ttl in aws_dynamodb_table.this.ttl : ttl.attribute_name if ttl.enabled]) : null
    recoverable = aws_dynamodb_table.this.point_in_time_recovery[0].enabled
    protected   = aws_dynamodb_table.this.deletion_protection_enabled
    key_arn     = one([for encryption in aws_dynamodb_table.this.server_side_encryption : encryption.kms_key_arn if encryption.enabled])
    stream      = aws_dynamodb_table.this.stream_enabled ? aws_dynamodb_table.this.stream_view_type : null
  }
}

output "alarm_names" {
  description = "Names of the table's alarms."
  value       = aws_cloudwatch_metric_alarm.throttled[*].alarm_name
}
