"""Runs another emulator (moto), which never outlives the command-line tool that started it."""

import sys

import tie

tie.to_parent()

from moto.server import main  # noqa: E402  (the tie first: importing takes a second)

main(["--port", sys.argv[1]])
