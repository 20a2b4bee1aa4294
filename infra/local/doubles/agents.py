"""The double of the agents' OpenID Connect provider, as ProConnect is one: discovery, the page where one logs in, the
exchange of a code, who it is as a signed JWT, and the log-out. It logs in whoever is chosen, without a password.

What it holds its clients to is what ProConnect's documentation says: a state and a nonce of 32 characters, no parameter
that isn't listed, the client's secret in the form, codes of a minute that work once.
"""

import base64
import hashlib
import html
import secrets
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode

from doubles.signing import SigningKey, as_json
from doubles.web import Answer, Malformed, Request, Routes

CODE_LIFETIME = 60
TOKEN_LIFETIME = 3600
SHORTEST_RANDOM = 32
# Those of ProConnect's documentation that our portal may send.
PARAMETERS = {
    "response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge", "code_challenge_method",
    "login_hint", "acr_values", "claims",
}


@dataclass
class Login:
    account: dict[str, Any]
    nonce: str
    redirect_uri: str
    challenge: str
    until: float


class Agents:
    def __init__(self, base_url: str) -> None:
        self._issuer = f"{base_url}/agents"
        self._key = SigningKey.generate("agents", "ES256")
        self._client: dict[str, str] = {}
        self._accounts: dict[str, dict[str, Any]] = {}
        self._codes: dict[str, Login] = {}
        self._tokens: dict[str, dict[str, Any]] = {}

    def routes(self) -> Routes:
        return {
            ("GET", "/agents/.well-known/openid-configuration"): self._discovery,
            ("GET", "/agents/authorize"): self._authorize,
            ("POST", "/agents/token"): self._token,
            ("POST", "/agents/userinfo"): self._userinfo,
            ("GET", "/agents/userinfo"): self._userinfo,
            ("GET", "/agents/jwks"): self._jwks,
            ("GET", "/agents/session/end"): self._end,
            ("PUT", "/double/agents/client"): self._register,
        }

    def _register(self, request: Request) -> Answer:
        """The portal as a client, and the accounts that may log in."""
        fields = request.json()
        self._client = {name: fields.text(name) for name in ("client_id", "client_secret")}
        accounts = fields.object("accounts")
        fields.end()
        self._accounts = {sub: account for sub, account in accounts.items() if isinstance(account, dict)}
        return Answer.json({"accounts": len(self._accounts)})

    def _discovery(self, _: Request) -> Answer:
        at = self._issuer
        return Answer.json({
            "issuer": at, "authorization_endpoint": f"{at}/authorize", "token_endpoint": f"{at}/token",
            "userinfo_endpoint": f"{at}/userinfo", "jwks_uri": f"{at}/jwks", "end_session_endpoint": f"{at}/session/end",
            "response_types_supported": ["code"], "id_token_signing_alg_values_supported": ["ES256"],
        })

    def _jwks(self, _: Request) -> Answer:
        return Answer.json({"keys": [self._key.public()]})

    def _authorize(self, request: Request) -> Answer:
        query = {name: values[0] for name, values in parse_qs(request.query, keep_blank_values=True).items()}
        chosen = query.pop("account", None)
        unknown = sorted(set(query) - PARAMETERS)
        if unknown:
            raise Malformed(f"{len(unknown)} parameters are not known here (Y000400)")
        if query.get("client_id") != self._client.get("client_id") or query.get("response_type") != "code":
            raise Malformed("no such client, or another response type than code")
        if any(len(query.get(name, "")) < SHORTEST_RANDOM for name in ("state", "nonce")):
            raise Malformed(f"state and nonce need {SHORTEST_RANDOM} characters")
        if query.get("code_challenge_method") != "S256" or not query.get("code_challenge"):
            raise Malformed("the code challenge is missing")
        if chosen is None:
            return self._choice(query)
        if chosen not in self._accounts:
            raise Malformed("no such account")
        code = secrets.token_urlsafe(32)
        self._codes[code] = Login(
            {"sub": chosen, **self._accounts[chosen]}, query["nonce"], query["redirect_uri"], query["code_challenge"],
            time.monotonic() + CODE_LIFETIME,
        )
        return Answer.redirect(f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}")

    def _choice(self, query: dict[str, str]) -> Answer:
        """A page with a link for each account; the one that is hinted at comes first."""
        hint = query.get("login_hint")
        accounts = sorted(self._accounts.items(), key=lambda item: (item[0] != hint, item[0]))
        links = "".join(
            f'<li><a id="{html.escape(sub)}" href="?{html.escape(urlencode({**query, "account": sub}))}">'
            f'{html.escape(str(account.get("given_name", "")))} {html.escape(str(account.get("usual_name", "")))}</a>'
            f' – {html.escape(str(account.get("label", "")))}</li>'
            for sub, account in accounts
        )
        page = f"""<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>Fournisseur d'identité d'essai</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>body{{font:1.1rem/1.6 system-ui;margin:2rem auto;max-width:40rem;padding:0 1rem}}</style></head>
<body><main><h1>Fournisseur d'identité d'essai</h1><p>Il connecte qui vous voulez : ne le déployez jamais.</p><ul>{links}</ul></main></body></html>"""
        return Answer(200, "text/html; charset=utf-8", page.encode())

    def _token(self, request: Request) -> Answer:
        form = {name: values[0] for name, values in parse_qs(request.body.decode("ascii", "replace")).items()}
        if any(form.get(name) != self._client.get(name) for name in ("client_id", "client_secret")):
            return Answer.error("invalid_client", "another client, or another secret", 401)
        login = self._codes.pop(form.get("code", ""), None)
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        if (
            login is None or login.until < time.monotonic() or login.redirect_uri != form.get("redirect_uri")
            or login.challenge != challenge
        ):
            return Answer.error("invalid_grant", "this code opens nothing", 400)
        access_token = secrets.token_urlsafe(32)
        self._tokens[access_token] = login.account
        claims = {"sub": login.account["sub"], "nonce": login.nonce, **self._claims()}
        return Answer.json({
            "access_token": access_token, "token_type": "Bearer", "expires_in": TOKEN_LIFETIME,
            "id_token": self._sign(claims),
        })

    def _userinfo(self, request: Request) -> Answer:
        account = self._tokens.get(request.authorization.removeprefix("Bearer "))
        if account is None:
            return Answer.error("invalid_token", "no such token", 401)
        claims = {name: value for name, value in account.items() if name != "label"}
        return Answer(200, "application/jwt", self._sign({**claims, **self._claims()}).encode())

    def _end(self, request: Request) -> Answer:
        query = {name: values[0] for name, values in parse_qs(request.query).items()}
        if "id_token_hint" not in query or "state" not in query:
            raise Malformed("a log-out needs id_token_hint and state")
        return Answer.redirect(query.get("post_logout_redirect_uri", f"{self._issuer}/authorize"))

    def _claims(self) -> dict[str, Any]:
        now = int(time.time())
        return {"iss": self._issuer, "aud": self._client["client_id"], "iat": now, "exp": now + TOKEN_LIFETIME}

    def _sign(self, claims: dict[str, Any]) -> str:
        return self._key.sign(as_json(claims), {"alg": "ES256", "kid": self._key.kid, "typ": "JWT"})
