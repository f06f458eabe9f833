"""The HTTP frame: sockets, routing, the chaos wall, and one transaction around every call."""

from __future__ import annotations

import contextlib
import logging
import re
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from channels.sandbox.amazon.endpoint import Seller
from channels.sandbox.chaos import Blow, Chaos, nonsense
from channels.sandbox.control import Control
from channels.sandbox.erp.endpoint import Erp
from channels.sandbox.google.endpoint import Merchant
from channels.sandbox.http import Call, Reply, json_reply
from channels.sandbox.journal import Record, keep
from channels.sandbox.openai.endpoint import Writer
from channels.sandbox.page import page
from channels.sandbox.settings import settings
from channels.sandbox.shopify.endpoint import Shop
from channels.sandbox.store import Store
from channels.sandbox.webhooks import Teller
from pimhub.foundation.home import noted_address

log = logging.getLogger(__name__)

_LARGEST_BODY = 128 * 1024 * 1024
_LOCAL = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d+)?")
_CALM_ADDRESSES = ("/cdn/",)  # pictures are no API calls: chaos spares them


class Sandbox:
    """The whole sandbox without its socket: a call in, an answer out."""

    def __init__(self, home: Path) -> None:
        folder = home / "sandbox"
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.store = Store(folder / "state.sqlite3")
        self.chaos = Chaos()
        shop = Shop(self.store)
        self.channels: dict[str, Shop | Merchant | Seller] = {
            "shopify": shop,
            "amazon": Seller(self.store),
            "google": Merchant(self.store),
        }
        self.writer = Writer()
        self.teller = Teller(self.store)
        self._bulk = shop.work
        self._bulk.tell = lambda effects: self.teller.tell("shopify", effects)
        self.erp = Erp(self.store, self.teller.tell, hub=lambda: noted_address(home))
        self._control = Control(self.store, self.chaos, self.teller)

    def warm_up(self) -> None:
        for channel in self.channels.values():
            channel.warm_up()

    def handle(self, call: Call, *, origin: str) -> Reply:
        name, _, rest = call.path.lstrip("/").partition("/")
        if name in self.channels:
            inner = Call(call.method, f"/{rest}", call.query, call.headers, call.body)
            if name == "amazon" and rest.startswith("_queue"):
                return self.teller.serve_queue(inner)
            return self._serve(name, inner, origin)
        if name == "openai":
            return self.writer.handle(Call(call.method, f"/{rest}", call.query, call.headers, call.body))
        if name == "erp":
            return self.erp.handle(Call(call.method, f"/{rest}", call.query, call.headers, call.body))
        if name == "_control":
            return self._control.handle(call)
        if call.path == "/" and call.method == "GET":
            wanted = dict(call.query).get("page", "1")
            body = page(self.store, max(1, int(wanted)) if wanted.isdigit() else 1)
            return Reply(200, body.encode(), content_type="text/html; charset=utf-8")
        return json_reply(404, {"error": f"{call.method} {call.path} does not exist in the sandbox"})

    def _serve(self, name: str, call: Call, origin: str) -> Reply:
        """1. The blow that is due. 2. The call itself. 3. Its record. 4. Commit, and only then answer."""
        channel, record, started = self.channels[name], Record(name), time.monotonic()
        blow = None if call.path.startswith(_CALM_ADDRESSES) else self.chaos.strike(name)
        if blow is not None:
            record.chaos = blow.mode
        try:
            with self.store.transaction():
                if blow is None or blow.mode == "timeout_after":
                    reply = channel.handle(call, record, origin=origin)
                else:
                    reply = _struck(channel, blow)
                keep(self.store, call, record, status=reply.status, seconds=time.monotonic() - started)
        except Exception:
            log.exception("sandbox failure in %s %s", call.method, call.path)
            failed = Record(name, operation=record.operation)
            failed.violate("SANDBOX_FAILURE", "the sandbox itself broke; see its log")
            with self.store.transaction():
                keep(self.store, call, failed, status=500, seconds=time.monotonic() - started)
            return channel.broken()
        self.teller.tell(name, record.effects)
        if blow is not None and blow.mode.startswith("timeout"):
            time.sleep(blow.delay)
            return Reply(0, drop=True)
        if not call.path.startswith(_CALM_ADDRESSES):
            time.sleep(max(0.0, settings(self.store, name)["answer_after"]))
        return reply

    def close(self) -> None:
        self._bulk.close()
        self.erp.close()
        self.teller.close()
        self.store.close()


