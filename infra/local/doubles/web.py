"""Requests and answers: the little of HTTP that the doubles need, where nothing malformed gets past a 400."""

import json
import socketserver
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# More than any request of ours, and little enough to be read at once.
LONGEST_BODY = 256 * 1024
# More than any honest lifetime, and far from what overflows.
LONGEST_DURATION = 10 * 366 * 24 * 3600


class Malformed(Exception):
    """The request can't be understood; the message is for its author."""


@dataclass(frozen=True)
class Request:
    content_type: str
    body: bytes
    query: str = ""
    authorization: str = ""

    def json(self) -> "Fields":
        try:
            value = json.loads(self.body)
            # What could be read and not written again (NaN, a bottomless nesting) would fail later.
            json.dumps(value, allow_nan=False)
        except (ValueError, RecursionError):
            raise Malformed("the body is not JSON") from None
        if not isinstance(value, dict):
            raise Malformed("the body is not a JSON object")
        return Fields(value)


class Fields:
    """The fields of a JSON object, taken one by one; `end` refuses those that nobody took."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def text(self, name: str, default: str | None = None) -> str:
        value = self._values.pop(name, default)
        if not isinstance(value, str) or not value:
            raise Malformed(f"{name} must be a text that is not empty")
        return value

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        """One of the choices, of which the first is the default."""
        value = self._values.pop(name, choices[0])
        if not isinstance(value, str) or value not in choices:
            raise Malformed(f"{name} must be one of {', '.join(choices)}")
        return value

    def texts(self, name: str) -> list[str]:
        value = self._values.pop(name, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise Malformed(f"{name} must be a list of texts")
        return value

    def object(self, name: str) -> dict[str, Any]:
        value = self._values.pop(name, {})
        if not isinstance(value, dict):
            raise Malformed(f"{name} must be an object")
        return value

    def seconds(self, name: str, default: int) -> int:
        value = self._values.pop(name, default)
        if type(value) is not int or abs(value) > LONGEST_DURATION:
            raise Malformed(f"{name} must be a whole number of seconds")
        return value

    def end(self) -> None:
        if self._values:
            # By number, not by name: a name may be anything that was meant for another field.
            raise Malformed(f"{len(self._values)} fields are not known here")


@dataclass(frozen=True)
class Answer:
    status: int
    content_type: str
    body: bytes
    location: str | None = None

    @classmethod
    def redirect(cls, location: str) -> "Answer":
        return cls(303, "text/plain", b"", location)

    @classmethod
    def json(cls, value: Any, status: int = 200) -> "Answer":
        return cls(status, "application/json", json.dumps(value).encode())

    @classmethod
    def error(cls, code: str, description: str, status: int) -> "Answer":
        return cls.json({"error": code, "error_description": description}, status)


Routes = Mapping[tuple[str, str], Callable[[Request], Answer]]


class Server(ThreadingHTTPServer):
    """A server of this machine only. It logs no request: paths, bodies and tokens are nobody's business."""

    # Load tests open more connections at once than the five that may wait by default.
    request_queue_size = 128

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.routes: Routes = {}

    def server_bind(self) -> None:
        """As any server does: http.server would also ask the network for the name of this machine."""
        socketserver.TCPServer.server_bind(self)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error; of anything else, the place and the kind, never the message."""
        error = sys.exception()
        if not isinstance(error, ConnectionError | TimeoutError):
            complain(error)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Even what is not understood gets a status and headers.
    default_request_version = "HTTP/1.1"
    # Headers and body are two writes: without this the second waits for the acknowledgement of the first.
    disable_nagle_algorithm = True
    # A connection that is kept open holds a thread.
    timeout = 120
    server: Server

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_GET
    do_PUT = do_GET

    def _serve(self) -> None:
        try:
            answer = self._answer()
        except Malformed as error:
            answer = Answer.error("invalid_request", str(error), 400)
        except (ConnectionError, TimeoutError):
            # Nobody is left to answer.
            raise
        except Exception as error:
            complain(error)
            answer = Answer.error("server_error", "The test double failed: its log says where.", 500)
        self._send(answer)

    def _answer(self) -> Answer:
        # Read even if nobody wants it: what is left unread would be taken for the next request.
        body = self._read_body()
        path, _, query = self.path.partition("?")
        serve = self.server.routes.get((self.command, path))
        if serve:
            content_type = self.headers.get_content_type() if "content-type" in self.headers else ""
            return serve(Request(content_type, body, query, self.headers.get("authorization", "")))
        if any(known == path for _, known in self.server.routes):
            return Answer.error("invalid_request", "this path has other methods", 405)
        return Answer.error("invalid_request", "no such path", 404)

    def _read_body(self) -> bytes:
        length = self.headers.get("content-length", "0")
        if "transfer-encoding" in self.headers or not (length.isascii() and length.isdigit()):
            self.close_connection = True
            raise Malformed("the body must come with its length")
        if len(length) > 9 or int(length) > LONGEST_BODY:
            self.close_connection = True
            raise Malformed("the body is too long")
        return self.rfile.read(int(length))

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Cache-Control", "no-store")
        if answer.location is not None:
            self.send_header("Location", answer.location)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What http.server itself refuses, before any route: an unknown method, a broken request line."""
        self.close_connection = True
        self._send(Answer.error("invalid_request", HTTPStatus(code).phrase, code))

    def log_message(self, *_: Any) -> None:
        pass


def complain(error: BaseException | None) -> None:
    """Says where something failed. Not the message, which may quote an identity or a token."""
    frames = traceback.extract_tb(error.__traceback__) if error else []
    place = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    print(f"{type(error).__name__}{place}", file=sys.stderr, flush=True)
