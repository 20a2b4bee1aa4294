variable "name_prefix" {
  description = "Prefix of every name, the stack's own `name_prefix`."
  type        = string
  default     = "statut-etudiant"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,22}[a-z0-9]$", var.name_prefix))
    error_message = "name_prefix is 3 to 24 lower-case letters, digits and hyphens, as the stack's own."
  }
}

variable "environment" {
  description = "Environment that is watched, the stack's own `environment`."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,11}$", var.environment))
    error_message = "environment is 2 to 12 lower-case letters and digits, starting with a letter, as the stack's own."
  }
}

variable "api_domain" {
  description = "Name at which the API answers, the `name` of the stack's `api_domain`."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9-]+[.])+[a-z]{2,}$", var.api_domain))
    error_message = "api_domain is a DNS name in lower case."
  }
}

variable "alarm_email" {
  description = "Address that is told, after confirming: a team's list."
  type        = string

  validation {
    condition     = can(regex("^[^@\\s]+@[^@\\s]+$", var.alarm_email))
    error_message = "alarm_email is an e-mail address."
  }
}

variable "tags" {
  description = "Tags of every resource, besides `project`, `environment` and `stack`."
  type        = map(string)
  default     = {}
  nullable    = false
}
