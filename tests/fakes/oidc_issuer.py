"""A small OpenID Connect issuer over HTTP: code flow, PKCE, real signatures, and what a hostile one would answer."""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT, SECRET = "sightline-test", "issuer-hunter2-secret"


class Issuer:
    """`claims` replace those that a good answer has, None removes one; `alg` and `key` say how it is signed."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "one"}, auto_kid=False)
        self.published = [self.key]
        self.claims: dict[str, Any] = {}
        self.named_issuer: str | None = None
        self.alg = "RS256"
        self.address = ""
        self.asked: list[dict[str, str]] = []
        self._codes: dict[str, dict[str, str]] = {}

    def authorize(self, url: str) -> str:
        """Sign somebody in as a browser would, and return where the browser is led back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        self.asked.append(asked)
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self.asked)}"
        self._codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.named_issuer or self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/keys",
        }

    def token(self, form: dict[str, str], authorization: str, now: float) -> tuple[int, dict[str, Any]]:
        asked = self._codes.pop(form.get("code", ""), None)
        proof = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).decode()
        login = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if asked is None or proof.rstrip("=") != asked["code_challenge"] or authorization != f"Basic {login}":
            return 400, {"error": "invalid_grant"}
        claims = {
            "iss": self.address,
            "sub": "s-1",
            "aud": CLIENT,
            "iat": int(now),
            "exp": int(now) + 300,
            "nonce": asked["nonce"],
            "preferred_username": "ann",
            "groups": ["guards", "others"],
            **self.claims,
        }
        given = {name: value for name, value in claims.items() if value is not None}
        return 200, {"access_token": "a", "token_type": "Bearer", "id_token": self._sign(given)}

    def _sign(self, claims: dict[str, Any]) -> str:
        if self.alg == "none":
            parts = [json.dumps(each).encode() for each in ({"alg": "none"}, claims)]
            return ".".join([*(base64.urlsafe_b64encode(each).decode().rstrip("=") for each in parts), ""])
        if self.alg == "HS256":  # signed with what everybody knows, the public key
            public = OctKey.import_key(json.dumps(self.key.as_dict(private=False)))
            return jwt.encode({"alg": "HS256", "kid": "one"}, claims, public, algorithms=["HS256"])
        return jwt.encode({"alg": self.alg, "kid": self.key.kid}, claims, self.key)


@contextmanager
def serve_issuer(issuer: Issuer, now: Any, port: int = 0) -> Iterator[Issuer]:
    """Serve the issuer on a port of this machine; `now` gives seconds since 1970."""

    class IssuerHandler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/keys":
                self._answer(200, {"keys": [key.as_dict(private=False) for key in issuer.published]})
            else:
                self._answer(200, issuer.discovery())

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(text).items()}
            self._answer(*issuer.token(form, self.headers.get("Authorization", ""), now()))

        def _answer(self, status: int, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), IssuerHandler)
    issuer.address = issuer.address or f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
