"""The double of FranceConnect, as a service provider sees it: discovery, the page where one logs in, the exchange of a code,
who it is as a signed JWT, and the log-out. It logs in whoever is chosen, without a password.

What it holds its clients to is what FranceConnect's own code does (france-connect/sources, core-fcp): a level is asked for,
the nonce has 22 characters, no parameter that isn't listed, `code_challenge` among them; the secret in the form; codes of
half a minute that work once; claims by `GET` alone; what it signs, it signs with the client's secret.
"""

import html
import secrets
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode

from doubles.signing import as_json, sign_with_secret
from doubles.web import Answer, Malformed, Request, Routes

CODE_LIFETIME = 30
TOKEN_LIFETIME = 60
SHORTEST_NONCE = 22
# Of an authorization, by its data transfer object; `claims` is one, and nobody here asks for any.
PARAMETERS = {"client_id", "acr_values", "claims", "response_type", "nonce", "state", "redirect_uri", "scope", "prompt", "idp_hint"}
REQUIRED = PARAMETERS - {"claims", "prompt", "idp_hint"}
LEVELS = {"eidas1", "eidas2", "eidas3"}
# The claims of each scope that is granted.
SCOPES = {
    "openid": (),
    "identite_pivot": ("given_name", "given_name_array", "family_name", "birthdate", "gender", "birthplace", "birthcountry"),
}
LOGOUT = {"id_token_hint", "post_logout_redirect_uri", "state"}


@dataclass
class Login:
    sub: str
    claims: dict[str, Any]
    nonce: str
    level: str
    redirect_uri: str
    until: float


class Students:
    def __init__(self, base_url: str) -> None:
        self._issuer = f"{base_url}/students/api/v2"
        self._client: dict[str, str] = {}
        self._people: dict[str, dict[str, Any]] = {}
        self._codes: dict[str, Login] = {}
        self._tokens: dict[str, Login] = {}

    def routes(self) -> Routes:
        at = "/students/api/v2"
        return {
            ("GET", f"{at}/.well-known/openid-configuration"): self._discovery,
            ("GET", f"{at}/authorize"): self._authorize,
            ("POST", f"{at}/token"): self._token,
            ("GET", f"{at}/userinfo"): self._userinfo,
            ("GET", f"{at}/jwks"): self._jwks,
            ("GET", f"{at}/session/end"): self._end,
            ("PUT", "/double/students/client"): self._register,
        }

    def _register(self, request: Request) -> Answer:
        """The portal as a client, and the people who may log in, by the id of their link."""
        fields = request.json()
        self._client = {name: fields.text(name) for name in ("client_id", "client_secret")}
        people = fields.object("people")
        fields.end()
        self._people = {sub: person for sub, person in people.items() if isinstance(person, dict)}
        return Answer.json({"people": len(self._people)})

    def _discovery(self, _: Request) -> Answer:
        at = self._issuer
        return Answer.json({
            "issuer": at, "authorization_endpoint": f"{at}/authorize", "token_endpoint": f"{at}/token",
            "userinfo_endpoint": f"{at}/userinfo", "jwks_uri": f"{at}/jwks", "end_session_endpoint": f"{at}/session/end",
            "response_types_supported": ["code"], "acr_values_supported": sorted(LEVELS),
        })

    def _jwks(self, _: Request) -> Answer:
        return Answer.json({"keys": []})

    def _authorize(self, request: Request) -> Answer:
        query = {name: values[0] for name, values in parse_qs(request.query, keep_blank_values=True).items()}
        chosen = query.pop("person", None)
        unknown, missing = set(query) - PARAMETERS, REQUIRED - {name for name, value in query.items() if value}
        if unknown or missing:
            raise Malformed(f"{len(unknown)} parameters are not known here (Y000400), {len(missing)} are missing")
        if query["client_id"] != self._client.get("client_id") or query["response_type"] != "code":
            raise Malformed("no such client, or another response type than code")
        if len(query["nonce"]) < SHORTEST_NONCE or query["acr_values"] not in LEVELS:
            raise Malformed(f"the nonce needs {SHORTEST_NONCE} characters, and the level is one of eidas1 to eidas3")
        scopes = query["scope"].split()
        if "openid" not in scopes or set(scopes) - set(SCOPES):
            raise Malformed("a scope is not known here")
        if chosen is None:
            return self._choice(query)
        if chosen not in self._people:
            raise Malformed("nobody of that name")
        names = [name for scope in scopes for name in SCOPES[scope]]
        claims = {name: self._people[chosen][name] for name in names if name in self._people[chosen]}
        code = secrets.token_urlsafe(32)
        self._codes[code] = Login(
            chosen, claims, query["nonce"], query["acr_values"], query["redirect_uri"], time.monotonic() + CODE_LIFETIME,
        )
        return Answer.redirect(f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}")

    def _choice(self, query: dict[str, str]) -> Answer:
        """A page with a link for each of the people."""
        links = "".join(
            f'<li><a id="{html.escape(sub)}" href="?{html.escape(urlencode({**query, "person": sub}))}">'
            f'{html.escape(str(person.get("given_name", "")))} {html.escape(str(person.get("family_name", "")))}</a></li>'
            for sub, person in sorted(self._people.items())
        )
        page = f"""<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>FranceConnect d'essai</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>body{{font:1.1rem/1.6 system-ui;margin:2rem auto;max-width:40rem;padding:0 1rem}}</style></head>
<body><main><h1>FranceConnect d'essai</h1><p>Il connecte qui vous voulez : ne le déployez jamais.</p><ul>{links}</ul></main></body></html>"""
        return Answer(200, "text/html; charset=utf-8", page.encode())

    def _token(self, request: Request) -> Answer:
        form = {name: values[0] for name, values in parse_qs(request.body.decode("ascii", "replace")).items()}
        if any(form.get(name) != self._client.get(name) for name in ("client_id", "client_secret")):
            return Answer.error("invalid_client", "another client, or another secret", 401)
        login = self._codes.pop(form.get("code", ""), None)
        if (
            login is None or login.until < time.monotonic() or login.redirect_uri != form.get("redirect_uri")
            or form.get("grant_type") != "authorization_code" or "code_verifier" in form
        ):
            return Answer.error("invalid_grant", "this code opens nothing", 400)
        access_token = secrets.token_urlsafe(32)
        login.until = time.monotonic() + TOKEN_LIFETIME
        self._tokens[access_token] = login
        claims = {"sub": login.sub, "nonce": login.nonce, "acr": login.level}
        return Answer.json({
            "access_token": access_token, "token_type": "Bearer", "expires_in": TOKEN_LIFETIME, "id_token": self._sign(claims),
        })

    def _userinfo(self, request: Request) -> Answer:
        login = self._tokens.get(request.authorization.removeprefix("Bearer "))
        if login is None or login.until < time.monotonic():
            return Answer.error("invalid_token", "no such token", 401)
        return Answer(200, "application/jwt", self._sign({"sub": login.sub, **login.claims}).encode())

    def _end(self, request: Request) -> Answer:
        query = {name: values[0] for name, values in parse_qs(request.query).items()}
        if set(query) != LOGOUT:
            raise Malformed("a log-out has id_token_hint, state and post_logout_redirect_uri, and nothing else")
        return Answer.redirect(query["post_logout_redirect_uri"])

    def _sign(self, claims: dict[str, Any]) -> str:
        now = int(time.time())
        ours = {"iss": self._issuer, "aud": self._client["client_id"], "iat": now, "exp": now + TOKEN_LIFETIME}
        return sign_with_secret(as_json({**claims, **ours}), self._client["client_secret"])
