"""What FranceConnect knows of the data provider: its credentials, and the keys that it publishes."""

import json
import threading
import time
import urllib.request
from http.client import HTTPException
from typing import Any

from joserfc import jwe, jwk
from joserfc.errors import JoseError

from doubles.signing import merged

# How long keys are kept, in seconds: one question rarely costs two, and a rotation is seen at once.
KEPT = 5
# How long the data provider may take to give them: it may start for this very request.
PATIENCE = 10
LONGEST_JWKS = 256 * 1024

# This machine's addresses, whatever proxy the person has.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class KeysOutOfReach(Exception):
    """Nothing can be encrypted for the data provider; the message says why."""


class DataProvider:
    def __init__(self, client_id: str, client_secret: str, jwks_uri: str) -> None:
        self.client_id = client_id
        self._client_secret = client_secret
        self._jwks_uri = jwks_uri
        self._keys: list[Any] = []
        self._fetched = -float("inf")
        self._fetching = threading.Lock()

    def is_authenticated_by(self, client_id: str, client_secret: str) -> bool:
        return (client_id, client_secret) == (self.client_id, self._client_secret)

    def encrypted(self, signed: str, alg: str) -> str:
        """A compact JWE around a compact JWS, for the key that the data provider publishes for that algorithm."""
        published = next((key for key in self._published() if _encrypts(key, alg)), None)
        if published is None:
            raise KeysOutOfReach(f"the data provider publishes no key for {alg}")
        header = merged({"alg": alg, "enc": "A256GCM", "cty": "JWT"}, {"kid": published.get("kid")})
        try:
            # The algorithm is chosen by the token: the library's own choice leaves RSA-OAEP-256 out.
            return jwe.encrypt_compact(header, signed, jwk.import_key(published), algorithms=[alg, "A256GCM"])
        except (JoseError, ValueError, TypeError, KeyError):
            raise KeysOutOfReach(f"the data provider's key for {alg} can't be used") from None

    def _published(self) -> list[Any]:
        with self._fetching:
            if time.monotonic() - self._fetched > KEPT:
                self._keys = _fetch(self._jwks_uri)
                self._fetched = time.monotonic()
            return self._keys


def _fetch(jwks_uri: str) -> list[Any]:
    try:
        with _direct.open(jwks_uri, timeout=PATIENCE) as answer:
            jwks = json.loads(answer.read(LONGEST_JWKS))
    except (OSError, HTTPException, ValueError, RecursionError):
        raise KeysOutOfReach("the data provider's jwks_uri gives no JSON") from None
    keys = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(keys, list):
        raise KeysOutOfReach("the data provider's jwks_uri gives no keys")
    return keys


def _encrypts(key: Any, alg: str) -> bool:
    return isinstance(key, dict) and key.get("alg") == alg and key.get("use", "enc") == "enc"
