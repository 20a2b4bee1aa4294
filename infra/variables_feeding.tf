# --- Feeding ---------------------------------------------------------------------------------------------------------

variable "ingestion_timeout_seconds" {
  description = "Longest run of the ingestion function. An import that needs more goes on in another invocation."
  type        = number
  default     = 900

  validation {
    condition     = var.ingestion_timeout_seconds >= 60 && var.ingestion_timeout_seconds <= 900
    error_message = "ingestion_timeout_seconds is 60 to 900, Lambda's own limit: an import hands over some seconds before its end."
  }
}

variable "imports_queue_visibility_seconds" {
  description = "Time a received message of the queue of imports stays hidden, unless the invocation renews it. Null: six times the function's timeout, what AWS asks for so that throttled messages do not come back early."
  type        = number
  default     = null

  validation {
    condition     = var.imports_queue_visibility_seconds == null || try(var.imports_queue_visibility_seconds >= 1 && var.imports_queue_visibility_seconds <= 43200, false)
    error_message = "imports_queue_visibility_seconds is null or 1 to 43200, SQS's own limit."
  }

  validation {
    condition     = var.function_endpoint_url != null || var.imports_queue_visibility_seconds == null || try(var.imports_queue_visibility_seconds >= var.ingestion_timeout_seconds, false)
    error_message = "imports_queue_visibility_seconds must be at least ingestion_timeout_seconds: Lambda refuses a queue whose messages come back sooner. An emulator may not."
  }
}

variable "imports_max_receive_count" {
  description = "Deliveries of a message of the queue of imports before it goes to the dead-letter queue. Each crash counts, and each meeting of an import that another invocation has in hand."
  type        = number
  default     = 10

  validation {
    condition     = var.imports_max_receive_count >= 3 && var.imports_max_receive_count <= 1000
    error_message = "imports_max_receive_count is 3 to 1000: S3 delivers twice now and then, and the second must be able to wait for the first."
  }
}

variable "imports_maximum_concurrency" {
  description = "Files imported at a time. Each fills a good part of a table's write capacity."
  type        = number
  default     = 5

  validation {
    condition     = var.imports_maximum_concurrency >= 2 && var.imports_maximum_concurrency <= 1000
    error_message = "imports_maximum_concurrency is 2 to 1000, the event source mapping's own limit."
  }

  validation {
    condition     = var.reserved_concurrency.ingestion == null || try(var.imports_maximum_concurrency <= var.reserved_concurrency.ingestion, false)
    error_message = "imports_maximum_concurrency must not exceed reserved_concurrency.ingestion: the difference would be throttled, and throttles count as deliveries."
  }
}

variable "complete_cancel_share" {
  description = "Share of an establishment's records, in percent, that a complete file may cancel without a confirmation in its key. More is likelier to be a truncated file than so many departures."
  type        = number
  default     = 10

  validation {
    condition     = var.complete_cancel_share >= 0 && var.complete_cancel_share <= 100 && floor(var.complete_cancel_share) == var.complete_cancel_share
    error_message = "complete_cancel_share is a whole number from 0 (every cancellation is confirmed) to 100 (none is)."
  }
}

variable "deposit_max_bytes" {
  description = "Largest file that a form of POST /api/depots takes."
  type        = number
  default     = 1024 * 1024 * 1024

  validation {
    condition     = var.deposit_max_bytes >= 1 && var.deposit_max_bytes <= 5 * 1024 * 1024 * 1024 && floor(var.deposit_max_bytes) == var.deposit_max_bytes
    error_message = "deposit_max_bytes is 1 to 5368709120 (5 GiB), the most that S3 takes in one request."
  }
}

variable "deposit_lifetime_seconds" {
  description = "How long a form of POST /api/depots can be used. An upload that has begun goes on."
  type        = number
  default     = 900

  validation {
    condition     = var.deposit_lifetime_seconds >= 60 && var.deposit_lifetime_seconds <= 3600 && floor(var.deposit_lifetime_seconds) == var.deposit_lifetime_seconds
    error_message = "deposit_lifetime_seconds is 60 to 3600: the function's own credentials, which sign the form, may not live longer."
  }
}

