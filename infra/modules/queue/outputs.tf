output "name" {
  description = "Name of the queue of work. Null without a consumer, as all that is said of it."
  value       = one(aws_sqs_queue.work[*].name)
}

output "arn" {
  description = "ARN of the queue of work, known at the plan."
  value       = one([for queue in aws_sqs_queue.work : "${local.arn_prefix}:${queue.name}"])
}

output "url" {
  description = "URL of the queue of work."
  value       = one(aws_sqs_queue.work[*].url)
}

output "dead_letter_name" {
  description = "Name of the queue of dead letters."
  value       = aws_sqs_queue.dead_letter.name
}

output "dead_letter_arn" {
  description = "ARN of the queue of dead letters, known at the plan."
  value       = "${local.arn_prefix}:${aws_sqs_queue.dead_letter.name}"
}

output "dead_letter_url" {
  description = "URL of the queue of dead letters."
  value       = aws_sqs_queue.dead_letter.url
}

output "settings" {
  description = "How the queues are planned: what the tests of a stack compare."
  value = {
    key_arn                    = aws_sqs_queue.dead_letter.kms_master_key_id
    visibility_timeout_seconds = one(aws_sqs_queue.work[*].visibility_timeout_seconds)
    max_receive_count          = one([for redrive in aws_sqs_queue_redrive_policy.work : jsondecode(redrive.redrive_policy).maxReceiveCount])
    policy                     = one(aws_sqs_queue_policy.work[*].policy)
  }
}

output "alarm_names" {
  description = "Names of the queues' alarms."
  value       = concat(aws_cloudwatch_metric_alarm.depth[*].alarm_name, aws_cloudwatch_metric_alarm.age[*].alarm_name)
}
