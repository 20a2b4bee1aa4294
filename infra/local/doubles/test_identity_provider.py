"""Tests of the test double over HTTP, as its callers see it."""

import base64
import hashlib
import http.client
import json
import socket
import threading
import time
import unittest
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import parse_qs, urlencode

from joserfc import jwe, jwk, jws
from joserfc.errors import BadSignatureError, InvalidKeyIdError
from joserfc.util import json_b64decode

from doubles import france_connect, identity_provider
from doubles.france_connect import OF_ANY_VERSION, OF_SIGNED_ANSWERS
from doubles.web import Answer, Server

CLIENT = {"client_id": "c" * 32, "client_secret": "s" * 32}
CAMILLE = {
    "given_name": "Camille Anne",
    "family_name": "ROUSSEL",
    "birthdate": "1996-12-26",
    "gender": "female",
    "birthplace": "44109",
    "birthcountry": "99100",
}
SCOPES = ["openid", "mesri_admissions", "mesri_admission_inscrit"]
FORM = "application/x-www-form-urlencoded"

direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def call(method: str, url: str, body: Any = None, content_type: str = "application/json") -> tuple[int, str, bytes]:
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": content_type}, method=method)
    try:
        with direct.open(request) as answer:
            return answer.status, answer.headers["content-type"], answer.read()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.headers["content-type"], refusal.read()


