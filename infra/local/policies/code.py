"""The calls of AWS in the sources: which function of which module makes which.

Read by their words and not by a compiler, so what is looked for is written once, below: the client's operations, the
writes of a transaction, and the helpers by which stores read and write. `calls.toml` says what each call is made on.
"""

import dataclasses
import pathlib
import re
from collections.abc import Iterator

# What a call is, in the sources, and the right that it takes. A transaction takes those of its writes.
ACTIONS = {
    ".batch_get_item()": "dynamodb:BatchGetItem",
    ".delete_item()": "dynamodb:DeleteItem",
    ".get_item()": "dynamodb:GetItem",
    ".put_item()": "dynamodb:PutItem",
    ".query()": "dynamodb:Query",
    ".scan()": "dynamodb:Scan",
    ".transact_write_items()": None,
    ".update_item()": "dynamodb:UpdateItem",
    "ConditionCheck::builder()": "dynamodb:ConditionCheckItem",
    "Delete::builder()": "dynamodb:DeleteItem",
    "Put::builder()": "dynamodb:PutItem",
    "Update::builder()": "dynamodb:UpdateItem",
    "check_over(": "dynamodb:ConditionCheckItem",
    "put_over(": "dynamodb:PutItem",
    "save_over(": "dynamodb:PutItem",
    "messages::send(": "sqs:SendMessage",
    "read::many(": "dynamodb:BatchGetItem",
    "read::one(": "dynamodb:GetItem",
    ".get_object()": "s3:GetObject",
    ".list_objects_v2()": "s3:ListBucket",
    ".put_object()": "s3:PutObject",
    ".get_secret_value()": "secretsmanager:GetSecretValue",
    ".publish()": "sns:Publish",
    ".change_message_visibility()": "sqs:ChangeMessageVisibility",
    ".send_message()": "sqs:SendMessage",
    ".send_message_batch()": "sqs:SendMessage",
}
# Where the helpers are: whoever calls them says what on.
HELPERS = {"shared::registry::messages", "shared::registry::read", "shared::registry::transaction"}

WORDS = re.compile("|".join(rf"(?<![\w:]){re.escape(word)}" if word[0] != "." else re.escape(word) for word in ACTIONS))
FUNCTION = re.compile(r"^ *(?P<public>pub(?:\([a-z]+\))? )?(?:const )?(?:async )?fn (?P<name>\w+)", re.MULTILINE)


@dataclasses.dataclass
class Function:
    """A function of the sources."""

    path: str  # Of its module, and its name: `shared::registry::blocks::read`.
    public: bool
    body: str
    actions: set[str] = dataclasses.field(default_factory=set)

    @property
    def module(self) -> str:
        return self.path.rpartition("::")[0]

    @property
    def name(self) -> str:
        return self.path.rpartition("::")[2]


def functions(root: pathlib.Path) -> dict[str, Function]:
    """Every function of `shared` and of the Lambda functions, tests left out, by its path. Two of one name in one
    module are one: what either calls is what both may."""
    found: dict[str, Function] = {}
    for crate, sources in _crates(root):
        for path in sorted(sources.rglob("*.rs")):
            inside = path.relative_to(sources).with_suffix("").parts
            if "tests" in inside:
                continue
            module = "::".join([crate, *(part for part in inside if part not in ("lib", "main"))])
            for function in functions_of(module, path.read_text("utf-8").split("#[cfg(test)]\nmod tests")[0]):
                known = found.setdefault(function.path, function)
                if known is not function:
                    known.body += function.body
                    known.public |= function.public
                    known.actions |= function.actions
    return found


def _crates(root: pathlib.Path) -> Iterator[tuple[str, pathlib.Path]]:
    yield "shared", root / "shared/src"
    for function in sorted((root / "functions").iterdir()):
        yield function.name, function / "src"


def functions_of(module: str, text: str) -> Iterator[Function]:
    text = re.sub(r"//.*", "", text)
    starts = list(FUNCTION.finditer(text))
    for start, following in zip(starts, [*starts[1:], None]):
        body = text[start.end() : following.start() if following else len(text)]
        function = Function(f"{module}::{start['name']}", start["public"] is not None, body)
        if module not in HELPERS:
            _read(function)
        yield function


def _read(function: Function) -> None:
    words = set(WORDS.findall(function.body))
    function.actions = {ACTIONS[word] for word in words if ACTIONS[word]}
    if "s3:GetObject" in function.actions and ".version_id(" in function.body:
        # Reading a version by its id is another right.
        function.actions = function.actions - {"s3:GetObject"} | {"s3:GetObjectVersion"}


def operations(body: str) -> set[str]:
    """The operations that some code names, as AWS's crates call them: `ListObjectsV2`."""
    words = {word for word in WORDS.findall(body) if word[0] == "."}
    return {"".join(part.title() for part in word[1:-2].split("_")) for word in words}
