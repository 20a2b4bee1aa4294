"""Runs the emulator, and makes sure that it never outlives the command-line tool that started it.

The tool keeps the other end of our standard input open for as long as it lives. When it dies, even killed,
that end closes, and this process ends together with the functions it started, which share its process
group. A detached platform has no such tie: it is started with `--detached`.
"""

import os
import signal
import sys
import threading


def end_with_parent() -> None:
    while os.read(0, 1024):
        pass
    os.killpg(0, signal.SIGKILL)


if "--detached" not in sys.argv:
    threading.Thread(target=end_with_parent, daemon=True).start()
sys.argv = sys.argv[:1]

from ministack.app import main  # noqa: E402  (the tie first: importing takes a second)

main()
