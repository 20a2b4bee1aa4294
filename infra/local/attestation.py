"""Whether others read attestations as they are meant.

`python -m attestation DIRECTORY` reads each QR with ZXing, verifies its CBOR Web Token with `cwt`, and its status list with
`cryptography` alone: what they say must be what the directory expects, and what was changed must be refused.
"""

import base64
import json
import sys
import zlib
from pathlib import Path

import cwt
import zxingcpp
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

PREFIX = "ETU1:"
LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
EXPIRES, ISSUED, STATUS = 4, 6, 65535


def base64url(text: str) -> bytes:
    """Bytes of unpadded base64url."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def base45(text: str) -> bytes:
    """Bytes of base45, by the words of RFC 9285."""
    digits = [LETTERS.index(letter) for letter in text]
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    numbers = [sum(digit * 45**place for place, digit in enumerate(group)) for group in groups]
    return b"".join(number.to_bytes(len(group) - 1, "big") for number, group in zip(numbers, groups))


def picture(path: Path) -> memoryview:
    """The pixels of a picture (Netpbm, P5)."""
    kind, size, _, pixels = path.read_bytes().split(b"\n", 3)
    width, height = map(int, size.split())
    assert kind == b"P5" and len(pixels) == width * height, path
    return memoryview(pixels).cast("B", (height, width))


def keys_of(path: Path) -> tuple[list[cwt.COSEKey], dict[str, ec.EllipticCurvePublicKey]]:
    """The keys of the JWK Set, for CBOR Web Tokens and for the status list."""
    cose, plain = [], {}
    for jwk in json.loads(path.read_text(encoding="utf-8"))["keys"]:
        kid = base64url(jwk["kid"])
        numbers = [int.from_bytes(base64url(jwk[name]), "big") for name in "xy"]
        plain[jwk["kid"]] = ec.EllipticCurvePublicNumbers(*numbers, ec.SECP256R1()).public_key()
        x, y = base64url(jwk["x"]), base64url(jwk["y"])
        cose.append(cwt.COSEKey.new({1: 2, 2: kid, 3: -7, -1: 1, -2: x, -3: y}))
    return cose, plain


def bits_of(path: Path, keys: dict[str, ec.EllipticCurvePublicKey], name: str) -> bytes:
    """The bits of the status list, once a key has signed it."""
    message, signature = path.read_text(encoding="utf-8").rsplit(".", 1)
    header, payload = (json.loads(base64url(part)) for part in message.split("."))
    assert (header["typ"], header["alg"]) == ("statuslist+jwt", "ES256"), header
    r, s = (int.from_bytes(half, "big") for half in (base64url(signature)[:32], base64url(signature)[32:]))
    keys[header["kid"]].verify(utils.encode_dss_signature(r, s), message.encode(), ec.ECDSA(hashes.SHA256()))
    assert payload["sub"] == name and payload["status_list"]["bits"] == 1 and payload["exp"] - payload["iat"] == payload["ttl"], payload
    return zlib.decompress(base64url(payload["status_list"]["lst"]))


def faults_of(directory: Path, expected: dict, cose: list[cwt.COSEKey], bits: bytes, name: str) -> list[str]:
    """What others find otherwise than is expected of one attestation."""
    read = zxingcpp.read_barcode(picture(directory / expected["picture"]))
    if read is None or read.text != expected["text"]:
        return ["ZXing reads another text in the QR, or none"]
    token = base45(read.text.removeprefix(PREFIX))
    claims = cwt.decode(token, cose)
    faults = [f"{key} is {claims.get(key)!r}, not {value!r}" for key, value in expected["claims"].items() if claims.get(key) != value]
    if not claims[ISSUED] < claims[EXPIRES] or any("ine" == str(key).lower() for key in claims):
        faults.append("it ends before it begins, or has an INE")
    status = claims[STATUS]["status_list"]
    if status != {"idx": expected["index"], "uri": name}:
        faults.append(f"its status is at {status}")
    if bool(bits[status["idx"] // 8] >> status["idx"] % 8 & 1) != expected["revoked"]:
        faults.append("whether it was revoked is not what is expected")
    # Each byte of what is signed and of the signature: the head of the envelope is ours to be strict about.
    for at in range(len(token) // 2, len(token), 7):
        changed = token[:at] + bytes([token[at] ^ 1]) + token[at + 1 :]
        try:
            cwt.decode(changed, cose)
            faults.append(f"with another byte at {at} it is still believed")
        except (cwt.CWTError, ValueError, InvalidSignature):
            pass
    return faults


def main(directories: list[str]) -> int:
    """Says what is wrong, attestation by attestation."""
    wrong = 0
    for directory in map(Path, directories):
        expected = json.loads((directory / "expected.json").read_text(encoding="utf-8"))
        cose, plain = keys_of(directory / "cles.json")
        bits = bits_of(directory / "etats.jwt", plain, expected["list"])
        for one in expected["attestations"]:
            faults = faults_of(directory, one, cose, bits, expected["list"])
            print("\n".join([f"{one['picture']}: {len(faults)} faults", *faults]))
            wrong += len(faults)
        wrong += not expected["attestations"]
    return 1 if wrong or not directories else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
