variable "region" {
  description = "AWS region of the stack."
  type        = string
  default     = "eu-west-3"

  validation {
    condition     = contains(["eu-west-3", "eu-west-1", "eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2"], var.region)
    error_message = "region must be an AWS region inside the European Union."
  }
}

variable "name_prefix" {
  description = "Prefix of every name, the stack's own `name_prefix`."
  type        = string
  default     = "statut-etudiant"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,22}[a-z0-9]$", var.name_prefix))
    error_message = "name_prefix is 3 to 24 lower-case letters, digits and hyphens, as the stack's own."
  }
}

variable "deployers" {
  description = "ARNs of the roles or users that may take the deployer's role: a pipeline, a team."
  type        = list(string)

  validation {
    condition     = length(var.deployers) > 0 && alltrue([for arn in var.deployers : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:(role|user)/[^*]+$", arn))])
    error_message = "deployers are ARNs of roles or users, one at least: nothing wider."
  }
}

variable "tags" {
  description = "Tags of every resource, besides `project` and `stack`."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "trail_retention_days" {
  description = "Days that CloudTrail's events are kept."
  type        = number
  default     = 365

  validation {
    condition     = var.trail_retention_days >= 90 && floor(var.trail_retention_days) == var.trail_retention_days
    error_message = "trail_retention_days is a whole number of at least 90."
  }
}
