# An example, to be copied and decided by whoever deploys. What is not here keeps its default, which is the safe choice.

environment = "production"

# Where `cargo local package` leaves its packages (docs/deploying.md), seen from this directory.
packages_dir = "../target/package/arm64"

# Made once an account by infra/bootstrap, whose outputs these are. Named administrators apart from users: whoever deploys
# administers the keys and can't read what is under them.
# permissions_boundary = "arn:aws:iam::…:policy/statut-etudiant-boundary"
# key_administrators   = ["arn:aws:iam::…:role/statut-etudiant-deployer"]

# Names that callers use, with a certificate of ACM each, in the same region. The plan refuses real students without them.
# api_domain  = { name = "api.statut-etudiant.example.org", certificate_arn = "arn:aws:acm:eu-west-3:…:certificate/…" }
# ines_domain = { name = "ines.statut-etudiant.example.org", certificate_arn = "arn:aws:acm:eu-west-3:…:certificate/…" }

# From where officers decide and the portal is used: the ministry's and the academies' ranges. Without it, from anywhere.
# restricted_addresses = { review = ["192.0.2.0/24"], portal = [] }

# Where establishments write with a certificate of one of these authorities, besides their key.
# establishments_domain = {
#   name                    = "depots.statut-etudiant.example.org"
#   certificate_arn         = "arn:aws:acm:eu-west-3:…:certificate/…"
#   certificate_authorities = <<-PEM
#     -----BEGIN CERTIFICATE-----
#     …
#   PEM
# }

# People, by the roles of their single sign-on, whose directory asks for a second factor; users show theirs to AWS.
# operators                = ["arn:aws:iam::…:role/aws-reserved/sso.amazonaws.com/…"]
# data_protection_officers = ["arn:aws:iam::…:role/aws-reserved/sso.amazonaws.com/…"]
# break_glass              = ["arn:aws:iam::…:role/aws-reserved/sso.amazonaws.com/…"]

# 371 in all, and AWS keeps 100 back: the account's quota of concurrent executions (Service Quotas, L-B99A9384) must be 471 at
# least. A new account's is often 10 and the plan says so; ask for 1,000 some days before.
# Reserved so that the night's imports cannot take the consultation's share of the account, nor the reverse.
# Ingestion is kept low: each instance alone can fill a table's write capacity. Statistics count four parts at once, and take an
# order meanwhile; retention never runs twice at a time.
reserved_concurrency = {
  status        = 200
  enrolment     = 50
  review        = 5
  ingestion     = 10
  deduplication = 50
  statistics    = 5
  retention     = 1
  ines          = 50
}

# All that is reserved for each. Lower the second if the national identity service asks for less.
imports_maximum_concurrency  = 10
identity_maximum_concurrency = 50

# Who hears how each import ends: the support team, and an establishment's own queue, which its owner subscribes
# (docs/deploying.md). One endpoint may be named for several establishments.
# import_notifications = [
#   { protocol = "email", endpoint = "support@example.org" },
#   { protocol = "sqs", endpoint = "arn:aws:sqs:eu-west-3:…:…", uai = "0751967F" },
# ]

# Establishments that are on AWS themselves, and send files under a role of their own (docs/deploying.md).
# depositors = {
#   "0751967F" = { principal = "arn:aws:iam::…:role/…", external_id = "…" }
# }

# A year rather than six months: abuses are often found at the yearly audit of the clients.
access_log_retention_days = 365

# 200 instances answer 4,000 requests a second at 50 ms each: half of that, so that a slow day queues nobody.
api_throttling = {
  rate_limit  = 2000
  burst_limit = 4000
}

# Who may vouch for a caller. Both are given by those who run them (docs/deploying.md); without them the direct API
# refuses every token. No secret is among them.
# token_issuer = {
#   issuer   = "https://…"
#   audience = "…"
#   jwks_url = "https://…"
# }
# france_connect = {
#   url       = "https://…"
#   issuer    = "https://…"
#   client_id = "…"
# }

# Establishments that send files on agreed days: so many days without one are alarming.
# watched_establishments = { "0751967F" = 7 }

# Once the deployment is older than the traces are kept for.
# retention_alarm_enabled = true

# A team's list, not a person.
alarm_email = "exploitation@example.org"
