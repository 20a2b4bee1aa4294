variable "name" {
  description = "Name of the table."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]{3,255}$", var.name))
    error_message = "name is 3 to 255 letters, digits, hyphens, dots and underscores, DynamoDB's own limit."
  }
}

variable "account_id" {
  description = "Account of the table, in its ARN. Given rather than read, so that a plan shows whole policies."
  type        = string
}

variable "hash_key" {
  description = "Attribute of the partition key, a text."
  type        = string
}

variable "range_key" {
  description = "Attribute of the sort key, a text. Null: none."
  type        = string
  default     = null
}

variable "indexes" {
  description = "Global secondary indexes by name, of texts. They copy keys, by which items are then read, and the attributes that are named."
  type = map(object({
    hash       = string
    range      = string
    attributes = optional(list(string), [])
  }))
  default  = {}
  nullable = false
}

variable "expires" {
  description = "Whether DynamoDB deletes an item once its `expires_at` is past."
  type        = bool
  default     = false
}

variable "recoverable" {
  description = "Point-in-time recovery, of 35 days. False only where what is restored would mislead: counters, sessions."
  type        = bool
  default     = true
}

variable "deletion_protection" {
  description = "Refuse to delete the table."
  type        = bool
  default     = true
}

variable "key_arn" {
  description = "KMS key that the table is encrypted with."
  type        = string
}

variable "stream_enabled" {
  description = "A stream of what is written, with new images alone."
  type        = bool
  default     = false
}

variable "alarms_enabled" {
  description = "Create the alarm on throttles."
  type        = bool
  default     = true
}

variable "alarm_topic_arn" {
  description = "Topic that the alarm tells. Null only without alarms."
  type        = string
  default     = null
}