class WithDouble(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.keys = {
            "RSA-OAEP-256": jwk.RSAKey.generate_key(2048, {"kid": "rsa", "use": "enc", "alg": "RSA-OAEP-256"}),
            "ECDH-ES": jwk.ECKey.generate_key("P-256", {"kid": "ec", "use": "enc", "alg": "ECDH-ES"}),
        }
        published = {"keys": [key.as_dict(private=False) for key in cls.keys.values()]}
        provider = Server(0)
        provider.routes = {("GET", "/jwks"): lambda _: Answer.json(published)}
        double = identity_provider.server(0, "statut-etudiant")
        for server in (provider, double):
            threading.Thread(target=server.serve_forever, daemon=True).start()
            cls.addClassCleanup(server.server_close)
            cls.addClassCleanup(server.shutdown)
        cls.url, cls.jwks_uri = double.url, f"{provider.url}/jwks"
        cls.register(cls.jwks_uri)

    @classmethod
    def register(cls, jwks_uri: str) -> None:
        provider = {**CLIENT, "jwks_uri": jwks_uri}
        assert call("PUT", f"{cls.url}/double/france-connect/data-provider", provider)[0] == 200

    def post(self, path: str, body: Any) -> dict[str, Any]:
        status, _, answer = call("POST", self.url + path, body)
        self.assertEqual(status, 200, answer)
        return json.loads(answer)

    def jwks(self, path: str) -> dict[str, Any]:
        return json.loads(call("GET", self.url + path)[2])


class FranceConnectTest(WithDouble):
    def token(self, **options: Any) -> str:
        return self.post("/double/france-connect/token", {"identity": CAMILLE, "scopes": SCOPES, **options})[
            "access_token"
        ]

    def check_v1(self, token: str) -> tuple[int, dict[str, Any]]:
        status, _, answer = call("POST", f"{self.url}/api/v1/checktoken", {"token": token})
        return status, json.loads(answer)

    def check_v2(self, token: str, **parameters: str) -> tuple[int, str, bytes]:
        form = urlencode({"token": token, **CLIENT, **parameters}).encode()
        return call("POST", f"{self.url}/api/v2/checktoken", form, FORM)

    def opened(self, compact: bytes) -> tuple[dict[str, Any], jws.CompactSignature]:
        """Decrypted with our key and verified with FranceConnect's."""
        header = json_b64decode(compact.split(b".")[0])
        sealed = jwe.decrypt_compact(compact, self.keys[header["alg"]], algorithms=[header["alg"], "A256GCM"])
        published = jwk.KeySet.import_key_set(self.jwks("/api/v2/jwks"))
        return header, jws.deserialize_compact(sealed.plaintext, published, algorithms=["ES256", "RS256"])

    def payload(self, token: str) -> dict[str, Any]:
        status, _, answer = self.check_v2(token)
        self.assertEqual(status, 200, answer)
        return json.loads(self.opened(answer)[1].payload)

    def test_v2_answers_with_every_algorithm(self) -> None:
        for encryption in ("RSA-OAEP-256", "ECDH-ES"):
            for signature in ("ES256", "RS256"):
                with self.subTest(encryption=encryption, signature=signature):
                    status, content_type, answer = self.check_v2(self.token(encryption=encryption, signature=signature))
                    self.assertEqual((status, content_type), (200, "application/token-introspection+jwt"))
                    header, signed = self.opened(answer)
                    self.assertEqual((header["enc"], header["cty"]), ("A256GCM", "JWT"))
                    self.assertEqual(header["kid"], self.keys[encryption].kid)
                    self.assertEqual(signed.protected["typ"], "token-introspection+jwt")
                    self.assertEqual(signed.protected["alg"], signature)

    def test_v2_tells_the_identity_and_the_scopes_of_the_ministry(self) -> None:
        payload = self.payload(self.token())
        introspection = payload.pop("token_introspection")
        self.assertAlmostEqual(payload.pop("iat"), time.time(), delta=5)
        self.assertEqual(payload, {"aud": CLIENT["client_id"], "iss": f"{self.url}/api/v2"})
        self.assertEqual(introspection["scope"], "mesri_admissions mesri_admission_inscrit")
        self.assertEqual(introspection["given_name_array"], ["Camille", "Anne"])
        self.assertEqual({name: introspection[name] for name in CAMILLE}, CAMILLE)
        self.assertEqual((introspection["active"], introspection["aud"]), (True, "sandbox-fs"))
        self.assertEqual(introspection["exp"] - introspection["iat"], 43200)

    def test_v2_says_alike_of_all_that_is_not_active(self) -> None:
        for token in ("never-seen", self.token(behaviour="inactive"), self.token(expires_in=-1)):
            self.assertEqual(self.payload(token)["token_introspection"], {"active": False})

    def test_v2_refuses_as_specified(self) -> None:
        def refusal(answer: tuple[int, str, bytes]) -> tuple[int, str]:
            return answer[0], json.loads(answer[2])["error"]

        url = f"{self.url}/api/v2/checktoken"
        token = self.token()
        self.assertEqual(refusal(self.check_v2(token, client_secret="x" * 32)), (401, "invalid_client"))
        for body in (b"", b"token=t", b"\xff=1", urlencode({"token": "", **CLIENT}).encode()):
            self.assertEqual(refusal(call("POST", url, body, FORM)), (400, "invalid_request"))
        self.assertEqual(refusal(self.check_v2(token, more="1")), (400, "invalid_request"))
        self.assertEqual(refusal(call("POST", url, {"token": token, **CLIENT})), (400, "invalid_request"))

    def test_wrong_answers_are_wrong_in_one_way(self) -> None:
        self.assertNotEqual(self.payload(self.token(behaviour="wrong_audience"))["aud"], CLIENT["client_id"])
        self.assertNotEqual(self.payload(self.token(behaviour="wrong_issuer"))["iss"], f"{self.url}/api/v2")
        self.assertLess(self.payload(self.token(behaviour="stale"))["iat"], time.time() - 23 * 3600)
        with self.assertRaises(BadSignatureError):
            self.payload(self.token(behaviour="wrong_signature"))
        with self.assertRaises(InvalidKeyIdError):
            self.payload(self.token(behaviour="unknown_signing_key"))
        self.assertEqual(self.check_v2(self.token(behaviour="not_encrypted"))[2].count(b"."), 2)
        answer = self.check_v2(self.token(behaviour="not_json"))[2]
        self.assertEqual(self.opened(answer)[1].payload, b"this is not JSON")
        self.assertEqual(self.check_v2(self.token(behaviour="garbage"))[2].count(b"."), 4)
        self.assertEqual(self.check_v2(self.token(behaviour="down"))[:2], (503, "text/html; charset=utf-8"))

    def test_a_slow_answer_is_right_in_the_end(self) -> None:
        france_connect.SLOWNESS, usual = 1, france_connect.SLOWNESS
        self.addCleanup(setattr, france_connect, "SLOWNESS", usual)
        started = time.monotonic()
        self.assertTrue(self.payload(self.token(behaviour="slow"))["token_introspection"]["active"])
        self.assertGreater(time.monotonic() - started, 1)

    def test_v1_answers_plainly(self) -> None:
        status, answer = self.check_v1(self.token())
        self.assertEqual((status, answer["scope"], answer["identity"]), (200, SCOPES, CAMILLE))
        self.assertEqual(answer["client"]["client_id"], "sandbox-fs")
        for token in ("never-seen", self.token(behaviour="inactive"), self.token(expires_in=0)):
            refusal = {"status": "fail", "message": "token_not_found_or_expired"}
            self.assertEqual(self.check_v1(token), (401, refusal))
        self.assertEqual(self.check_v1("a b"), (401, {"status": "fail", "message": "Malformed access token."}))
        self.assertEqual(self.check_v1("")[0], 400)

    def test_every_behaviour_is_an_answer(self) -> None:
        for behaviour in set(OF_ANY_VERSION + OF_SIGNED_ANSWERS) - {"slow"}:
            token = self.token(behaviour=behaviour)
            v1 = call("POST", f"{self.url}/api/v1/checktoken", {"token": token})
            for status in (self.check_v2(token)[0], v1[0]):
                self.assertIn(status, (200, 401, 503), behaviour)

    def test_keys_out_of_reach_are_an_error_of_the_server(self) -> None:
        self.addCleanup(self.register, self.jwks_uri)
        for jwks_uri in (f"{self.url}/health", f"{self.url}/no-such-path", "http://127.0.0.1:1/jwks"):
            self.register(jwks_uri)
            status, _, answer = self.check_v2(self.token())
            self.assertEqual((status, json.loads(answer)["error"]), (500, "server_error"))


class IssuerTest(WithDouble):
    def verified(self, **options: Any) -> jws.CompactSignature:
        token = self.post("/double/jwt", {"sub": "a-client", "scopes": ["mesri_identite"], **options})["access_token"]
        published = jwk.KeySet.import_key_set(self.jwks("/issuer/jwks"))
        return jws.deserialize_compact(token, published, algorithms=["ES256", "RS256"])

    def test_tokens_carry_what_they_should(self) -> None:
        for alg in ("ES256", "RS256"):
            signed = self.verified(alg=alg)
            claims = json.loads(signed.payload)
            self.assertEqual(signed.protected["alg"], alg)
            self.assertEqual((claims["iss"], claims["aud"]), (f"{self.url}/issuer", "statut-etudiant"))
            self.assertEqual((claims["sub"], claims["scopes"]), ("a-client", ["mesri_identite"]))
            self.assertEqual((claims["exp"] - claims["iat"], claims["nbf"]), (12 * 3600, claims["iat"]))

    def test_claims_and_headers_may_be_replaced_or_removed(self) -> None:
        signed = self.verified(claims={"aud": None, "jti": "known"}, headers={"typ": None, "cty": "odd"})
        claims = json.loads(signed.payload)
        self.assertNotIn("aud", claims)
        self.assertEqual(claims["jti"], "known")
        self.assertEqual(set(signed.protected), {"alg", "kid", "cty"})

    def test_a_key_that_is_not_published_verifies_nothing(self) -> None:
        with self.assertRaises(InvalidKeyIdError):
            self.verified(signed_with="unpublished")

    def test_rotation_keeps_the_earlier_keys(self) -> None:
        before = self.verified()
        earlier = self.jwks("/issuer/jwks")["keys"]
        kid = self.post("/double/jwt/rotate", None)["kid"]
        self.assertEqual(self.verified().protected["kid"], kid)
        self.assertNotEqual(before.protected["kid"], kid)
        published = self.jwks("/issuer/jwks")["keys"]
        self.assertEqual([key for key in published if key["kid"] != kid], earlier)
        for key in published:
            self.assertTrue({"kid", "alg"} < set(key) and key["use"] == "sig" and "d" not in key)


class MalformedTest(WithDouble):
    def test_malformed_requests_get_a_400_in_json(self) -> None:
        wrong = {
            "/double/jwt": [{}, {"sub": 1}, {"sub": "s", "scopes": "a"}, {"sub": "s", "alg": "none"}]
            + [{"sub": "s", "claims": []}, {"sub": "s", "signed_with": {}}, {"sub": "s", "typo": 1}]
            + [[], b"", b"{", b"\xff", b'{"sub":NaN}', b"[" * 100_000],
            "/double/france-connect/token": [{"identity": 1}, {"scopes": [1]}, {"expires_in": "1"}, b"null"]
            + [{"expires_in": True}, {"expires_in": 10**12}, {"behaviour": "odd"}, {"encryption": None}],
            "/api/v1/checktoken": [{}, {"token": 1}, b"token=1"],
        }
        for path, bodies in wrong.items():
            for body in bodies:
                with self.subTest(path=path, body=body):
                    status, content_type, _ = call("POST", self.url + path, body)
                    self.assertEqual((status, content_type), (400, "application/json"))
        for provider in ({}, CLIENT, {**CLIENT, "jwks_uri": "file:///etc/passwd"}, {**CLIENT, "client_id": "short"}):
            status, _, _ = call("PUT", f"{self.url}/double/france-connect/data-provider", provider)
            self.assertEqual(status, 400)

    def test_other_paths_and_methods_are_refused(self) -> None:
        for method, path, expected in (("GET", "/x", 404), ("GET", "/double/jwt", 405), ("DELETE", "/health", 501)):
            status, content_type, _ = call(method, self.url + path)
            self.assertEqual((status, content_type), (expected, "application/json"))

    def test_what_is_hardly_http_is_refused(self) -> None:
        host, port = self.url.removeprefix("http://").split(":")
        line = b"POST /double/jwt HTTP/1.1\r\n"
        for sent in (
            b"no request\r\n\r\n",
            line + b"Content-Length: -1\r\n\r\n",
            line + b"Content-Length: 99999999\r\n\r\n",
            line + b"Transfer-Encoding: chunked\r\n\r\n",
        ):
            with socket.create_connection((host, int(port))) as connection:
                connection.sendall(sent)
                answer = b"".join(iter(lambda connection=connection: connection.recv(4096), b""))
                self.assertIn(b'"invalid_request"', answer)
                self.assertIn(b" 400 ", answer.split(b"\r\n")[0])


VERIFIER = "v" * 43
AUTHORIZATION = {
    "response_type": "code",
    "client_id": "p" * 32,
    "redirect_uri": "http://127.0.0.1/portail/connexion/retour",
    "scope": "openid",
    "state": "s" * 32,
    "nonce": "n" * 32,
    "code_challenge_method": "S256",
    "code_challenge": base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode(),
}


class OfAgents(WithDouble):
    def setUp(self) -> None:
        accounts = {"ada": {"given_name": "Ada", "usual_name": "Test", "label": "gestionnaire"}}
        client = {"client_id": "p" * 32, "client_secret": "secret", "accounts": accounts}
        self.assertEqual(call("PUT", f"{self.url}/double/agents/client", client)[0], 200)

    def authorize(self, **changes: str) -> tuple[int, str]:
        """The status, and where the browser is sent."""
        query = {name: value for name, value in {**AUTHORIZATION, **changes}.items() if value}
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"))
        connection.request("GET", f"/agents/authorize?{urlencode(query)}")
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status, answer.headers.get("location", "")

    def exchange(self, **form: str) -> tuple[int, dict[str, Any]]:
        form = {"client_id": "p" * 32, "client_secret": "secret", "redirect_uri": AUTHORIZATION["redirect_uri"], **form}
        status, _, answer = call("POST", f"{self.url}/agents/token", urlencode(form).encode(), FORM)
        return status, json.loads(answer)

    def test_the_page_offers_the_accounts(self) -> None:
        status, content_type, page = call("GET", f"{self.url}/agents/authorize?{urlencode(AUTHORIZATION)}")
        self.assertEqual((status, content_type), (200, "text/html; charset=utf-8"))
        self.assertIn(b"Ada", page)

    def test_what_proconnect_refuses_is_refused(self) -> None:
        for changes in ({"prompt": "login"}, {"state": "short"}, {"nonce": ""}, {"client_id": "another"}, {"account": "x"}):
            self.assertEqual(self.authorize(**changes)[0], 400, changes)

    def test_a_code_says_once_who_it_is(self) -> None:
        status, location = self.authorize(account="ada")
        self.assertEqual(status, 303)
        query = parse_qs(location.partition("?")[2])
        self.assertEqual(query["state"], [AUTHORIZATION["state"]])
        self.assertEqual(self.exchange(code=query["code"][0], code_verifier=VERIFIER, client_secret="x")[0], 401)
        status, tokens = self.exchange(code=query["code"][0], code_verifier=VERIFIER)
        self.assertEqual(status, 200)
        claims = json.loads(json_b64decode_text(tokens["id_token"]))
        self.assertEqual((claims["sub"], claims["nonce"]), ("ada", AUTHORIZATION["nonce"]))
        self.assertEqual(self.exchange(code=query["code"][0], code_verifier=VERIFIER)[0], 400)

    def test_a_code_is_for_whoever_began(self) -> None:
        _, location = self.authorize(account="ada")
        code = parse_qs(location.partition("?")[2])["code"][0]
        self.assertEqual(self.exchange(code=code, code_verifier="w" * 43)[0], 400)


STUDENT_AUTHORIZATION = {
    **{name: AUTHORIZATION[name] for name in ("response_type", "client_id", "redirect_uri", "state", "nonce")},
    "scope": "openid identite_pivot",
    "acr_values": "eidas1",
}


class OfStudents(WithDouble):
    def setUp(self) -> None:
        client = {"client_id": "p" * 32, "client_secret": "s" * 32, "people": {"camille": {**CAMILLE, "email": "c@example.org"}}}
        self.assertEqual(call("PUT", f"{self.url}/double/students/client", client)[0], 200)

    def authorize(self, **changes: str) -> tuple[int, str]:
        """The status, and where the browser is sent."""
        query = {name: value for name, value in {**STUDENT_AUTHORIZATION, **changes}.items() if value}
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"))
        connection.request("GET", f"/students/api/v2/authorize?{urlencode(query)}")
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status, answer.headers.get("location", "")

    def code(self) -> str:
        status, location = self.authorize(person="camille")
        self.assertEqual(status, 303)
        query = parse_qs(location.partition("?")[2])
        self.assertEqual(query["state"], [AUTHORIZATION["state"]])
        return query["code"][0]

    def exchange(self, code: str, **form: str) -> tuple[int, dict[str, Any]]:
        sent = {
            "grant_type": "authorization_code", "code": code, "client_id": "p" * 32, "client_secret": "s" * 32,
            "redirect_uri": AUTHORIZATION["redirect_uri"], **form,
        }
        status, _, answer = call("POST", f"{self.url}/students/api/v2/token", urlencode(sent).encode(), FORM)
        return status, json.loads(answer)

    def test_what_france_connect_refuses_is_refused(self) -> None:
        for changes in (
            {"code_challenge": "c" * 43, "code_challenge_method": "S256"}, {"login_hint": "x"}, {"acr_values": ""},
            {"acr_values": "eidas0"}, {"nonce": "short"}, {"state": ""}, {"scope": "openid everything"}, {"client_id": "another"},
        ):
            self.assertEqual(self.authorize(**changes)[0], 400, changes)

    def test_a_code_says_once_who_it_is_signed_with_the_secret(self) -> None:
        code = self.code()
        self.assertEqual(self.exchange(code, client_secret="x")[0], 401)
        status, tokens = self.exchange(code)
        self.assertEqual(status, 200)
        self.assertEqual(self.exchange(code)[0], 400)
        secret = jwk.OctKey.import_key("s" * 32)
        claims = json.loads(jws.deserialize_compact(tokens["id_token"], secret, algorithms=["HS256"]).payload)
        self.assertEqual((claims["sub"], claims["nonce"], claims["acr"]), ("camille", AUTHORIZATION["nonce"], "eidas1"))
        request = urllib.request.Request(
            f"{self.url}/students/api/v2/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"}
        )
        with direct.open(request) as answer:
            info = json.loads(jws.deserialize_compact(answer.read(), secret, algorithms=["HS256"]).payload)
        self.assertEqual({name: info[name] for name in CAMILLE}, CAMILLE)
        self.assertNotIn("email", info, "a scope that wasn't asked for")

    def test_pkce_makes_a_code_useless(self) -> None:
        self.assertEqual(self.exchange(self.code(), code_verifier=VERIFIER)[0], 400)


def json_b64decode_text(token: str) -> bytes:
    payload = token.split(".")[1]
    return base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))


if __name__ == "__main__":
    unittest.main()
