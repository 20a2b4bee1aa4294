# --- Tables ----------------------------------------------------------------------------------------------------------
# Several tables rather than one: they differ in owner, permissions, retention and heat.

locals {
  # Where `expires` is true, DynamoDB deletes an item once its `expires_at` is past.
  tables = {
    # `slice` is an establishment, an academic year and one of sixteen parts: what a complete file is compared with, without
    # reading the table, nor keeping all of a large university under one key. The keys alone, for the records are then
    # read by them.
    records = {
      hash    = "id"
      expires = true
      indexes = {
        slice = { hash = "slice", range = "id" }
        # The day from which on INES is asked again about an INE that it didn't know: only such records have one.
        verify_on = { hash = "verify_on", range = "id" }
      }
    }
    students       = { hash = "pk", range = "sk" }
    blocks         = { hash = "pk", expires = true }
    establishments = { hash = "uai" }

    # The imports of an establishment, by when they were received. Other items of the table have no such time.
    imports = {
      hash    = "id"
      expires = true
      indexes = { establishment = { hash = "uai", range = "received_at" } }
    }

    # What was found about the identity of the rows of each import, in the order of its lines.
    findings = { hash = "import", range = "position", expires = true }

    # `by` is a client, a day and one of sixteen parts: what a client did is listed without one partition that takes every
    # consultation of the largest.
    access_log = {
      hash    = "subject"
      range   = "at"
      expires = true
      # What the use of the API is counted by: neither whom a trace is about nor on whose behalf.
      indexes = { client = { hash = "by", range = "at", attributes = ["action", "found", "route"] } }
    }

    # `open` is the kind of a case and one of its parts, `rank` its age: both are of open cases alone, so the index holds
    # what is to be done and nothing else.
    reviews = { hash = "id", indexes = { open = { hash = "open", range = "rank" } } }

    # Clients, their keys, and the ids of revoked tokens. Of these only token ids are meant to vanish, once the token
    # would no longer be valid anyway: they alone may have `expires_at`. A client or a key that ends at a date has
    # `valid_until`, which refuses it and keeps it: who could ask, and when, must stay known.
    # The clients that send as an establishment, and a client with its keys: what its managers see in the portal.
    clients = {
      hash    = "id"
      expires = true
      indexes = {
        depositor = { hash = "depositor", range = "id" }
        client    = { hash = "client_id", range = "id" }
      }
    }

    # Counters that say nothing any more after some hours: restored from a backup, they would charge callers for
    # another day's requests. Still protected from deletion, for the API counts on the table itself. Those of new
    # identities (`N#…`) last an academic year; lost with the table, each establishment has its quota a second time.
    quotas = { hash = "subject", expires = true, recoverable = false }

    # What was answered to an `Idempotency-Key`, for as long as its request may be repeated: restored from a backup, it
    # would answer for another day's.
    idempotency = { hash = "id", expires = true, recoverable = false }

    # Sessions of the portal, and log-ins on their way: of twelve hours at most, so restored they would open nothing.
    sessions = { hash = "id", expires = true, recoverable = false }
    # What students share, for a month at most: a share that was ended must not come back, and one that is lost is made again.
    shares = { hash = "id", expires = true, recoverable = false }
    # Which attestations were made and revoked, for three months at most: a restore must make none valid again that was revoked.
    attestations = { hash = "id", expires = true, recoverable = false }
    # Who may do what in the portal, and invitations, which alone expire.
    members = { hash = "id", expires = true }

    # What people ask by their rights, encrypted, and what was done about it: restored with no other table. `desk` and `rank`, the day by which it is answered,
    # are of open requests alone; `uai` of those that an establishment has or had; `owner` of those that were made in the portal.
    requests = {
      hash    = "id"
      expires = true
      indexes = {
        open          = { hash = "desk", range = "rank" }
        establishment = { hash = "uai", range = "rank" }
        owner         = { hash = "owner", range = "rank" }
      }
    }

    # What was taken back (keys, tokens, leave to tell of a student): restored with no other table, and applied again after one.
    withdrawals = { hash = "month", range = "at", expires = true }

    # What was erased, in numbers, and who mustn't be: restored, it would let go whom a court holds since.
    retention = { hash = "pk", range = "sk" }
  }
}

module "table" {
  source   = "./modules/table"
  for_each = local.tables

  name                = "${local.name}-${replace(each.key, "_", "-")}"
  account_id          = local.account_id
  hash_key            = each.value.hash
  range_key           = try(each.value.range, null)
  indexes             = try(each.value.indexes, {})
  expires             = try(each.value.expires, false)
  recoverable         = try(each.value.recoverable, true)
  deletion_protection = var.deletion_protection
  key_arn             = aws_kms_key.data[each.key == "access_log" ? "access_log" : "registry"].arn
  stream_enabled      = each.key == "access_log" && local.access_log_copied

  alarms_enabled  = var.alarms_enabled
  alarm_topic_arn = aws_sns_topic.alarms.arn
}

# --- Buckets ---------------------------------------------------------------------------------------------------------

locals {
  # Published statistics are kept: a reader may cite any past edition.
  buckets = {
    inbox   = { expire_after_days = var.inbox_retention_days, passing = {}, forms_from = [regex("^https?://[^/]+", local.portal_url)] }
    reports = { expire_after_days = var.reports_retention_days, passing = {}, forms_from = [] }
    # What the steps of a count came to is exact, and nobody's once its tables are made. Where the students of a snapshot were counted
    # is for the flows to the next one, which is half a year later at most as reference dates are.
    statistics = {
      expire_after_days = null
      passing           = { "interne/comptages/" = 7, "interne/parcours/" = 370 }
      forms_from        = []
    }
  }
}

module "bucket" {
  source   = "./modules/bucket"
  for_each = local.buckets

  name              = "${local.name}-${each.key}-${local.account_id}"
  key_arn           = aws_kms_key.data["files"].arn
  force_destroy     = var.force_destroy
  expire_after_days = each.value.expire_after_days
  passing           = each.value.passing
  forms_from        = each.value.forms_from

  noncurrent_version_retention_days = var.noncurrent_version_retention_days
}

# --- Queues ----------------------------------------------------------------------------------------------------------
# Each is beside what takes its work.

locals {
  queues = merge(
    {
      imports    = module.imports_queue
      identity   = module.identity_queue
      statistics = module.statistics_queue
      retention  = module.retention_dead_letters
    },
    { for queue in module.access_log_dead_letters : "traces" => queue },
  )

  dead_letter_arns = [for queue in local.queues : queue.dead_letter_arn]
}
