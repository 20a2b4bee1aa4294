# --- Where and under which name --------------------------------------------------------------------------------------

variable "environment" {
  description = "Environment name, part of every resource name and a tag (for example `production`, `local`)."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,11}$", var.environment))
    error_message = "environment is 2 to 12 lower-case letters and digits, starting with a letter: bucket names are built with it."
  }
}

variable "name_prefix" {
  description = "Prefix of every resource name, and the `project` tag."
  type        = string
  default     = "statut-etudiant"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,22}[a-z0-9]$", var.name_prefix))
    error_message = "name_prefix is 3 to 24 lower-case letters, digits and hyphens: with environment, purpose and account it must fit the 63 characters of a bucket name."
  }
}

variable "holds_real_students" {
  description = "Whether real students are in it. Then the plan refuses what would lose, disclose or fail to tell: no `alarm_email`, no custom domain, gateway traces, deletion without protection. False for environments of invented people."
  type        = bool
  default     = true
}

variable "tags" {
  description = "Tags of every resource, besides `project` and `environment`: cost centre, owner, classification."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name, value in var.tags : length(name) <= 128 && length(value) <= 256 && !startswith(lower(name), "aws:")]) && length(var.tags) <= 48
    error_message = "tags has 48 entries at most, names of 128 characters and values of 256; names that begin with aws: are AWS's."
  }
}

variable "permissions_boundary" {
  description = "ARN of the policy that bounds every role of the stack. Null: none; infra/bootstrap makes one."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary == null || can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/", var.permissions_boundary))
    error_message = "permissions_boundary is null or the ARN of a policy of IAM."
  }
}

variable "key_administrators" {
  description = "ARNs of the roles that administer the encryption keys, the deployer's among them. They can't use the keys, and nobody else can administer them, whatever IAM says. Empty: the account administers, by IAM."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.key_administrators : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:(role|user)/[^*]+$", arn))])
    error_message = "key_administrators are ARNs of roles or users: KMS takes no wildcard, and an account's root would stand for everybody."
  }
}

variable "region" {
  description = "AWS region. Student data stay in the European Union, Paris by default."
  type        = string
  default     = "eu-west-3"

  validation {
    condition     = contains(["eu-west-3", "eu-west-1", "eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2"], var.region)
    error_message = "region must be an AWS region inside the European Union."
  }
}

# --- Functions -------------------------------------------------------------------------------------------------------

locals {
  # The functions, by the name of their package. A test compares them with what is built and with what docs/deploying.md
  # says to build.
  packages = ["status", "enrolment", "review", "ingestion", "deduplication", "statistics", "ines"]
}

variable "packages_dir" {
  description = "Directory of the built functions, one `<function>/bootstrap.zip` each."
  type        = string

  validation {
    condition = alltrue([
      for function in local.packages : fileexists("${var.packages_dir}/${function}/bootstrap.zip")
    ])
    error_message = "packages_dir must hold ${join(", ", local.packages)}, each with its bootstrap.zip: build the functions first."
  }
}

variable "architecture" {
  description = "Instruction set of the packages: `arm64` (cheaper, and faster per euro) or `x86_64`."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture is arm64 or x86_64."
  }
}

variable "function_endpoint_url" {
  description = "AWS endpoint the functions call instead of the real ones. Only for an emulator: null leaves the SDK's own."
  type        = string
  default     = null

  validation {
    condition     = var.function_endpoint_url == null || can(regex("^https?://[^/]+/?$", var.function_endpoint_url))
    error_message = "function_endpoint_url is null or an http(s) origin such as http://localhost:4566."
  }
}

variable "reserved_concurrency" {
  description = "Concurrency set aside for, and the most given to, each function. Null shares the account's pool: a new account's is often too small to reserve from."
  type = object({
    status        = optional(number)
    enrolment     = optional(number)
    review        = optional(number)
    ingestion     = optional(number)
    deduplication = optional(number)
    statistics    = optional(number)
    ines          = optional(number)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for count in values(var.reserved_concurrency) : count == null || try(count >= 1 && floor(count) == count, false)])
    error_message = "Each reserved concurrency is null or a whole number of at least 1: 0 would switch the function off."
  }
}

# --- Protection and retention ----------------------------------------------------------------------------------------
# The periods below are this project's defaults, to be set by the data controller. None is quoted from the law.

