"""A small OpenID Connect provider on a real socket: discovery, keys, authorization code with PKCE, userinfo.

It lets everybody in at once, as `claims` says; `spoil` may change the token before it is signed, or how it is signed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "pimhub", "a-client-secret"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Provider:
    def __init__(self) -> None:
        self.claims: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {}
        self.config: dict[str, Any] = {}
        self.spoil: Callable[[dict[str, Any]], str | None] = lambda claims: None
        self.answer: Callable[[dict[str, Any]], None] = lambda answer: None
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[dict[str, str]] = []
        self.tokens = 0
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                url = urlsplit(self.path)
                query = {k: v[0] for k, v in parse_qs(url.query).items()}
                provider.get(self, url.path, query)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                provider.token(self, {k: v[0] for k, v in parse_qs(body).items()})

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def get(self, handler: BaseHTTPRequestHandler, path: str, query: dict[str, str]) -> None:
        if path == "/.well-known/openid-configuration":
            told = {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/jwks",
                "userinfo_endpoint": f"{self.url}/userinfo",
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            }
            say(handler, 200, told | self.config)
        elif path == "/jwks":
            row = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
            say(handler, 200, {"keys": [row | {"kid": "one", "use": "sig", "alg": "RS256"}]})
        elif path == "/authorize":
            self.asked.append(query)
            code = f"code-{len(self.asked)}"
            self.codes[code] = query
            handler.send_response(302)
            handler.send_header(
                "Location", f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"
            )
            handler.end_headers()
        elif path == "/userinfo" and handler.headers.get("Authorization") == "Bearer an-access-token":
            say(handler, 200, self.userinfo)
        else:
            say(handler, 404, {})

    def token(self, handler: BaseHTTPRequestHandler, given: dict[str, str]) -> None:
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        asked = self.codes.pop(given.get("code", ""), None)
        if asked is None or handler.headers.get("Authorization") != f"Basic {basic}":
            return say(handler, 400, {"error": "invalid_grant"})
        digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if proof != asked.get("code_challenge") or given["redirect_uri"] != asked["redirect_uri"]:
            return say(handler, 400, {"error": "invalid_grant"})
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked.get("nonce")}
        claims |= self.claims
        text = self.spoil(claims) or jwt.encode(claims, KEY, algorithm="RS256", headers={"kid": "one"})
        answer = {"access_token": "an-access-token", "token_type": "Bearer", "id_token": text}
        self.answer(answer)
        self.tokens += 1
        return say(handler, 200, answer)

    def visit(self, address: str) -> str:
        """Go there as a browser; the address at PIMHub that one is sent back to, without its host."""
        opener = urllib.request.build_opener(_Stay)
        try:
            opener.open(address, timeout=10)
        except urllib.error.HTTPError as answer:
            url = urlsplit(answer.headers["Location"])
            return f"{url.path}?{url.query}"
        raise AssertionError("it led nowhere")


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def say(handler: BaseHTTPRequestHandler, status: int, body: dict[str, Any]) -> None:
    data = json.dumps(body).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


@contextmanager
def running() -> Iterator[Provider]:
    provider = Provider()
    thread = threading.Thread(target=provider.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        provider.server.shutdown()
        provider.server.server_close()
        thread.join()
