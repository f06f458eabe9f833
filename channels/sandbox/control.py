"""The control plane, `/_control/…`: what the sandbox holds, and how to make it fail.

Without a password: the sandbox listens on the loopback only and holds nothing real. A browser
page of another site is kept out by the check of Host and Origin in the server.
"""

from __future__ import annotations

import json
from typing import Any

from channels.sandbox import edit as admin
from channels.sandbox.amazon.page import seller
from channels.sandbox.chaos import Chaos
from channels.sandbox.google.errors import Failed
from channels.sandbox.google.products import Offers
from channels.sandbox.http import Call, Reply, json_reply
from channels.sandbox.journal import Record
from channels.sandbox.settings import change, settings
from channels.sandbox.store import Store
from channels.sandbox.webhooks import Teller
from channels.sandbox.world import SETTINGS

CHANNELS = frozenset(SETTINGS)


class Control:
    def __init__(self, store: Store, chaos: Chaos, teller: Teller) -> None:
        self._store = store
        self._chaos = chaos
        self._teller = teller

    def handle(self, call: Call) -> Reply:
        """Answers 404 for an unknown address and 400 with the reason for a wrong order."""
        name = call.path.removeprefix("/_control/")
        try:
            answer = self._answer(call.method, name, call)
        except (ValueError, Failed) as problem:
            return json_reply(400, {"error": str(problem)})
        if answer is None:
            return json_reply(404, {"error": f"{call.method} {call.path} does not exist"})
        return json_reply(200, answer)

    def _answer(self, method: str, name: str, call: Call) -> Any:
        query = dict(call.query)
        match method, name:
            case "GET", "health":
                return {"status": "ok"}
            case "GET", "state":
                return self._state()
            case "GET", "violations":
                found = self._store.all("violation")
                return [v for v in found if query.get("channel") in (None, v["channel"])]
            case "GET", "calls":
                since = query.get("since", "0")
                if not since.isdigit():
                    raise ValueError(f"since must be the number of a call, not {since!r}")
                return [entry for _, entry in self._store.after("call", int(since))]
            case "GET", "settings":
                return {channel: settings(self._store, channel) for channel in SETTINGS}
            case "POST", "settings":
                given = _body(call)
                return change(self._store, str(given.pop("channel", "")), given)
            case "POST", "chaos":
                return {"plan": self._chaos.plan(_body(call), CHANNELS)}
            case "POST", "edit":
                given = _body(call)
                done = admin.edit(self._store, given)
                self._teller.tell(str(given.get("channel")), done["effects"])
                return done
            case "POST", "uninstall":
                self._teller.uninstalled()
                return {"status": "told"}
            case "POST", "reset":
                self._store.clear()
                self._chaos.calm()
                return {"status": "empty"}
        return None

    def _state(self) -> dict[str, Any]:
        store = self._store
        violations = store.all("violation")
        shared: dict[str, dict[str, Any]] = {
            channel: {
                "calls": store.counters(f"calls.{channel}."),
                "violations": sum(violation["channel"] == channel for violation in violations),
            }
            for channel in SETTINGS
        }
        shared["shopify"] |= {
            "products": store.count("product"),
            "variants": store.count("variant"),
            "media": store.count("media"),
            "media_uploads": store.counter("media_uploads"),
            "definitions": store.count("definition"),
        }
        shared["amazon"] |= {"items": len(seller(store).everything())}
        shared["google"] |= {
            "inputs": store.count("input"),
            "products": len(Offers(store, Record("google")).everything()),
        }
        return shared | {"chaos": self._chaos.as_json(), "call": store.counter("call")}


def _body(call: Call) -> dict[str, Any]:
    try:
        value = json.loads(call.body)
    except ValueError as error:
        raise ValueError(f"the body is not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise ValueError("the body must be a JSON object")
    return value
