variable "name" {
  description = "Name of the secret."
  type        = string
}

variable "description" {
  description = "What is derived with the key."
  type        = string
}

variable "encryption_key_arn" {
  description = "KMS key the secret is encrypted with."
  type        = string
}

variable "key_version" {
  description = "Version of the HMAC key, and its key id. A new number writes a new random key."
  type        = number
}

variable "rekeying" {
  description = "Whether what was derived with the version before is being derived again: `key_version` may then be one more than what the tag `rekeyed` of the secret says."
  type        = bool
  default     = false
}

variable "raised_freely" {
  description = "Whether nothing that is kept was derived with it, so that any version may follow any other."
  type        = bool
  default     = false
}

variable "recovery_window_days" {
  description = "Days a deleted secret can be restored, 0 to delete at once."
  type        = number
}
