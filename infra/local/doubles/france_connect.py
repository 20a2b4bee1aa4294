"""The double of FranceConnect, as a data provider sees it: it says whom an access token is about.

v2 answers with a signed and encrypted introspection, v1 with plain JSON; both know the same tokens. A token may be
made to be answered for wrongly, and each way is one that a data provider has to withstand.
"""

import hashlib
import re
import secrets
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from doubles.data_provider import DataProvider, KeysOutOfReach
from doubles.signing import ALGORITHMS, SigningKey, as_json
from doubles.web import Answer, Malformed, Request, Routes

LIFETIME = 12 * 3600
# Longer than any caller of ours waits.
SLOWNESS = 15
ENCRYPTIONS = ("RSA-OAEP-256", "ECDH-ES")
INTROSPECTION = "token-introspection+jwt"
# Answered for alike by both versions…
OF_ANY_VERSION = ("normal", "inactive", "slow", "down", "not_json", "garbage")
# … and those that need a signature to be wrong: to v1, a token that behaves so is a normal one.
OF_SIGNED_ANSWERS = (
    "wrong_audience",
    "wrong_issuer",
    "wrong_signature",
    "unknown_signing_key",
    "not_encrypted",
    "stale",
)
# What a bearer token is made of (RFC 6750, section 2.1).
WELL_FORMED = re.compile(r"[A-Za-z0-9._~+/-]+=*")
# The length that FranceConnect demands of the identifiers and secrets of data providers.
CREDENTIAL_LENGTH = 32


@dataclass(frozen=True)
class Token:
    """What an access token stands for."""

    identity: dict[str, Any]
    scopes: list[str]
    client_id: str
    issued_at: int
    expires_at: int
    encryption: str
    signature: str
    behaviour: str
    jti: str

    def is_active(self) -> bool:
        return self.behaviour != "inactive" and time.time() < self.expires_at

    def subject(self) -> str:
        """One person has one pseudonym for each service provider."""
        return hashlib.sha256(as_json([self.client_id, self.identity])).hexdigest() + "v1"

    def introspection(self) -> dict[str, Any]:
        """As v2 has it. Of the scopes, those that a data provider of the ministry declares: `openid` isn't one."""
        given_name = self.identity.get("given_name")
        names = {"given_name_array": given_name.split()} if isinstance(given_name, str) else {}
        return {
            "active": True,
            "aud": self.client_id,
            "sub": self.subject(),
            "iat": self.issued_at,
            "exp": self.expires_at,
            "acr": "eidas1",
            "jti": self.jti,
            "scope": " ".join(scope for scope in self.scopes if scope.startswith("mesri_")),
            **names,
            **self.identity,
        }

    def plain_introspection(self) -> dict[str, Any]:
        """As v1 has it."""
        return {
            "scope": self.scopes,
            "identity": {name: value for name, value in self.identity.items() if name != "given_name_array"},
            "client": {"client_id": self.client_id, "client_name": "Fournisseur de service du bac à sable"},
            "identity_provider_id": "test-double",
            "identity_provider_host": "127.0.0.1",
            "acr": "eidas1",
        }


