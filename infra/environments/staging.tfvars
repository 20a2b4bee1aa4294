# An example: as production, with invented people, the gateway's own addresses and the account's shared concurrency.

environment         = "staging"
holds_real_students = false

packages_dir = "../target/package/arm64"

# Still a team's list: an alarm is tried out here first.
alarm_email = "exploitation@example.org"
