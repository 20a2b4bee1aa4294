"""The double of the issuer of our JWT: it publishes keys, and signs whatever token a test wants."""

import time
import uuid
from typing import Any

from doubles.signing import ALGORITHMS, SigningKey, as_json, merged
from doubles.web import Answer, Request, Routes

LIFETIME = 12 * 3600


class Issuer:
    def __init__(self, base_url: str, audience: str) -> None:
        self._issuer = f"{base_url}/issuer"
        self._audience = audience
        # By algorithm, the key that signs last. A list is only ever replaced or appended to, so it needs no lock.
        self._published = {alg: [SigningKey.generate("issuer", alg)] for alg in ALGORITHMS}
        self._unpublished = {alg: SigningKey.generate("unpublished", alg) for alg in ALGORITHMS}

    def routes(self) -> Routes:
        return {
            ("GET", "/issuer/jwks"): self._jwks,
            ("POST", "/double/jwt"): self._sign,
            ("POST", "/double/jwt/rotate"): self._rotate,
        }

    def _jwks(self, _: Request) -> Answer:
        return Answer.json({"keys": [key.public() for keys in self._published.values() for key in keys]})

    def _sign(self, request: Request) -> Answer:
        fields = request.json()
        subject, scopes = fields.text("sub"), fields.texts("scopes")
        claims, header = fields.object("claims"), fields.object("headers")
        alg = fields.choice("alg", ALGORITHMS)
        own = fields.choice("signed_with", ("own", "unpublished")) == "own"
        fields.end()
        key = self._published[alg][-1] if own else self._unpublished[alg]
        payload = merged(self._claims(subject, scopes), claims)
        header = merged({"alg": alg, "kid": key.kid, "typ": "JWT"}, header)
        return Answer.json({"access_token": key.sign(as_json(payload), header)})

    def _claims(self, subject: str, scopes: list[str]) -> dict[str, Any]:
        now = int(time.time())
        return {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": subject,
            "jti": str(uuid.uuid4()),
            "iat": now,
            "nbf": now,
            "exp": now + LIFETIME,
            "scopes": scopes,
        }

    def _rotate(self, _: Request) -> Answer:
        key = SigningKey.generate("issuer", "ES256")
        self._published["ES256"].append(key)
        return Answer.json({"kid": key.kid})
