"""Ties a program to the command-line tool that started it, which it must never outlive.

The tool keeps the other end of our standard input open for as long as it lives. When it dies, even killed,
that end closes, and this process ends together with whatever it started, which shares its process group. What
belongs to a detached platform has no such tie: it is started with `--detached`.
"""

import os
import signal
import threading


def to_parent() -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    while os.read(0, 1024):
        pass
    os.killpg(0, signal.SIGKILL)