variable "deletion_protection" {
  description = "Refuse to delete the tables."
  type        = bool
  default     = true

  validation {
    condition     = var.deletion_protection || !var.holds_real_students
    error_message = "deletion_protection is false only where holds_real_students is."
  }
}

variable "force_destroy" {
  description = "Let `terraform destroy` delete buckets that still hold objects. For throw-away environments."
  type        = bool
  default     = false

  validation {
    condition     = !(var.force_destroy && var.holds_real_students)
    error_message = "force_destroy is true only where holds_real_students is false."
  }
}

variable "secret_recovery_window_days" {
  description = "Days a deleted secret can be restored, 0 to delete at once. Losing an HMAC key makes every key derived from it unreachable."
  type        = number
  default     = 30

  validation {
    condition     = var.secret_recovery_window_days == 0 || (var.secret_recovery_window_days >= 7 && var.secret_recovery_window_days <= 30)
    error_message = "secret_recovery_window_days is 0 or 7 to 30, as Secrets Manager accepts."
  }
}

variable "hmac_key_versions" {
  description = "Version of each HMAC key, also its key id. Raising one writes a new random key (the former stays readable as AWSPREVIOUS): re-key the tables before raising it again."
  type = object({
    record   = optional(number, 1)
    ine      = optional(number, 1)
    identity = optional(number, 1)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for version in values(var.hmac_key_versions) : version >= 1 && floor(version) == version])
    error_message = "Each HMAC key version is a whole number of at least 1."
  }
}

variable "inbox_retention_days" {
  description = "Days an enrolment file stays in the inbox."
  type        = number
  default     = 30

  validation {
    condition     = var.inbox_retention_days >= 1 && floor(var.inbox_retention_days) == var.inbox_retention_days
    error_message = "inbox_retention_days is a whole number of at least 1."
  }
}

variable "reports_retention_days" {
  description = "Days an import report stays readable by the establishment."
  type        = number
  default     = 365

  validation {
    condition     = var.reports_retention_days >= 1 && floor(var.reports_retention_days) == var.reports_retention_days
    error_message = "reports_retention_days is a whole number of at least 1."
  }
}

variable "noncurrent_version_retention_days" {
  description = "Days a replaced or deleted object can be restored. It adds to the retention of the inbox and of the reports."
  type        = number
  default     = 30

  validation {
    condition     = var.noncurrent_version_retention_days >= 1 && floor(var.noncurrent_version_retention_days) == var.noncurrent_version_retention_days
    error_message = "noncurrent_version_retention_days is a whole number of at least 1."
  }
}

variable "access_log_retention_days" {
  description = "Days the trace of a consultation is kept (who asked, when, about whom). The CNIL recommends 6 to 12 months."
  type        = number
  default     = 180

  validation {
    condition     = var.access_log_retention_days >= 180 && var.access_log_retention_days <= 365
    error_message = "access_log_retention_days is 180 to 365: the CNIL recommends 6 to 12 months."
  }
}

variable "log_retention_days" {
  description = "Days technical logs are kept. They hold no personal data."
  type        = number
  default     = 365

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731], var.log_retention_days)
    error_message = "log_retention_days must be a period CloudWatch Logs accepts, two years at most."
  }
}

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

# --- Consultation ----------------------------------------------------------------------------------------------------

variable "starts_within_days" {
  description = "An enrolment that starts within this many days is already answered."
  type        = number
  default     = 90

  validation {
    condition     = var.starts_within_days >= 0 && var.starts_within_days <= 366
    error_message = "starts_within_days is 0 to 366."
  }
}

variable "client_cache_seconds" {
  description = "Seconds a running function believes what it read of a client. A revocation takes effect within this time: a minute by default, and at most. 0 reads at every request."
  type        = number
  default     = 60

  validation {
    condition     = var.client_cache_seconds >= 0 && var.client_cache_seconds <= 60 && floor(var.client_cache_seconds) == var.client_cache_seconds
    error_message = "client_cache_seconds is a whole number from 0 to 60: a revocation takes effect within a minute."
  }
}

locals {
  # Keys, tokens and civil identities travel to and from these addresses: over TLS, except to a double on the same
  # machine. No user name in front of the host, which could make http://localhost@elsewhere pass for this machine.
  safe_url = "^(https://[A-Za-z0-9.-]+|http://(127[.]0[.]0[.]1|localhost))(:[0-9]+)?([/?][^\\s#]*)?$"
}

