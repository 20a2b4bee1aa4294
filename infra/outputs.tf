output "api_url" {
  description = "Where the API answers: its custom domain, or the gateway's own address with the stage."
  value       = var.api_domain == null ? aws_api_gateway_stage.this.invoke_url : "https://${var.api_domain.name}"
}

output "api_id" {
  description = "Id of the REST API."
  value       = aws_api_gateway_rest_api.this.id
}

output "api_stage" {
  description = "Stage of the REST API."
  value       = aws_api_gateway_stage.this.stage_name
}

output "inbox_bucket" {
  description = "Bucket establishments drop their enrolment files in."
  value       = module.bucket["inbox"].name
}

output "reports_bucket" {
  description = "Bucket of the import reports."
  value       = module.bucket["reports"].name
}

output "statistics_bucket" {
  description = "Bucket of the published statistics."
  value       = module.bucket["statistics"].name
}

output "identity_queue_url" {
  description = "Queue of the records that wait for a student."
  value       = module.identity_queue.url
}

output "identity_dlq_url" {
  description = "Records whose deduplication was given up."
  value       = module.identity_queue.dead_letter_url
}

output "imports_queue_url" {
  description = "Queue of the files that wait for their import."
  value       = module.imports_queue.url
}

output "imports_dlq_url" {
  description = "Files whose import was given up."
  value       = module.imports_queue.dead_letter_url
}

output "notifications_topic_arn" {
  description = "Topic that tells how each import ended."
  value       = aws_sns_topic.imports.arn
}

output "depositor_roles" {
  description = "Role of each establishment that has one, by UAI: what it takes to send files."
  value       = { for uai, depositor in module.depositor : uai => depositor.role_arn }
}

output "retention_dlq_url" {
  description = "Runs of the retention that were given up."
  value       = module.retention_dead_letters.dead_letter_url
}

output "statistics_dlq_url" {
  description = "Runs of the statistics that were given up."
  value       = module.statistics_queue.dead_letter_url
}

output "records_table" {
  description = "Table of the source records."
  value       = module.table["records"].name
}

output "students_table" {
  description = "Table of the students and of their published answers."
  value       = module.table["students"].name
}

output "blocks_table" {
  description = "Table of the blocking keys."
  value       = module.table["blocks"].name
}

output "imports_table" {
  description = "Table of the imports and their progress."
  value       = module.table["imports"].name
}

output "establishments_table" {
  description = "Table of the establishments."
  value       = module.table["establishments"].name
}

output "clients_table" {
  description = "Table of the API's clients, their keys and revoked tokens."
  value       = module.table["clients"].name
}

output "quotas_table" {
  description = "Table of how much each client has asked."
  value       = module.table["quotas"].name
}

output "idempotency_table" {
  description = "Table of what was answered to each Idempotency-Key."
  value       = module.table["idempotency"].name
}

output "france_connect_secret_arn" {
  description = "Secret whose content an operator puts, for FranceConnect. Null without FranceConnect."
  value       = one(aws_secretsmanager_secret.france_connect[*].arn)
}

output "ines_client_secret_arn" {
  description = "Secret whose content an operator puts: our credentials at INES."
  value       = aws_secretsmanager_secret.ines_client.arn
}

output "findings_table" {
  description = "Table of what was found about the identity of the rows of each import."
  value       = module.table["findings"].name
}

output "access_log_table" {
  description = "Table of who consulted whose status, and when."
  value       = module.table["access_log"].name
}

output "reviews_table" {
  description = "Table of the doubts a person decides."
  value       = module.table["reviews"].name
}

output "status_function" {
  description = "Name of the consultation function."
  value       = module.status.function_name
}

output "enrolment_function" {
  description = "Name of the function that establishments call."
  value       = module.enrolment.function_name
}

output "review_function" {
  description = "Name of the function that reviewing officers call."
  value       = module.review.function_name
}

output "ingestion_function" {
  description = "Name of the ingestion function."
  value       = module.ingestion.function_name
}

output "deduplication_function" {
  description = "Name of the deduplication function."
  value       = module.deduplication.function_name
}

output "statistics_function" {
  description = "Name of the statistics function."
  value       = module.statistics.function_name
}

output "statistics_function_alias_arn" {
  description = "What to invoke to run the statistics now, as the schedule does."
  value       = module.statistics.alias_arn
}

output "retention_function" {
  description = "Name of the retention function."
  value       = module.retention.function_name
}

output "log_groups" {
  description = "Log group of each function."
  value       = { for name, function in local.functions : name => function.log_group_name }
}

output "rollouts" {
  description = "With `gradual_deployment`, by function, the AppSpec that moves what serves to the newest version; a function that serves it already isn't there."
  value = {
    for function in concat(
      [module.status, module.enrolment, module.deduplication, module.ingestion, module.portal, module.review, module.statistics, module.retention],
      module.ines,
    ) : function.function_name => function.rollout if function.rollout != null
  }
}
