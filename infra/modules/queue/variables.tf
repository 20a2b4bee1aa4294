variable "name" {
  description = "Name of the queue; that of its dead letters ends with `-dlq`."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,76}$", var.name))
    error_message = "name is 1 to 76 letters, digits, hyphens and underscores: with `-dlq` it must fit SQS's 80."
  }
}

variable "account_id" {
  description = "Account of the queues, in their ARNs. Given rather than read, so that a plan shows whole policies."
  type        = string
}

variable "key_arn" {
  description = "KMS key that messages are encrypted with."
  type        = string
}

variable "consumer" {
  description = "How work is taken: how long a received message stays hidden, deliveries before it is a dead letter, and the age of the oldest message from which on it is alarming, with what that means. Null: there is no queue of work, only dead letters of something that is no queue."
  type = object({
    visibility_timeout_seconds = number
    max_receive_count          = number
    late_seconds               = optional(number, 3600)
    late_description           = string
  })
  default = null

  validation {
    condition     = alltrue([for consumer in var.consumer[*] : consumer.max_receive_count >= 1 && consumer.visibility_timeout_seconds >= 1 && consumer.visibility_timeout_seconds <= 43200])
    error_message = "A message is delivered once at least, and is hidden for 1 to 43200 seconds, SQS's own limit."
  }
}

variable "senders" {
  description = "AWS services that put messages in the queue of work, by statement id: the service's name, and the resource in whose name alone it may."
  type = map(object({
    service    = string
    source_arn = string
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for sender in var.senders : can(regex("^[a-z0-9-]+[.]amazonaws[.]com$", sender.service))])
    error_message = "Each service is the name of an AWS service, such as s3.amazonaws.com."
  }
}

variable "alarms_enabled" {
  description = "Create the alarms."
  type        = bool
  default     = true
}

variable "alarm_topic_arn" {
  description = "Topic that the alarms tell. Null only without alarms."
  type        = string
  default     = null
}
