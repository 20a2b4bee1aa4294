"""A test double of FranceConnect, of the agents' provider and of the issuer of our JWT. Never deploy it: it vouches for anybody.

It is a Python program on another JOSE library than ours, on purpose: two readings of the same standards.
"""

import argparse

import tie
from doubles.agents import Agents
from doubles.france_connect import FranceConnect
from doubles.issuer import Issuer
from doubles.students import Students
from doubles.web import Answer, Request, Server


def main() -> None:
    arguments = parsed_arguments()
    if not arguments.detached:
        tie.to_parent()
    server(arguments.port, arguments.audience).serve_forever()


def parsed_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="identity_provider", description="A test double: never deploy it.")
    parser.add_argument("--port", type=int, required=True, help="on 127.0.0.1")
    parser.add_argument("--audience", default="statut-etudiant", help="whom the JWT are for")
    parser.add_argument("--detached", action="store_true", help="live on when the standard input closes")
    return parser.parse_args()


def server(port: int, audience: str) -> Server:
    """A server that is ready to serve; any free port for 0."""
    ready = Server(port)
    ready.routes = {
        ("GET", "/health"): health,
        **Issuer(ready.url, audience).routes(),
        **FranceConnect(ready.url).routes(),
        **Agents(ready.url).routes(),
        **Students(ready.url).routes(),
    }
    return ready


def health(_: Request) -> Answer:
    return Answer.json({"status": "ok"})


if __name__ == "__main__":
    main()
