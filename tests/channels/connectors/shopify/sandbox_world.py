"""The sandbox's shop without its socket, and a publisher's memory of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from channels.connectors.base import Known
from channels.connectors.outcome import Verdict
from channels.sandbox.http import Call
from channels.sandbox.journal import Record
from channels.sandbox.shopify.endpoint import Shop
from channels.sandbox.store import Store
from channels.sandbox.world import TOKEN
from pimhub.foundation.http import FileBody, Request, Response
from tests.channels.connectors.shopify import builders
from tests.channels.connectors.shopify.builders import merge, names, rendered, shopify

CONNECTION = replace(builders.CONNECTION, base_url="https://shop.sandbox", credentials={"access_token": TOKEN})


class World:
    """One empty shop; `violations` are calls that a correct client never makes."""

    def __init__(self) -> None:
        self.shop = Shop(Store(":memory:"))
        self.known = Known()
        self.violations: list[tuple[str, str]] = []
        self.files: dict[str, Path] = {}  # by their hash

    def send(self, request: Request) -> Response:
        call = Call(
            method=request.method,
            path=urlsplit(request.url).path.removeprefix("/shopify"),
            query=(),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=b"".join(request.file.pieces()) if request.file else request.body,
        )
        record = Record("shopify")
        with self.shop.store.transaction():
            reply = self.shop.handle(call, record, origin="https://shop.sandbox")
        self.violations += record.violations
        return Response(reply.status, {k.lower(): v for k, v in reply.headers.items()}, reply.body)

    def publish(self, product, connection=CONNECTION):
        """Plan, send and merge until nothing is left; the calls that it took."""
        wanted, done = rendered(product, connection), []
        started = None  # the call that the shop still works on
        for _ in range(150):
            calls = shopify.plan(wanted, self.known, connection)
            if not calls:
                return done
            call = calls[0]
            if call.settles:
                call = replace(call, context={**call.context, **started.context}, carries=started.carries)
            outcome = self.carry_out(call)
            started = call if outcome.verdict is Verdict.WORKING else None
            self.known = merge(self.known, call, outcome, wanted)
            done.append(call)
        raise AssertionError(f"no end after {names(done)}")

    def carry_out(self, call):
        """The outcome of a call, and of the file that follows it."""
        answer = self.send(call.request)
        refused = None
        if call.file is not None:
            place = FileBody(self.files[call.file.sha256], call.file.size)
            upload = shopify.upload(call, answer, place)
            refused = shopify.interpret_upload(call, self.send(upload)) if upload else None
        return refused or shopify.interpret(call, answer)

    def read(self, product, connection=CONNECTION):
        wanted = rendered(product, connection)
        responses = [self.send(request) for request in shopify.read(wanted, self.known, connection)]
        return shopify.interpret_read(wanted, self.known, responses, connection)

    def shows(self, product, connection=CONNECTION):
        state = self.read(product, connection)
        return state.bodies == rendered(product, connection).bodies and not state.issues and not state.pending

    def uploads(self):
        return len(self.shop.store.all("media"))
