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

variable "portal_provider" {
  description = "OpenID Connect provider of the portal's agents: `issuer`, our `client_id` there, and `profile`, its departures from the standard (`pro_connect` or `generic`). The client secret is put apart: see docs/deploying.md. Null: nobody can log in, and the public pages are served."
  type = object({
    issuer    = string
    client_id = string
    profile   = optional(string, "generic")
  })
  default = null

  validation {
    condition     = alltrue([for provider in var.portal_provider[*] : can(regex(local.safe_url, provider.issuer)) && !endswith(provider.issuer, "/")])
    error_message = "issuer is an https:// address without a final slash; http:// is for 127.0.0.1 and localhost alone. Otherwise whoever is on the way could log in as anybody."
  }

  validation {
    condition     = alltrue([for provider in var.portal_provider[*] : contains(["generic", "pro_connect"], provider.profile)])
    error_message = "profile is generic or pro_connect."
  }
}

variable "student_provider" {
  description = "FranceConnect, by which students log in to the portal: `issuer` and our `client_id` there. The client secret is put apart: see docs/deploying.md. Null: students' pages aren't there, nor those where a share is read and an attestation verified."
  type = object({
    issuer    = string
    client_id = string
  })
  default = null

  validation {
    condition     = alltrue([for provider in var.student_provider[*] : can(regex(local.safe_url, provider.issuer)) && !endswith(provider.issuer, "/")])
    error_message = "issuer is an https:// address without a final slash; http:// is for 127.0.0.1 and localhost alone. Otherwise whoever is on the way could log in as anybody."
  }
}

variable "share_days" {
  description = "Days for which what a student shares can be read with its code. None is found any longer once they are over."
  type        = number
  default     = 30

  validation {
    condition     = var.share_days >= 1 && var.share_days <= 90 && floor(var.share_days) == var.share_days
    error_message = "share_days is a whole number from 1 to 90: what is shared for longer is forgotten by who shares it."
  }
}

variable "share_readings_per_hour" {
  description = "How many times an hour shares may be tried to be read, by everybody together, a sixth of them at once. A code has 80 random bits: this bounds guesses, and must not be in the way of those who have a code."
  type        = number
  default     = 3600

  validation {
    condition     = var.share_readings_per_hour >= 60 && var.share_readings_per_hour <= 100000 && floor(var.share_readings_per_hour) == var.share_readings_per_hour
    error_message = "share_readings_per_hour is a whole number from 60 to 100000."
  }
}

variable "request_months" {
  description = "Months within which a request of rights is answered (RGPD, article 12, paragraph 3). Whoever answers may give it two more, once, and says why."
  type        = number
  default     = 1

  validation {
    condition     = contains([1, 2, 3], var.request_months)
    error_message = "request_months is 1, 2 or 3."
  }
}

variable "request_ground" {
  description = "The register's ground (RGPD, article 6, paragraph 1), by which an objection or an erasure may be refused: `obligation_legale` (point c, the arrêté's) or `mission_interet_public` (point e)."
  type        = string
  default     = "obligation_legale"

  validation {
    condition     = contains(["obligation_legale", "mission_interet_public"], var.request_ground)
    error_message = "request_ground is obligation_legale or mission_interet_public."
  }
}

variable "attestation_days" {
  description = "Days for which an attestation that a student makes is valid, if its enrolment doesn't end before. Until then whoever verifies it off-line learns with the status list alone that it was revoked."
  type        = number
  default     = 30

  validation {
    condition     = var.attestation_days >= 1 && var.attestation_days <= 90 && floor(var.attestation_days) == var.attestation_days
    error_message = "attestation_days is a whole number from 1 to 90: what was revoked is read by day, ninety of them."
  }
}

