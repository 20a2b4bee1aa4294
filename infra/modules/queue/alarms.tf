resource "aws_cloudwatch_metric_alarm" "depth" {
  count = var.alarms_enabled ? 1 : 0

  alarm_name        = "${aws_sqs_queue.dead_letter.name}-depth"
  alarm_description = "Work of ${var.name} was given up: read the message, mend the cause, redrive."

  namespace   = "AWS/SQS"
  metric_name = "ApproximateNumberOfMessagesVisible"
  dimensions  = { QueueName = aws_sqs_queue.dead_letter.name }

  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"

  alarm_actions = [var.alarm_topic_arn]
  ok_actions    = [var.alarm_topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "age" {
  count = var.consumer != null && var.alarms_enabled ? 1 : 0

  alarm_name        = "${aws_sqs_queue.work[0].name}-age"
  alarm_description = var.consumer.late_description

  namespace   = "AWS/SQS"
  metric_name = "ApproximateAgeOfOldestMessage"
  dimensions  = { QueueName = aws_sqs_queue.work[0].name }

  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.consumer.late_seconds
  treat_missing_data  = "notBreaching"

  alarm_actions = [var.alarm_topic_arn]
  ok_actions    = [var.alarm_topic_arn]
}