def _struck(channel: Shop | Merchant | Seller, blow: Blow) -> Reply:
    match blow.mode:
        case "throttle":
            return channel.throttled()
        case "quota" if isinstance(channel, Merchant):
            return channel.quota()
        case "error500":
            return channel.broken()
        case "unauthorized":
            return channel.unauthorized()
        case "nonsense":
            kind, body = nonsense(blow.pick)
            return Reply(200, body, content_type=kind)
    return Reply(0, drop=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024  # head and body leave in one packet
    timeout = 60
    server: _Server

    def _answer(self) -> None:
        try:
            length = int(self.headers.get("Content-Length") or 0)
        except ValueError:
            length = -1
        if not 0 <= length <= _LARGEST_BODY or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            self._send(json_reply(413, {"error": f"send at most {_LARGEST_BODY} bytes, with their length"}))
            return
        body = self.rfile.read(length)
        if len(body) < length:  # whoever sent it is gone: half a request is none
            self.close_connection = True
            return
        path, _, query = self.path.partition("?")
        call = Call(
            method=self.command,
            path=path,
            query=tuple(parse_qsl(query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
        )
        if not _is_local(call):
            self._send(json_reply(403, {"error": "the sandbox answers its own computer only"}))
            return
        host = call.headers.get("host") or f"127.0.0.1:{self.server.server_port}"
        self._send(self.server.sandbox.handle(call, origin=f"http://{host}"))

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = _answer

    def _send(self, reply: Reply) -> None:
        if reply.drop:
            self.close_connection = True
            # Linger 0: the client sees a reset, not an orderly end.
            with contextlib.suppress(OSError):
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", reply.content_type)
        # Half an answer: more is promised than comes, and then the connection ends.
        self.send_header("Content-Length", str(len(reply.body) * (2 if reply.cut else 1)))
        self.close_connection = self.close_connection or reply.cut
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    def log_message(self, format: str, *args: Any) -> None:
        log.debug(format, *args)


def _is_local(call: Call) -> bool:
    """Keep out pages of other sites: by name (DNS rebinding) and by origin."""
    origin = call.headers.get("origin", "").removeprefix("http://")
    host = call.headers.get("host", "127.0.0.1")
    return bool(_LOCAL.fullmatch(host)) and (not origin or bool(_LOCAL.fullmatch(origin)))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, sandbox: Sandbox) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.sandbox = sandbox
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.debug("connection from %s broke off", client_address)

    def close_all(self) -> None:
        """Stop listening and cut the connections that clients keep open."""
        self.server_close()
        with self._lock:
            for request in self._open:
                with contextlib.suppress(OSError):
                    request.shutdown(socket.SHUT_RDWR)


class RunningSandbox:
    """A sandbox on a port, served by a thread of this process."""

    def __init__(self, home: Path, *, port: int = 0) -> None:
        self.sandbox = Sandbox(home)
        try:
            self._server = _Server(port, self.sandbox)
        except OSError:
            self.sandbox.close()
            raise
        self.port: int = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        (self.sandbox.folder / "port").write_text(f"{self.port}\n")
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="sandbox", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.close_all()
        self._thread.join(timeout=1)
        with contextlib.suppress(FileNotFoundError):
            (self.sandbox.folder / "port").unlink()
        self.sandbox.close()


def serve(home: Path, port: int = 0, ready: Callable[[int], None] | None = None) -> None:
    """Run until SIGTERM or SIGINT. `ready` is called with the port once calls are taken.

    Raises OSError when the port is in use or `home` cannot be written.
    """
    over = threading.Event()
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: over.set())
    running = RunningSandbox(home, port=port)
    try:
        threading.Thread(target=running.sandbox.warm_up, name="sandbox-warm-up", daemon=True).start()
        if ready is not None:
            ready(running.port)
        over.wait()
    finally:
        running.stop()
