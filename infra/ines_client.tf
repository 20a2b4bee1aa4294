# INES as we call it: the ministry's, or our own service in its place. Who asks, with which credentials, and who hears
# when it does not answer.

locals {
  # Our own service takes any channel.
  ines_channel = var.ines == null ? "statut-etudiant" : var.ines.channel

  # How many pairs of INE and birth date a depositor may have checked, by whichever way: both functions draw on one
  # allowance (decision 18).
  pairs_environment = {
    PAIR_DATES_PER_DAY    = var.pair_dates_per_day
    UNKNOWN_PAIRS_FLOOR   = var.unknown_pairs_floor
    UNKNOWN_PAIRS_PERCENT = var.unknown_pairs_percent
  }

  # What the functions that ask are told.
  ines_environment = {
    # Our own service hears on whose word a pair is checked; another one is never sent that.
    INES_TOLD_DEPOSITORS = var.ines == null

    INES_URL        = local.ines_url
    INES_CHANNEL    = local.ines_channel
    INES_SECRET_ARN = aws_secretsmanager_secret.ines_client.arn
  }
}

# Our credentials at INES. An operator puts the content (docs/deploying.md), never Terraform, so that no state and no plan
# holds it:
#   {"client_id":"…","client_secret":"…"}
# When INES gives new ones, put them before it withdraws the old: the functions read them again at the first refusal.

resource "aws_secretsmanager_secret" "ines_client" {
  #checkov:skip=CKV2_AWS_57:INES gives the client secret: renewed by a person
  name                    = "${local.name}/ines-client"
  description             = "Client id and secret at INES"
  kms_key_id              = aws_kms_key.data["registry"].arn
  recovery_window_in_days = var.secret_recovery_window_days

  lifecycle {
    prevent_destroy = true
  }
}

# --- When INES does not answer ---------------------------------------------------------------------------------------
# The client writes one line for each question without an answer, with the kind of failure. What was asked waits and is
# asked again: nothing is lost, but enrolments become visible late.

locals {
  ines_callers = {
    deduplication = module.deduplication
    enrolment     = module.enrolment
  }

  # A call fails now and then on any network. Refused credentials do not mend themselves.
  ines_failures = {
    unavailable = {
      kinds       = ["unavailable", "resting"]
      threshold   = 20
      description = "INES does not answer: enrolments wait and will be resolved by themselves once it does (docs/runbook.md)."
    }
    unauthorized = {
      kinds       = ["unauthorized"]
      threshold   = 0
      description = "INES refuses our credentials, or there are none: put new ones in the secret (docs/deploying.md)."
    }
    unreadable = {
      kinds       = ["unreadable"]
      threshold   = 20
      description = "INES answers something else than its contract: its address, then what has changed there."
    }
  }
}

resource "aws_cloudwatch_log_metric_filter" "ines" {
  for_each = {
    for pair in setproduct(keys(local.ines_callers), keys(local.ines_failures)) :
    "${pair[0]}-${pair[1]}" => { caller = pair[0], failure = pair[1] }
  }

  name           = "ines-${each.value.failure}"
  log_group_name = local.ines_callers[each.value.caller].log_group_name
  pattern        = "{ $.message = \"INES gave no answer\" && (${join(" || ", [for kind in local.ines_failures[each.value.failure].kinds : "$.ines = \"${kind}\""])}) }"

  metric_transformation {
    namespace = local.metrics_namespace
    # A filter cannot add a dimension that the line does not have: the environment is in the name. Both functions count
    # into one metric, for it is one INES.
    name  = "ines_${each.value.failure}_${var.environment}"
    value = "1"
    unit  = "Count"
  }
}

resource "aws_cloudwatch_metric_alarm" "ines" {
  for_each = var.alarms_enabled ? local.ines_failures : {}

  alarm_name        = "${local.name}-ines-${each.key}"
  alarm_description = each.value.description

  namespace   = local.metrics_namespace
  metric_name = aws_cloudwatch_log_metric_filter.ines["deduplication-${each.key}"].metric_transformation[0].name

  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching"

  alarm_actions = [aws_sns_topic.alarms.arn]
  ok_actions    = [aws_sns_topic.alarms.arn]
}
