"""What a function's program was linked with: the linker drops whatever nothing reaches, so a store's method that no
route calls isn't there."""

import functools
import pathlib
import re
import subprocess
import tempfile
import zipfile
from collections.abc import Iterable, Iterator

from policies.code import Function, operations

# Not all that a program is linked with is called: the client of S3 makes a session for directory buckets, of which
# there are none, and the chain of credentials takes a role where there is no Lambda to give them.
NOT_CALLED = {"aws_sdk_s3::CreateSession", "aws_sdk_sts::AssumeRole", "aws_sdk_sts::AssumeRoleWithWebIdentity"}
OPERATION = re.compile(r"(aws_sdk_\w+)::operation::\w+::(\w+)::orchestrate")


class Program:
    """A program's symbols, as the sources name them."""

    def __init__(self, symbols: Iterable[str]) -> None:
        self._symbols = {symbol for symbol in symbols if "::" in symbol}
        self._of_module: dict[str, str] = {}

    @classmethod
    def of_package(cls, package: pathlib.Path) -> "Program":
        """The program of a package for Lambda."""
        with zipfile.ZipFile(package) as archive, tempfile.TemporaryDirectory() as directory:
            listing = subprocess.run(
                ["nm", "-C", archive.extract("bootstrap", directory)], capture_output=True, text=True, check=True
            )
        # An address and a letter come before the name.
        return cls(line[19:] for line in listing.stdout.splitlines())

    def operations(self) -> set[str]:
        """The operations of AWS's clients: `aws_sdk_dynamodb::GetItem`."""
        found = {match.groups() for match in map(OPERATION.search, self._symbols) if match}
        return {f"{sdk}::{operation}" for sdk, operation in found} - NOT_CALLED

    def has(self, function: Function) -> bool:
        """Whether a symbol is the function's, or of what only it has: the future that it returns, a type within it."""
        if function.module not in self._of_module:
            own = (symbol for symbol in self._symbols if f"{function.module}::" in symbol)
            self._of_module[function.module] = "\n".join(own)
        owner = r"(?:<impl [^>]*>::|\w+(?:<[^\n]*?>)?::)?"
        found = rf"{re.escape(function.module)}::{owner}{function.name}(?:::|<|>|$)"
        return re.search(found, self._of_module[function.module], re.MULTILINE) is not None


def reached(program: Program, functions: dict[str, Function], within: dict[str, list[str]]) -> set[str]:
    """Those of the functions that call AWS, or help others to, that the program was linked with, by path: it has a
    symbol of them, or of a function that they may be compiled into. A private one may be in whatever of its module
    names it; for others `within` says."""
    has = functools.cache(lambda path: program.has(functions[path]))

    def is_in(function: Function) -> bool:
        seen, left = {function.path}, [function]
        while left:
            looked_at = left.pop()
            if has(looked_at.path):
                return True
            callers = [each for each in _callers(looked_at, functions, within) if each.path not in seen]
            seen.update(each.path for each in callers)
            left += callers
        return False

    return {
        path for path, function in functions.items() if operations(function.body) | function.actions and is_in(function)
    }


def _callers(function: Function, functions: dict[str, Function], within: dict[str, list[str]]) -> Iterator[Function]:
    yield from (functions[path] for path in within.get(function.path, []) if path in functions)
    if not function.public:
        called = re.compile(rf"\b{function.name}(?:::<[^>]*>)?\(")
        for other in functions.values():
            if other.module == function.module and other is not function and called.search(other.body):
                yield other
