variable "name" {
  description = "Name of the bucket, unique among all accounts."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.name))
    error_message = "name is 3 to 63 lower-case letters, digits and hyphens: a dot would break TLS to the bucket's own name."
  }
}

variable "encryption" {
  description = "`aws:kms`, with a key of ours, or `AES256`, with S3's own, for what a service of AWS must read and is secret to nobody."
  type        = string
  default     = "aws:kms"

  validation {
    condition     = contains(["aws:kms", "AES256"], var.encryption)
    error_message = "encryption is aws:kms or AES256."
  }

  validation {
    condition     = var.encryption == "AES256" ? var.key_arn == null : var.key_arn != null
    error_message = "encryption is aws:kms with a key_arn, or AES256 without one."
  }
}

variable "key_arn" {
  description = "KMS key that objects are encrypted with. Null only with `AES256`."
  type        = string
  default     = null
}

variable "force_destroy" {
  description = "Let `terraform destroy` delete the bucket with what is in it."
  type        = bool
  default     = false
}

variable "expire_after_days" {
  description = "Days after which an object expires. Null: never."
  type        = number
  default     = null

  validation {
    condition     = var.expire_after_days == null || var.locked_days == null || try(var.expire_after_days > var.locked_days, false)
    error_message = "expire_after_days is more than locked_days: what is locked does not expire."
  }
}

variable "passing" {
  description = "By the prefix of their keys, days after which objects expire that are kept for the time of some work."
  type        = map(number)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for prefix, days in var.passing : prefix != "" && days >= 1 && floor(days) == days])
    error_message = "Each prefix of passing is a text, and its days are a whole number of at least 1."
  }
}

variable "noncurrent_version_retention_days" {
  description = "Days a replaced or deleted object can be restored."
  type        = number
  default     = 30

  validation {
    condition     = var.noncurrent_version_retention_days >= 1
    error_message = "noncurrent_version_retention_days is at least 1."
  }
}

variable "locked_days" {
  description = "Days in which nobody, the account's root included, can change or delete an object, from when it is put (object lock in compliance mode). It can't be taken off a bucket. Null: none."
  type        = number
  default     = null

  validation {
    condition     = var.locked_days == null || try(var.locked_days >= 1 && var.locked_days <= 36500, false)
    error_message = "locked_days is null or 1 to 36500, S3's own limit."
  }

  validation {
    condition     = var.locked_days == null || !var.force_destroy
    error_message = "What is locked can't be deleted: locked_days and force_destroy exclude each other."
  }
}

variable "forms_from" {
  description = "Origins of the pages whose scripts may post forms to the bucket, as `https://portail.example`."
  type        = list(string)
  default     = []
}

variable "only_writer" {
  description = "ARN of the one role that may put objects. Null: whoever IAM lets."
  type        = string
  default     = null
}
