output "function_name" {
  description = "Name of the function."
  value       = aws_lambda_function.this.function_name
}

output "function_arn" {
  description = "ARN of the function, without a version, known at the plan."
  value       = local.function_arn
}

output "alias_name" {
  description = "Name of the alias that serves."
  value       = local.alias.name
}

output "alias_arn" {
  description = "ARN of the alias that serves, known at the plan: what events and schedules invoke."
  value       = "${local.function_arn}:${local.alias.name}"
}

output "invoke_arn" {
  description = "ARN of the alias, as API Gateway wants it."
  value       = local.alias.invoke_arn
}

output "log_group_name" {
  description = "Name of the log group."
  value       = aws_cloudwatch_log_group.this.name
}

output "policy" {
  description = "What the function may do, as the JSON of its role's policy."
  value       = aws_iam_role_policy.this.policy
}

output "environment" {
  description = "What the function is told: names, addresses and settings, never a secret's value."
  value       = aws_lambda_function.this.environment[0].variables
}

output "failure_destination" {
  description = "Where asynchronous events go when their retries are over. Null for a function that gets none."
  value       = one(aws_lambda_function_event_invoke_config.this[*].destination_config[0].on_failure[0].destination)
}

output "duration_alarm_threshold" {
  description = "Milliseconds above which a run is alarming. Null without alarms."
  value       = one([for name, alarm in aws_cloudwatch_metric_alarm.this : alarm.threshold if name == "duration"])
}

output "alarm_names" {
  description = "Names of the function's alarms."
  value       = [for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_name]
}

output "rollout" {
  description = "With `platform.gradual`, the AppSpec by which CodeDeploy moves the alias from the version that serves to the newest; null where they are one, or without it."
  value       = local.gradual && local.alias.function_version != aws_lambda_function.this.version ? jsonencode(local.appspec) : null
}