variable "depositors" {
  description = "Establishments that send files under a role of their own, by UAI: the `principal` (the ARN of a role or user of theirs, or of their account) that may take it, and the `external_id` it must show, both agreed with them."
  type = map(object({
    principal   = string
    external_id = string
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for uai in keys(var.depositors) : can(regex("^[0-9]{7}[A-Z]$", uai))])
    error_message = "Each depositor is named by its UAI: seven digits and a capital."
  }

  validation {
    condition     = alltrue([for depositor in var.depositors : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(root|(role|user)/[^*]+)$", depositor.principal))])
    error_message = "Each principal is the ARN of a role, of a user or of an account's root: nothing wider."
  }

  validation {
    condition     = alltrue([for depositor in var.depositors : can(regex("^[A-Za-z0-9+=,.@:/_-]{16,1000}$", depositor.external_id))])
    error_message = "Each external_id has 16 characters or more: it keeps another customer of the same provider from taking the role."
  }
}

variable "import_notifications" {
  description = "Who is told that an import has ended or failed: `protocol` (`email`, `https` or `sqs`), `endpoint` (an address, or a queue's ARN), and `uai` to hear of one establishment's imports only."
  type = list(object({
    protocol = string
    endpoint = string
    uai      = optional(string)
  }))
  default  = []
  nullable = false

  validation {
    condition = alltrue([
      for subscriber in var.import_notifications : can(regex({
        email = "^[^@\\s]+@[^@\\s]+$"
        https = "^https://[^\\s]+$"
        sqs   = "^arn:aws[a-z-]*:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$"
      }[subscriber.protocol], subscriber.endpoint))
    ])
    error_message = "Each subscriber is an e-mail address, an https:// address or the ARN of a queue, with the protocol that goes with it."
  }

  validation {
    condition     = alltrue([for subscriber in var.import_notifications : subscriber.uai == null || can(regex("^[0-9]{7}[A-Z]$", subscriber.uai))])
    error_message = "uai is null or a UAI: seven digits and a capital."
  }
}

# --- Identity --------------------------------------------------------------------------------------------------------

variable "deduplication_timeout_seconds" {
  description = "Time the deduplication function has for one batch."
  type        = number
  default     = 30

  validation {
    condition     = var.deduplication_timeout_seconds >= 1 && var.deduplication_timeout_seconds <= 900
    error_message = "deduplication_timeout_seconds is 1 to 900, Lambda's own limit."
  }
}

variable "identity_queue_visibility_seconds" {
  description = "Time a received message stays hidden. Null: six times the function's timeout, what AWS asks for so that throttled batches do not come back early."
  type        = number
  default     = null

  validation {
    condition     = var.identity_queue_visibility_seconds == null || try(var.identity_queue_visibility_seconds >= 1 && var.identity_queue_visibility_seconds <= 43200, false)
    error_message = "identity_queue_visibility_seconds is null or 1 to 43200, SQS's own limit."
  }
}

variable "identity_max_receive_count" {
  description = "Deliveries of a message before it goes to the dead-letter queue."
  type        = number
  default     = 5

  validation {
    condition     = var.identity_max_receive_count >= 1 && var.identity_max_receive_count <= 1000
    error_message = "identity_max_receive_count is 1 to 1000, SQS's own limit."
  }
}

variable "identity_batch_size" {
  description = "Messages given to one invocation of the deduplication function."
  type        = number
  default     = 10

  validation {
    condition     = var.identity_batch_size >= 1 && var.identity_batch_size <= 10
    error_message = "identity_batch_size is 1 to 10: more needs a batching window, that is latency before an enrolment is visible."
  }
}

variable "ines_questions_per_second" {
  description = "Questions a second that all deduplication invocations together may ask of INES, which is somebody else's: what its owner was promised. Records beyond it wait in the queue. At least one a second for each of identity_maximum_concurrency."
  type        = number
  default     = 1000

  validation {
    condition     = var.ines_questions_per_second >= 1 && floor(var.ines_questions_per_second) == var.ines_questions_per_second
    error_message = "ines_questions_per_second is a whole number of at least 1."
  }
}

variable "identity_maximum_concurrency" {
  description = "Most deduplication invocations at a time. It protects the tables, and the national identity service, from a large import."
  type        = number
  default     = 20

  validation {
    condition     = var.identity_maximum_concurrency >= 2 && var.identity_maximum_concurrency <= 1000
    error_message = "identity_maximum_concurrency is 2 to 1000, the event source mapping's own limit."
  }

  validation {
    condition     = var.reserved_concurrency.deduplication == null || try(var.identity_maximum_concurrency <= var.reserved_concurrency.deduplication, false)
    error_message = "identity_maximum_concurrency must not exceed reserved_concurrency.deduplication: the difference would be throttled, and throttles count as deliveries."
  }
}

variable "new_identities_floor" {
  description = "People that INES may be asked to immatriculate for any one establishment in an academic year, however small it is. Beyond it, and beyond new_identities_percent, rows wait for an operator."
  type        = number
  default     = 200

  validation {
    condition     = var.new_identities_floor >= 1 && var.new_identities_floor <= 1000000 && floor(var.new_identities_floor) == var.new_identities_floor
    error_message = "new_identities_floor is a whole number from 1 to 1000000: with none, every first newcomer would wait for an operator."
  }
}

variable "new_identities_percent" {
  description = "People that INES may be asked to immatriculate for an establishment in an academic year, for a hundred of its students of that year whom INES confirmed. It counts where it is more than new_identities_floor."
  type        = number
  default     = 20

  validation {
    condition     = var.new_identities_percent >= 0 && var.new_identities_percent <= 100 && floor(var.new_identities_percent) == var.new_identities_percent
    error_message = "new_identities_percent is a whole number from 0 (the floor alone counts) to 100."
  }
}

variable "pair_dates_per_day" {
  description = "Distinct birth dates of one INE that a depositor may have checked in a day, by pushes and by rows that name nobody, and be told of by rows whose names are wrong. Beyond it nothing is checked, and all are answered alike."
  type        = number
  default     = 3

  validation {
    condition     = var.pair_dates_per_day >= 1 && var.pair_dates_per_day <= 20 && floor(var.pair_dates_per_day) == var.pair_dates_per_day
    error_message = "pair_dates_per_day is a whole number from 1 to 20: a birth date is one of some thousands, and is found by trying them."
  }
}

variable "unknown_pairs_floor" {
  description = "Pairs of INE and birth date that nobody has, which any one depositor may have checked in a day, however small it is. Beyond it, and beyond unknown_pairs_percent, nothing is checked until the next day."
  type        = number
  default     = 100

  validation {
    condition     = var.unknown_pairs_floor >= 20 && var.unknown_pairs_floor <= 100000 && floor(var.unknown_pairs_floor) == var.unknown_pairs_floor
    error_message = "unknown_pairs_floor is a whole number from 20 to 100000: twenty pairs are checked side by side, each charged as unknown until it is known."
  }
}

variable "unknown_pairs_percent" {
  description = "Pairs that nobody has, which a depositor may have checked in a day, for a hundred students whom INES confirmed of the establishments that it sends for. It counts where it is more than unknown_pairs_floor."
  type        = number
  default     = 5

  validation {
    condition     = var.unknown_pairs_percent >= 0 && var.unknown_pairs_percent <= 100 && floor(var.unknown_pairs_percent) == var.unknown_pairs_percent
    error_message = "unknown_pairs_percent is a whole number from 0 (the floor alone counts) to 100."
  }
}