variable "attestation_keys" {
  description = "Names of the keys of attestations. The first signs, all are published. A new one is put last, a day later first, and the old one is left out once what it signed has ended: whoever verifies keeps keys for a day (docs/runbook.md, \"Renew the key of attestations\")."
  type        = list(string)
  default     = ["1"]

  validation {
    condition     = length(var.attestation_keys) >= 1 && length(var.attestation_keys) <= 4 && length(distinct(var.attestation_keys)) == length(var.attestation_keys) && alltrue([for name in var.attestation_keys : can(regex("^[a-z0-9]{1,8}$", name))])
    error_message = "attestation_keys are one to four different names of small letters and digits, eight at most."
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

variable "ines_key_versions" {
  description = "Version of each secret of our own identity service, also its id: `ine` and `identity` are keys of tables, which nothing derives again yet, so that raising them is refused; `token` signs tokens, of which raising it ends all."
  type = object({
    ine      = optional(number, 1)
    identity = optional(number, 1)
    token    = optional(number, 1)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for version in values(var.ines_key_versions) : version >= 1 && floor(version) == version])
    error_message = "Each version is a whole number of at least 1."
  }
}

variable "ines_request_retention_days" {
  description = "Days a request for an INE is kept once it is decided, with the identity that it was made for. One that waits stays until it is decided."
  type        = number
  default     = 365

  validation {
    condition     = var.ines_request_retention_days >= 1 && floor(var.ines_request_retention_days) == var.ines_request_retention_days
    error_message = "ines_request_retention_days is a whole number of at least 1."
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

variable "establishments_domain" {
  description = "Custom domain at which establishments write, and which asks for their certificate (mutual TLS): its `name`, the ARN of its own certificate in ACM, and `certificate_authorities`, the PEM of those whose certificates it takes. What they write is then refused at `api_domain`. Null: their keys are enough."
  type = object({
    name                    = string
    certificate_arn         = string
    certificate_authorities = string
  })
  default = null

  validation {
    condition     = alltrue([for domain in var.establishments_domain[*] : can(regex("^([a-z0-9-]+[.])+[a-z]{2,}$", domain.name)) && can(regex("^arn:[a-z-]+:acm:${var.region}:[0-9]{12}:certificate/", domain.certificate_arn))])
    error_message = "establishments_domain has a DNS name in lower case, and the ARN of a certificate of ACM in the region of the API."
  }

  validation {
    condition     = alltrue([for domain in var.establishments_domain[*] : can(regex("^-----BEGIN CERTIFICATE-----\\s", domain.certificate_authorities)) && !strcontains(domain.certificate_authorities, "PRIVATE KEY")])
    error_message = "certificate_authorities is the PEM of certificates, and of no private key."
  }

  validation {
    condition     = alltrue([for domain in var.establishments_domain[*] : try(var.api_domain.name != domain.name, false)])
    error_message = "establishments_domain is beside an api_domain of another name: who consults has no certificate, and the gateway's own address, which asks for none, must be closed."
  }
}

variable "restricted_addresses" {
  description = "IPv4 ranges from which alone a path answers: `review`, what officers decide (`/api/revues`), and `portal`, all of its pages, the public ones too. The firewall refuses the others with 403. An empty list closes nothing."
  type = object({
    review = optional(list(string), [])
    portal = optional(list(string), [])
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for range in flatten(values(var.restricted_addresses)) : try("${cidrhost(range, 0)}/${split("/", range)[1]}" == range, false) && can(regex("^[0-9.]+/([1-9]|[12][0-9]|3[0-2])$", range))])
    error_message = "restricted_addresses are IPv4 ranges that begin at their first address, such as 192.0.2.0/24, one address as /32: the gateway has no IPv6 address, and /0 would close nothing."
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
  description = "Smallest count of people published; with the sex, the age or the place of birth it is 11 at least. What is below is hidden, and enough besides that nobody can compute it."
  type        = number
  default     = 5

  validation {
    condition     = var.suppression_threshold >= 3 && floor(var.suppression_threshold) == var.suppression_threshold
    error_message = "suppression_threshold is a whole number of at least 3: below, a member of a cell recognises the others."
  }
}

variable "cpge_mefstat_prefixes" {
  description = "How the MEFSTAT11 codes of preparatory classes (CPGE) begin. The nomenclature isn't public: without prefixes no enrolment is taken for one, and no double of a CPGE is counted apart."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for prefix in var.cpge_mefstat_prefixes : can(regex("^[0-9]{1,11}$", prefix))])
    error_message = "Each prefix of cpge_mefstat_prefixes is 1 to 11 digits."
  }
}

variable "statistics_url" {
  description = "Address that the frozen snapshots are published below, https:// with a final slash: catalogues of data take whole addresses. Empty where they aren't published yet: then those of dcat.jsonld are relative to it."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.statistics_url == "" || can(regex("^https://[A-Za-z0-9.-]+(:[0-9]+)?/([^\\s?#]*/)?$", var.statistics_url))
    error_message = "statistics_url is an https:// address that ends with a slash, without query or fragment."
  }
}

variable "scan_segments" {
  description = "Parts that statistics read each table in, so many of them at once."
  type        = number
  default     = 4

  validation {
    condition     = var.scan_segments >= 1 && var.scan_segments <= 64 && floor(var.scan_segments) == var.scan_segments
    error_message = "scan_segments is a whole number from 1 to 64."
  }

  # Orders are answered while parts are counted.
  validation {
    condition     = var.reserved_concurrency.statistics == null || try(max(2, var.scan_segments) < var.reserved_concurrency.statistics, false)
    error_message = "reserved_concurrency.statistics is more than scan_segments, and 3 at least: what is beyond it would be throttled, and throttles count as deliveries."
  }
}
