variable "name" {
  description = "Name of the function, its role and its log group."
  type        = string

  validation {
    condition     = length(var.name) <= 64
    error_message = "name has 64 characters at most, Lambda's and IAM's own limit."
  }
}

variable "package" {
  description = "Directory of the package under `platform.packages_dir`."
  type        = string
}

variable "description" {
  description = "What the function does, in one line."
  type        = string
}

variable "platform" {
  description = "What all functions of the stack share: where packages are, how they log, which keys they use, who is alarmed."
  type = object({
    account_id         = string
    architecture       = string
    packages_dir       = string
    endpoint_url       = optional(string)
    log_level          = string
    log_retention_days = number
    logs_key_arn       = string
    key_arns           = map(string)
    alarms_enabled     = bool
    alarm_topic_arn    = string

    permissions_boundary = optional(string)

    # How a new version takes over; at once without it.
    gradual = optional(object({
      application   = string
      role_arn      = string
      configuration = string
    }))
  })
}

variable "timeout_seconds" {
  description = "Longest run."
  type        = number

  validation {
    condition     = var.timeout_seconds >= 1 && var.timeout_seconds <= 900
    error_message = "timeout_seconds is 1 to 900, Lambda's own limit."
  }
}

variable "memory_megabytes" {
  description = "Memory; processor and network come in proportion."
  type        = number

  validation {
    condition     = var.memory_megabytes >= 128 && var.memory_megabytes <= 10240
    error_message = "memory_megabytes is 128 to 10240, Lambda's own limits."
  }
}

variable "reserved_concurrency" {
  description = "Concurrency set aside for the function, and its limit. Null shares the account's pool."
  type        = number
  default     = null
}

variable "environment" {
  description = "Environment of the function: names and addresses, never a secret's value."
  type        = map(string)
  default     = {}
}

variable "statements" {
  description = "What the function may do, by statement id. Encryption is apart, in `key_use`."
  type = map(object({
    actions   = list(string)
    resources = list(string)
  }))

  validation {
    condition     = !strcontains(join(" ", flatten(values(var.statements)[*].actions)), "*")
    error_message = "Every action is named: a wildcard grants what AWS will add next year."
  }

  validation {
    condition     = !contains(flatten(values(var.statements)[*].resources), "*")
    error_message = "Every resource is named."
  }
}

variable "key_use" {
  description = "By key of `platform.key_arns`, the services through which the function decrypts with it, or generates data keys from it."
  type = map(object({
    decrypt  = optional(set(string), [])
    generate = optional(set(string), [])
  }))
  default = {}

  validation {
    condition     = length(setsubtract(keys(var.key_use), keys(var.platform.key_arns))) == 0
    error_message = "Each key of key_use is one of platform.key_arns."
  }
}

variable "asynchronous" {
  description = "For a function that is invoked asynchronously: Lambda's retries, and the queue for what they did not save."
  type = object({
    maximum_retry_attempts       = number
    maximum_event_age_in_seconds = number
    dead_letter_queue_arn        = string
  })
  default = null
}

variable "duration_alarm_ratio" {
  description = "Share of the timeout above which a run is alarming."
  type        = number
  default     = 0.8

  validation {
    condition     = var.duration_alarm_ratio > 0 && var.duration_alarm_ratio < 1
    error_message = "duration_alarm_ratio is between 0 and 1."
  }
}
