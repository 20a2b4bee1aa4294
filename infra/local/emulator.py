"""Runs the emulator, and makes sure that it never outlives the command-line tool that started it.

The functions that it starts share its process group, so they end with it.
"""

import sys

import tie

ENFORCED = "--enforce-iam" in sys.argv
if "--detached" not in sys.argv:
    tie.to_parent()
sys.argv = sys.argv[:1]

if ENFORCED:
    import enforcement

    enforcement.as_on_aws()

from ministack.app import main  # noqa: E402  (the tie first: importing takes a second)

main()