variable "token_issuer" {
  description = "Who signs the tokens of the direct API: `issuer` and `audience`, as in the tokens' `iss` and `aud`, and `jwks_url`, where its public keys are. Null: there is nobody to trust, and the direct API refuses every token."
  type = object({
    issuer   = string
    audience = string
    jwks_url = string
  })
  default = null

  validation {
    condition     = alltrue([for issuer in var.token_issuer[*] : can(regex(local.safe_url, issuer.issuer)) && can(regex(local.safe_url, issuer.jwks_url))])
    error_message = "issuer and jwks_url are https:// addresses; http:// is for 127.0.0.1 and localhost alone. Otherwise whoever is on the way could hand out keys of their own."
  }

  validation {
    condition     = alltrue([for issuer in var.token_issuer[*] : can(regex("^\\S+$", issuer.audience))])
    error_message = "audience is not empty: a token that the issuer made for another service must not open this one."
  }
}

variable "france_connect" {
  description = "FranceConnect, as it knows us: `version` of its protocol for data providers (`v1` or `v2`, which signs and encrypts what it says), `url` (its origin, what comes before `/api/`), `issuer` (the `iss` of its answers) and our `client_id`. The secrets are put apart: see docs/deploying.md. Null: FranceConnect's tokens are refused."
  type = object({
    version   = optional(string, "v2")
    url       = string
    issuer    = string
    client_id = string
  })
  default = null

  validation {
    condition     = alltrue([for service in var.france_connect[*] : contains(["v1", "v2"], service.version)])
    error_message = "version is v1 or v2."
  }

  validation {
    condition     = alltrue([for service in var.france_connect[*] : can(regex(local.safe_url, service.url)) && can(regex(local.safe_url, service.issuer))])
    error_message = "url and issuer are https:// addresses; http:// is for 127.0.0.1 and localhost alone. A client secret and people's tokens travel there."
  }

  validation {
    condition     = alltrue([for service in var.france_connect[*] : can(regex("^https?://[^/?]+$", service.url))])
    error_message = "url is an origin, without a path or a final slash: the function adds the path of the version."
  }

  validation {
    condition     = alltrue([for service in var.france_connect[*] : can(regex("^\\S{32,}$", service.client_id))])
    error_message = "client_id has 32 characters or more: FranceConnect gives no shorter one."
  }
}

variable "ines" {
  description = "The ministry's INES: `url`, what comes before `/oauth2/token` and `/api-ines-etudiants/`, and `channel`, the name it has given to our way in. Our credentials are put apart: see docs/deploying.md. Null: our own service answers in its place."
  type = object({
    url     = string
    channel = string
  })
  default = null

  validation {
    condition     = alltrue([for service in var.ines[*] : can(regex(local.safe_url, service.url))])
    error_message = "url is an https:// address; http:// is for 127.0.0.1 and localhost alone. A client secret and people's identities travel there."
  }

  validation {
    condition     = alltrue([for service in var.ines[*] : can(regex("[^/]$", service.url)) && !strcontains(service.url, "?")])
    error_message = "url has no final slash and no query: the functions add the paths of the contract."
  }

  validation {
    condition     = alltrue([for service in var.ines[*] : can(regex("^[!-~]+$", service.channel))])
    error_message = "channel is one word of printable ASCII: it is sent in a header."
  }
}

