# Which version a key may have: apart from the secret, since no test can draw one.

variable "name" {
  description = "Name of the secret, for the message."
  type        = string
}

variable "key_version" {
  description = "The version that is asked for."
  type        = number
}

variable "rekeyed" {
  description = "The version that everything was derived with, by the secret's tag of that name. Null on a secret that was never renewed."
  type        = string
}

variable "rekeying" {
  description = "Whether what was derived with the version before is being derived again."
  type        = bool
}

variable "raised_freely" {
  description = "Whether nothing that is kept was derived with it."
  type        = bool
}

locals {
  stands = coalesce(var.rekeyed, "1")
}

output "allowed" {
  description = "The version that is asked for."
  value       = var.key_version

  # Secrets Manager keeps the value before as AWSPREVIOUS, and no older one: a version is raised by one, while both are read, and
  # not before everything was derived with the one that goes.
  precondition {
    condition     = var.raised_freely || local.stands == tostring(var.key_version) || (var.rekeying && local.stands == tostring(var.key_version - 1))
    error_message = "The key of ${var.name} is at version ${local.stands}: raise it by one while it is being re-keyed (docs/runbook.md, \"Renew a secret of keys\"), and have `statut rekey` end before anything else."
  }
}
