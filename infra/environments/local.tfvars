# The local platform. It adds what it alone knows: packages_dir and function_endpoint_url.

environment         = "local"
holds_real_students = false

# The packages are built with the host's own toolchain.
architecture = "x86_64"

# Everything goes away with the emulator.
deletion_protection         = false
force_destroy               = true
secret_recovery_window_days = 0

# A poisoned message reaches its dead-letter queue in half a minute instead of a quarter of an hour, and what a killed
# invocation had in hand is taken up again as soon.
identity_queue_visibility_seconds = 15
identity_max_receive_count        = 2
imports_queue_visibility_seconds  = 15
imports_max_receive_count         = 5

# A test that revokes a key waits for seconds, not for a minute.
client_cache_seconds = 2

# Tests send thousands of invented people for one establishment. `statut establishment quota` still sets a smaller one.
new_identities_floor = 100000

# Tests send enrolments that ended more than ten years ago, and have them erased; nobody else sends any.
student_retention_days = 3650
case_retention_days    = 3650
retention_segments     = 4

# The emulator starts a process for each question that INES is asked at once, and does some 500 calls a second in all.
identity_maximum_concurrency = 8
ines_questions_per_second    = 40
