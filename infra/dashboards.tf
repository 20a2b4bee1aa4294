# Dashboards, one for each kind of reader: each begins with a sentence that says for whom it is and what to do next.

locals {
  functions = merge(
    {
      status        = module.status
      enrolment     = module.enrolment
      review        = module.review
      portal        = module.portal
      ingestion     = module.ingestion
      deduplication = module.deduplication
      statistics    = module.statistics
      retention     = module.retention
    },
    { for function in module.ines : "ines" => function },
  )

  # Routes are the function's own: a search finds those of tomorrow too.
  search_by_route = "SEARCH('{${local.metrics_namespace},environment,route} MetricName=\"%s\" environment=\"${var.environment}\"', '%s', 300)"
  route_label     = "$${PROP('Dim.route')}"

  dashboards = {
    service = {
      name     = local.name
      audience = "**On call.** Whether callers are answered, and what stands behind it. What to do is in `docs/runbook.md`, by the name of the alarm."
      graphs = [
        {
          title = "Requests"
          stat  = "Sum"
          metrics = [
            for metric in ["Count", "4XXError", "5XXError"] :
            ["AWS/ApiGateway", metric, "ApiName", aws_api_gateway_rest_api.this.name, "Stage", local.api_stage]
          ]
        },
        {
          title = "Request time (ms)"
          stat  = "p99"
          metrics = [
            for metric in ["Latency", "IntegrationLatency"] :
            ["AWS/ApiGateway", metric, "ApiName", aws_api_gateway_rest_api.this.name, "Stage", local.api_stage]
          ]
        },
        {
          title   = "Requests by route"
          stat    = "Sum"
          metrics = [[{ expression = format(local.search_by_route, "requests", "Sum"), label = local.route_label }]]
        },
        {
          title   = "Request time by route (ms)"
          stat    = "p99"
          metrics = [[{ expression = format(local.search_by_route, "duration_ms", "p99"), label = local.route_label }]]
        },
        {
          title = "Requests by outcome"
          stat  = "Sum"
          metrics = [
            for metric in ["requests", "server_errors", "france_connect_failures", "cold_starts"] :
            [local.metrics_namespace, metric, "environment", var.environment]
          ]
        },
        {
          title = "Refused for their quota, suspected of enumeration"
          stat  = "Sum"
          metrics = [
            for metric in ["refused_quota", "enumeration_suspected"] :
            [local.metrics_namespace, metric, "environment", var.environment]
          ]
        },
        {
          title = "Function errors"
          stat  = "Sum"
          metrics = [
            for function in local.functions :
            ["AWS/Lambda", "Errors", "FunctionName", function.function_name]
          ]
        },
        {
          title = "Function time (ms)"
          stat  = "p99"
          metrics = [
            for function in local.functions :
            ["AWS/Lambda", "Duration", "FunctionName", function.function_name]
          ]
        },
        {
          title = "Dead letters"
          stat  = "Maximum"
          metrics = [
            for queue in local.queues :
            ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue.dead_letter_name]
          ]
        },
        {
          title   = "Blocked by the firewall, by rule"
          stat    = "Sum"
          metrics = [[{ expression = "SEARCH('{AWS/WAFV2,Region,Rule,WebACL} MetricName=\"BlockedRequests\" WebACL=\"${local.name}\"', 'Sum', 300)", label = "$${PROP('Dim.Rule')}" }]]
        },
      ]
    }
    feeding = {
      name     = "${local.name}-feeding"
      audience = "**Support of establishments.** Whether files and enrolments come, how they end, and what waits for somebody. Whom to call is in `docs/runbook.md`, *Feeding*."
      graphs = [
        {
          title = "Imports by how they ended"
          stat  = "Sum"
          metrics = [
            for filter in aws_cloudwatch_log_metric_filter.imports :
            [filter.metric_transformation[0].namespace, filter.metric_transformation[0].name]
          ]
        },
        {
          title = "Waiting: files, enrolments"
          stat  = "Maximum"
          metrics = [
            for queue in [module.imports_queue, module.identity_queue] :
            ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue.name]
          ]
        },
        {
          title = "Oldest of those that wait (s)"
          stat  = "Maximum"
          metrics = [
            for queue in [module.imports_queue, module.identity_queue] :
            ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", queue.name]
          ]
        },
        {
          title = "Questions that INES gave no answer to"
          stat  = "Sum"
          metrics = distinct([
            for filter in aws_cloudwatch_log_metric_filter.ines :
            [filter.metric_transformation[0].namespace, filter.metric_transformation[0].name]
          ])
        },
        {
          title = "New identities put off: beyond an establishment's quota"
          stat  = "Sum"
          metrics = [
            for filter in [aws_cloudwatch_log_metric_filter.new_identities] :
            [filter.metric_transformation[0].namespace, filter.metric_transformation[0].name]
          ]
        },
        {
          title = "Rows put off: pairs beyond a depositor's allowance"
          stat  = "Sum"
          metrics = [
            for filter in [aws_cloudwatch_log_metric_filter.pairs] :
            [filter.metric_transformation[0].namespace, filter.metric_transformation[0].name]
          ]
        },
      ]
    }
  }
}

resource "aws_cloudwatch_dashboard" "this" {
  for_each = local.dashboards

  dashboard_name = each.value.name

  dashboard_body = jsonencode({
    widgets = concat(
      [{ type = "text", x = 0, y = 0, width = 24, height = 2, properties = { markdown = each.value.audience } }],
      # Two graphs a row.
      [
        for index, graph in each.value.graphs : {
          type   = "metric"
          x      = index % 2 * 12
          y      = 2 + floor(index / 2) * 6
          width  = 12
          height = 6
          properties = {
            title   = graph.title
            region  = var.region
            stat    = graph.stat
            period  = 300
            metrics = graph.metrics
          }
        }
      ],
    )
  })
}