variable "api_throttling" {
  description = "Requests per second, and burst, of the whole API. Quotas per client are the function's own."
  type = object({
    rate_limit  = optional(number, 500)
    burst_limit = optional(number, 1000)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.api_throttling.rate_limit >= 1 && var.api_throttling.burst_limit >= 1
    error_message = "Both limits are positive: 0 would close the API, and -1 would leave it without a limit."
  }
}

variable "waf_rate_limit_per_ip" {
  description = "Requests per five minutes from one address before the firewall blocks it. Null: what the whole API takes in five minutes (`api_throttling.rate_limit`), because an upstream service relays all its users from one address or a few."
  type        = number
  default     = null

  validation {
    condition     = var.waf_rate_limit_per_ip == null || try(var.waf_rate_limit_per_ip <= 2000000000, false)
    error_message = "waf_rate_limit_per_ip is 2000000000 at most, the firewall's own limit."
  }

  validation {
    condition     = var.waf_rate_limit_per_ip == null || try(var.waf_rate_limit_per_ip >= 300 * var.api_throttling.rate_limit, false)
    error_message = "waf_rate_limit_per_ip is at least 300 times api_throttling.rate_limit: below, the firewall would block a relay that stays within the API's own limit."
  }
}

variable "gateway_tracing_enabled" {
  description = "Start X-Ray traces at the gateway instead of the function. Its segment keeps the URL and the caller's address, and an INE is in the query string: for environments without real students."
  type        = bool
  default     = false

  validation {
    condition     = !(var.gateway_tracing_enabled && var.holds_real_students)
    error_message = "gateway_tracing_enabled would keep INEs in traces: only where holds_real_students is false."
  }
}

variable "api_domain" {
  description = "Custom domain of the API: its `name`, and the ARN of its certificate in ACM, in the same region. The default address is then closed."
  type = object({
    name            = string
    certificate_arn = string
  })
  default = null

  validation {
    condition     = var.api_domain != null || !var.holds_real_students
    error_message = "api_domain is missing: the gateway's own address takes TLS 1.0, which real students' data may not travel over."
  }

  validation {
    condition     = alltrue([for domain in var.api_domain[*] : can(regex("^([a-z0-9-]+[.])+[a-z]{2,}$", domain.name)) && can(regex("^arn:[a-z-]+:acm:${var.region}:[0-9]{12}:certificate/", domain.certificate_arn))])
    error_message = "api_domain has a DNS name in lower case, and the ARN of a certificate of ACM in the region of the API: a regional domain takes no other."
  }
}

variable "ines_domain" {
  description = "Custom domain of our own identity service, as `api_domain` is the API's. Without meaning where `ines` names another service."
  type = object({
    name            = string
    certificate_arn = string
  })
  default = null

  validation {
    condition     = var.ines_domain != null || var.ines != null || !var.holds_real_students
    error_message = "ines_domain is missing: the gateway's own address takes TLS 1.0, which real students' identities may not travel over. Or name the ministry's service in `ines`."
  }

  validation {
    condition     = alltrue([for domain in var.ines_domain[*] : can(regex("^([a-z0-9-]+[.])+[a-z]{2,}$", domain.name)) && can(regex("^arn:[a-z-]+:acm:${var.region}:[0-9]{12}:certificate/", domain.certificate_arn))])
    error_message = "ines_domain has a DNS name in lower case, and the ARN of a certificate of ACM in the region of the API: a regional domain takes no other."
  }
}

variable "manage_api_gateway_account" {
  description = "Set the role API Gateway writes logs with. It is one setting per account and region, so setting it replaces another stack's, and destroying this one would leave it naming a role that is gone: true only in an account of its own, otherwise infra/bootstrap or the account's owner sets it once."
  type        = bool
  default     = false
}

# --- Statistics ------------------------------------------------------------------------------------------------------

variable "statistics_schedule" {
  description = "When the statistics are published, as an EventBridge Scheduler expression in Paris time."
  type        = string
  default     = "cron(30 3 * * ? *)"

  validation {
    condition     = can(regex("^(cron|rate)\\(.+\\)$", var.statistics_schedule))
    error_message = "statistics_schedule is a cron(...) or rate(...) expression."
  }
}

variable "verification_schedule" {
  description = "When INES is asked again about the INEs that it didn't know, as an EventBridge Scheduler expression in Paris time: once a day."
  type        = string
  default     = "cron(15 5 * * ? *)"

  validation {
    condition     = can(regex("^(cron|rate)\\(.+\\)$", var.verification_schedule))
    error_message = "verification_schedule is a cron(...) or rate(...) expression."
  }
}

variable "suppression_threshold" {
  description = "Smallest count published. Smaller cells are suppressed so that nobody can be recognised."
  type        = number
  default     = 5

  validation {
    condition     = var.suppression_threshold >= 3 && floor(var.suppression_threshold) == var.suppression_threshold
    error_message = "suppression_threshold is a whole number of at least 3: below, a member of a cell recognises the others."
  }
}

variable "scan_segments" {
  description = "Parallel segments the statistics function scans the students with."
  type        = number
  default     = 4

  validation {
    condition     = var.scan_segments >= 1 && var.scan_segments <= 64 && floor(var.scan_segments) == var.scan_segments
    error_message = "scan_segments is a whole number from 1 to 64."
  }
}

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

variable "log_level" {
  description = "Least serious level the functions log. Above INFO, see on AWS that their metrics, which travel as log lines, still arrive: alarms depend on them."
  type        = string
  default     = "INFO"

  validation {
    condition     = contains(["DEBUG", "INFO", "WARN", "ERROR"], var.log_level)
    error_message = "log_level is DEBUG, INFO, WARN or ERROR."
  }
}
