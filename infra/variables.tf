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

variable "operators" {
  description = "ARNs of the roles or users that may take the operator's role: clients, establishments, imports, dead letters, logs. It reads no student and no trace."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.operators : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:(role|user)/[^*]+$", arn))])
    error_message = "operators are ARNs of roles or users: nothing wider."
  }
}

variable "data_protection_officers" {
  description = "ARNs of the roles or users that may take the data protection officer's role: the access log, and what finds a person in it. It changes nothing."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.data_protection_officers : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:(role|user)/[^*]+$", arn))])
    error_message = "data_protection_officers are ARNs of roles or users: nothing wider."
  }
}

variable "break_glass" {
  description = "ARNs of the roles or users that may take the break-glass role, which reads and mends every table, bucket, queue and secret of the stack for an hour. Each taking of it is alarming."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.break_glass : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:(role|user)/[^*]+$", arn))])
    error_message = "break_glass are ARNs of roles or users: nothing wider."
  }

  validation {
    condition     = length(setintersection(var.break_glass, concat(var.operators, var.data_protection_officers))) == 0
    error_message = "Whoever has the break-glass role every day has no need of another: name a role that is only taken when the glass is broken."
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
  packages = ["status", "enrolment", "review", "portal", "ingestion", "deduplication", "statistics", "retention", "ines"]
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

variable "gradual_deployment" {
  description = "How a new version of a function takes over: the name of one of CodeDeploy's configurations for Lambda, such as `CodeDeployDefault.LambdaCanary10Percent5Minutes`. Null: at once, with the apply. Set before the first apply: aliases are made anew when it is set or taken away, and nothing answers in between."
  type        = string
  default     = null

  validation {
    condition     = var.gradual_deployment == null || can(regex("^CodeDeployDefault\\.Lambda(Canary10Percent(5|10|15|30)Minutes|Linear10PercentEvery(1Minute|(2|3|10)Minutes)|AllAtOnce)$", var.gradual_deployment))
    error_message = "gradual_deployment is null or one of CodeDeploy's configurations for Lambda: CodeDeployDefault.LambdaCanary10Percent5Minutes, …Linear10PercentEvery1Minute, …AllAtOnce."
  }

  validation {
    condition     = var.gradual_deployment == null || var.alarms_enabled
    error_message = "gradual_deployment needs alarms_enabled: without alarms nothing stops a bad version."
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
    portal        = optional(number)
    ingestion     = optional(number)
    deduplication = optional(number)
    statistics    = optional(number)
    retention     = optional(number)
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

variable "rekeying" {
  description = "HMAC keys that the register is being re-keyed from: consultation and pushes look under the version before as well, and deduplication waits. Emptied once `statut rekey` has ended."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(setsubtract(var.rekeying, ["ine", "identity"])) == 0
    error_message = "rekeying names ine, identity, or both."
  }
}

variable "hmac_key_versions" {
  description = "Version of each HMAC key, also its key id. Raising one writes a new random key: by one, of `ine` and `identity` alone, with its name in `rekeying` (docs/runbook.md, \"Renew a secret of keys\"). Nothing derives again what `record` and `portal` were used for, so that raising them is refused."
  type = object({
    record   = optional(number, 1)
    ine      = optional(number, 1)
    identity = optional(number, 1)
    portal   = optional(number, 1)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for version in values(var.hmac_key_versions) : version >= 1 && floor(version) == version])
    error_message = "Each HMAC key version is a whole number of at least 1."
  }
}

variable "student_retention_days" {
  description = "Days after the last day of a student's last enrolment on which the student is erased with its records, its answer and all that leads to it. Null: none is ever erased, and each run says so. The arrêté's duration wasn't at hand, so there is no default."
  type        = number
  default     = null

  validation {
    condition     = var.student_retention_days == null || try(var.student_retention_days >= 1 && var.student_retention_days <= 36525 && floor(var.student_retention_days) == var.student_retention_days, false)
    error_message = "student_retention_days is null or a whole number of days from 1 to 36525."
  }
}

variable "case_retention_days" {
  description = "Days after the last voice or decision on which a closed review case is erased, once nobody whom it is about is left: until then its decision can be undone. Null: none is ever erased."
  type        = number
  default     = null

  validation {
    condition     = var.case_retention_days == null || try(var.case_retention_days >= 1 && var.case_retention_days <= 36525 && floor(var.case_retention_days) == var.case_retention_days, false)
    error_message = "case_retention_days is null or a whole number of days from 1 to 36525."
  }
}

variable "request_retention_days" {
  description = "Days after its end for which a request of rights is kept, as a proof of the answer. One that ended before this was set is kept. Null: none is ever erased."
  type        = number
  default     = null

  validation {
    condition     = var.request_retention_days == null || try(var.request_retention_days >= 1 && var.request_retention_days <= 36525 && floor(var.request_retention_days) == var.request_retention_days, false)
    error_message = "request_retention_days is null or a whole number of days from 1 to 36525."
  }
}

variable "retention_schedule" {
  description = "When retention runs, as an EventBridge Scheduler expression in Paris time. A pass that a run has no time to finish is gone on with by the next one; once it is finished, the next is due three days after it began."
  type        = string
  default     = "cron(0 0-3 * * ? *)"

  validation {
    condition     = can(regex("^(cron|rate)\\(.+\\)$", var.retention_schedule))
    error_message = "retention_schedule is a cron(...) or rate(...) expression."
  }
}

variable "retention_segments" {
  description = "Parts that each table is read in by retention: a run that is stopped reads one of them again."
  type        = number
  default     = 64

  validation {
    condition     = var.retention_segments >= 1 && var.retention_segments <= 1000 && floor(var.retention_segments) == var.retention_segments
    error_message = "retention_segments is a whole number from 1 to 1000."
  }
}

variable "retention_per_second" {
  description = "Students, records and cases that retention erases in a second at most, so that those who ask and send don't notice."
  type        = number
  default     = 50

  validation {
    condition     = var.retention_per_second >= 1 && var.retention_per_second <= 1000 && floor(var.retention_per_second) == var.retention_per_second
    error_message = "retention_per_second is a whole number from 1 to 1000."
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

variable "access_log_copy_enabled" {
  description = "Copy the access logs into a bucket where nobody, the account's root included, can change or delete a trace for `access_log_retention_days`. Null: where real students are. Such a bucket can't be destroyed before its last object is free."
  type        = bool
  default     = null

  validation {
    condition     = !(var.access_log_copy_enabled == false && var.holds_real_students)
    error_message = "access_log_copy_enabled is false only where holds_real_students is: whoever administers the account could otherwise remove the trace of a consultation."
  }
}

variable "backup" {
  description = "Daily copies of the tables in a vault of another account: its ARN, and the days that a copy is kept there, no more than the shortest of the retentions, since nothing is erased in a copy. None by default."
  type = object({
    vault_arn = string
    days      = optional(number, 35)
  })
  default = null

  validation {
    condition     = var.backup == null || can(regex("^arn:[a-z-]+:backup:[a-z0-9-]+:[0-9]{12}:backup-vault:[A-Za-z0-9_-]+$", var.backup.vault_arn))
    error_message = "backup.vault_arn is the ARN of a backup vault."
  }

  validation {
    condition = (var.backup == null ? true :
      var.backup.days >= 1 && floor(var.backup.days) == var.backup.days
      && var.backup.days <= min(
        var.access_log_retention_days, var.reports_retention_days, var.ines_request_retention_days,
        coalesce(var.student_retention_days, 36525), coalesce(var.case_retention_days, 36525),
    ))
    error_message = "backup.days is a whole number of at least 1, and no more than the shortest of access_log_retention_days, reports_retention_days, ines_request_retention_days, student_retention_days and case_retention_days: a copy would keep what has expired."
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

variable "firewall_log_retention_days" {
  description = "Days that blocked requests are kept, with the address they came from."
  type        = number
  default     = 180

  validation {
    condition     = contains([30, 60, 90, 120, 150, 180, 365], var.firewall_log_retention_days)
    error_message = "firewall_log_retention_days is 30, 60, 90, 120, 150, 180 or 365: a period that CloudWatch Logs accepts, a year at most."
  }
}
