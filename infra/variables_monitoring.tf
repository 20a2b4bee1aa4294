# --- Monitoring ------------------------------------------------------------------------------------------------------

variable "alarms_enabled" {
  description = "Create the alarms."
  type        = bool
  default     = true

  validation {
    condition     = var.alarms_enabled || !var.holds_real_students
    error_message = "alarms_enabled is false only where holds_real_students is."
  }
}

variable "alarm_email" {
  description = "Address that receives the alarms, after confirming: a team's list. Null only without real students: an alarm that nobody hears is none."
  type        = string
  default     = null

  validation {
    condition     = var.alarm_email != null || !var.holds_real_students
    error_message = "alarm_email is missing: real students' data need somebody who hears the alarms."
  }

  validation {
    condition     = var.alarm_email == null || can(regex("^[^@\\s]+@[^@\\s]+$", var.alarm_email))
    error_message = "alarm_email is null or an e-mail address."
  }
}

variable "refusals_alarm_threshold" {
  description = "Requests refused for their quota in five minutes above which it is alarming: a client's programme has gone wrong, or its quota is too small."
  type        = number
  default     = 1000

  validation {
    condition     = var.refusals_alarm_threshold >= 1 && floor(var.refusals_alarm_threshold) == var.refusals_alarm_threshold
    error_message = "refusals_alarm_threshold is a whole number of at least 1: a refusal now and then is what a quota is for."
  }
}

variable "failed_imports_alarm_threshold" {
  description = "Failed imports in five minutes above which it is alarming. 0: each one is."
  type        = number
  default     = 0

  validation {
    condition     = var.failed_imports_alarm_threshold >= 0 && floor(var.failed_imports_alarm_threshold) == var.failed_imports_alarm_threshold
    error_message = "failed_imports_alarm_threshold is a whole number of at least 0."
  }
}

variable "client_errors_alarm_percent" {
  description = "Share of the API's answers, in percent, that may be 4XX in five minutes before it is alarming. A consultation that finds nobody is a 404, so a good part of them are ordinary."
  type        = number
  default     = 70

  validation {
    condition     = var.client_errors_alarm_percent > 0 && var.client_errors_alarm_percent < 100
    error_message = "client_errors_alarm_percent is between 0 and 100, both excluded."
  }
}

variable "latency_alarm_milliseconds" {
  description = "Time that one request in a hundred may take, for a quarter of an hour, before it is alarming. Callers give up after 5 to 10 seconds."
  type        = number
  default     = 2000

  validation {
    condition     = var.latency_alarm_milliseconds >= 100 && var.latency_alarm_milliseconds <= 29000
    error_message = "latency_alarm_milliseconds is 100 to 29000, what the gateway waits for."
  }
}

variable "blocked_requests_alarm_threshold" {
  description = "Requests that the firewall blocks in five minutes above which it is alarming: an attack, or a rule that takes a caller for one."
  type        = number
  default     = 100

  validation {
    condition     = var.blocked_requests_alarm_threshold >= 0 && floor(var.blocked_requests_alarm_threshold) == var.blocked_requests_alarm_threshold
    error_message = "blocked_requests_alarm_threshold is a whole number of at least 0."
  }
}

variable "feed_alarm_days" {
  description = "Days without any accepted file after which it is alarming, 1 to 7."
  type        = number
  default     = 7

  validation {
    condition     = contains([1, 2, 3, 4, 5, 6, 7], var.feed_alarm_days)
    error_message = "feed_alarm_days is 1 to 7: CloudWatch looks no further back."
  }
}

variable "oldest_case_alarm_days" {
  description = "Days that a doubt may wait for a reviewer before it is alarming. Nothing is told meanwhile of the student that it is about."
  type        = number
  default     = 14

  validation {
    condition     = var.oldest_case_alarm_days >= 1 && floor(var.oldest_case_alarm_days) == var.oldest_case_alarm_days
    error_message = "oldest_case_alarm_days is a whole number of at least 1."
  }
}

variable "request_alarm_days" {
  description = "Days before the one by which a request of rights has to be answered on which it becomes alarming."
  type        = number
  default     = 7

  validation {
    condition     = var.request_alarm_days >= 1 && var.request_alarm_days <= 31 && floor(var.request_alarm_days) == var.request_alarm_days
    error_message = "request_alarm_days is a whole number from 1 to 31."
  }
}

variable "watched_establishments" {
  description = "Establishments that send files on agreed days, by UAI: the days, 1 to 7, without an accepted file of theirs after which it is alarming."
  type        = map(number)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for uai, days in var.watched_establishments : can(regex("^[0-9]{7}[A-Z]$", uai)) && contains([1, 2, 3, 4, 5, 6, 7], days)])
    error_message = "watched_establishments gives 1 to 7 days, as far as CloudWatch looks back, for each UAI."
  }
}

variable "retention_alarm_enabled" {
  description = "Tell when DynamoDB has deleted no trace for a week. For deployments that are older than `access_log_retention_days`: before, there is nothing to delete."
  type        = bool
  default     = false
}

variable "log_level" {
  description = "Least serious level the functions log. Above INFO, see on AWS that their metrics, which travel as log lines, still arrive: alarms depend on them."
  type        = string
  default     = "INFO"

  validation {
    condition     = contains(["DEBUG", "INFO", "WARN", "ERROR"], var.log_level)
    error_message = "log_level is DEBUG, INFO, WARN or ERROR."
  }
}