class FranceConnect:
    def __init__(self, base_url: str) -> None:
        self._issuer = f"{base_url}/api/v2"
        self._keys = {alg: SigningKey.generate("france-connect", alg) for alg in ALGORITHMS}
        self._unpublished = {alg: SigningKey.generate("unpublished", alg) for alg in ALGORITHMS}
        self._tokens: dict[str, Token] = {}
        self._data_provider: DataProvider | None = None

    def routes(self) -> Routes:
        return {
            ("GET", "/api/v2/jwks"): self._jwks,
            ("POST", "/api/v1/checktoken"): self._check_v1,
            ("POST", "/api/v2/checktoken"): self._check_v2,
            ("POST", "/double/france-connect/token"): self._new_token,
            ("PUT", "/double/france-connect/data-provider"): self._register,
        }

    # What only a test double has.

    def _new_token(self, request: Request) -> Answer:
        fields = request.json()
        now = int(time.time())
        token = Token(
            identity=fields.object("identity"),
            scopes=fields.texts("scopes"),
            client_id=fields.text("client_id", "sandbox-fs"),
            issued_at=now,
            expires_at=now + fields.seconds("expires_in", LIFETIME),
            encryption=fields.choice("encryption", ENCRYPTIONS),
            signature=fields.choice("signature", ALGORITHMS),
            behaviour=fields.choice("behaviour", OF_ANY_VERSION + OF_SIGNED_ANSWERS),
            jti=str(uuid.uuid4()),
        )
        fields.end()
        opaque = secrets.token_urlsafe(32)
        self._tokens[opaque] = token
        return Answer.json({"access_token": opaque})

    def _register(self, request: Request) -> Answer:
        fields = request.json()
        client_id, client_secret = fields.text("client_id"), fields.text("client_secret")
        jwks_uri = fields.text("jwks_uri")
        fields.end()
        if min(len(client_id), len(client_secret)) < CREDENTIAL_LENGTH:
            raise Malformed(f"client_id and client_secret must have {CREDENTIAL_LENGTH} characters or more")
        if not _is_http(jwks_uri):
            raise Malformed("jwks_uri must be an HTTP address")
        self._data_provider = DataProvider(client_id, client_secret, jwks_uri)
        return Answer.json({"status": "ok"})

    # What a data provider sees of FranceConnect.

    def _jwks(self, _: Request) -> Answer:
        return Answer.json({"keys": [key.public() for key in self._keys.values()]})

    def _check_v1(self, request: Request) -> Answer:
        try:
            access_token = request.json().text("token")
        except Malformed as error:
            return Answer.json({"status": "fail", "message": str(error)}, 400)
        if not WELL_FORMED.fullmatch(access_token):
            return Answer.json({"status": "fail", "message": "Malformed access token."}, 401)
        token = self._tokens.get(access_token)
        if token:
            return _behaving(token, _plain_answer)
        return NOT_FOUND

    def _check_v2(self, request: Request) -> Answer:
        try:
            access_token, client_id, client_secret = _credentials(request)
        except Malformed:
            return Answer.error("invalid_request", "Required parameter missing or invalid.", 400)
        provider = self._data_provider
        if not provider or not provider.is_authenticated_by(client_id, client_secret):
            return Answer.error("invalid_client", "Client authentication failed.", 401)
        token = self._tokens.get(access_token, UNKNOWN)
        try:
            return _behaving(token, lambda token: self._signed_answer(token, provider))
        except KeysOutOfReach as error:
            return Answer.error("server_error", str(error), 500)

    def _signed_answer(self, token: Token, provider: DataProvider) -> Answer:
        behaviour, now = token.behaviour, int(time.time())
        payload = {
            "token_introspection": token.introspection() if token.is_active() else {"active": False},
            "aud": "a" * CREDENTIAL_LENGTH if behaviour == "wrong_audience" else provider.client_id,
            "iat": now - 24 * 3600 if behaviour == "stale" else now,
            "iss": "https://issuer.invalid/api/v2" if behaviour == "wrong_issuer" else self._issuer,
        }
        signed = self._signed(token, b"this is not JSON" if behaviour == "not_json" else as_json(payload))
        compact = signed if behaviour == "not_encrypted" else provider.encrypted(signed, token.encryption)
        return Answer(200, f"application/{INTROSPECTION}", compact.encode())

    def _signed(self, token: Token, payload: bytes) -> str:
        published, unpublished = self._keys[token.signature], self._unpublished[token.signature]
        key = unpublished if token.behaviour in ("wrong_signature", "unknown_signing_key") else published
        # A wrong signature claims the published key; an unknown key tells its own name.
        kid = published.kid if token.behaviour == "wrong_signature" else key.kid
        return key.sign(payload, {"alg": key.alg, "kid": kid, "typ": INTROSPECTION})


UNKNOWN = Token({}, [], "", 0, 0, ENCRYPTIONS[0], ALGORITHMS[0], "inactive", "")
NOT_FOUND = Answer.json({"status": "fail", "message": "token_not_found_or_expired"}, 401)
DOWN = Answer(503, "text/html; charset=utf-8", b"<html><body><h1>503 Service Unavailable</h1></body></html>\n")


def _plain_answer(token: Token) -> Answer:
    if not token.is_active():
        return NOT_FOUND
    if token.behaviour == "not_json":
        return Answer(200, "application/json", b"this is not JSON")
    return Answer.json(token.plain_introspection())


def _behaving(token: Token, answer: Callable[[Token], Answer]) -> Answer:
    """The answer, or the failure that needs no answer to be made."""
    match token.behaviour:
        case "down":
            return DOWN
        case "garbage":
            noise = ".".join(secrets.token_urlsafe(length) for length in (48, 256, 12, 400, 16))
            return Answer(200, f"application/{INTROSPECTION}", noise.encode())
        case "slow":
            time.sleep(SLOWNESS)
    return answer(token)


def _credentials(request: Request) -> tuple[str, str, str]:
    """The three parameters: each once, none empty, and no other."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise Malformed
    try:
        pairs = parse_qsl(request.body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError:
        raise Malformed from None
    fields = dict(pairs)
    if len(pairs) != 3 or set(fields) != {"token", "client_id", "client_secret"} or not all(fields.values()):
        raise Malformed
    return fields["token"], fields["client_id"], fields["client_secret"]


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 80) > 0
    except ValueError:
        return False
