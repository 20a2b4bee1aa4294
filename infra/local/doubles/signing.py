"""Keys that sign, and tokens that may be wrong on purpose."""

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jwk, jws

ALGORITHMS = ("ES256", "RS256")


@dataclass(frozen=True)
class SigningKey:
    """A private key, and the number it is published under."""

    alg: str
    kid: str
    private: jwk.ECKey | jwk.RSAKey

    @classmethod
    def generate(cls, owner: str, alg: str) -> "SigningKey":
        # New at each start, like the key: who kept the keys of an earlier double must not take these for them.
        kid = f"{owner}-{alg.lower()}-{secrets.token_hex(4)}"
        private = jwk.RSAKey.generate_key(2048) if alg == "RS256" else jwk.ECKey.generate_key("P-256")
        return cls(alg, kid, private)

    def public(self) -> dict[str, Any]:
        """As a JWKS has it."""
        return {**self.private.as_dict(private=False), "kid": self.kid, "use": "sig", "alg": self.alg}

    def sign(self, payload: bytes, header: Mapping[str, Any]) -> str:
        """A compact JWS. The header is written as it is given, so that a test may have it lie."""
        signed = f"{_encoded(as_json(header))}.{_encoded(payload)}"
        # The library's own `serialize_compact` refuses most of the headers that a verifier has to refuse.
        signature = jws.JWSRegistry.algorithms[self.alg].sign(signed.encode(), self.private)
        return f"{signed}.{_encoded(signature)}"


def sign_with_secret(payload: bytes, secret: str) -> str:
    """A compact JWS by a secret that both sides have."""
    return jws.serialize_compact({"alg": "HS256", "typ": "JWT"}, payload, jwk.OctKey.import_key(secret), algorithms=["HS256"])


def as_json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def merged(defaults: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The defaults with the overrides, of which a null removes."""
    return {name: value for name, value in {**defaults, **overrides}.items() if value is not None}


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
