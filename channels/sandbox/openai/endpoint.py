"""`/openai/v1`: Responses and Chat Completions. The model's name chooses what it does: sandbox-<scenario>."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from channels.sandbox.http import Call, Reply, json_reply
from channels.sandbox.openai import writing
from channels.sandbox.openai.batches import Batches

HONEST, HALLUCINATING = "sandbox-honest", "sandbox-hallucinating"
LIMITED = "sandbox-limited"  # as the honest one, ten requests a second
# Faults that a name such as sandbox-refusal asks for; with a number, sandbox-500-2, only the first two calls of a
# request fail.
FAULTS = (
    "429", "429-long", "quota", "500", "503-html", "400", "401", "timeout", "drop", "half", "cut", "html", "invalid",
    "prose", "fenced", "types", "extra", "refusal", "length", "filter", "empty", "no-usage", "other-model", "obedient",
)  # fmt: skip
_NO_SUCH = {"error": {"message": "No such address in the sandbox.", "type": "invalid_request_error", "code": None}}


class Writer:
    """Keeps nothing but its journal: what was asked, and what a hallucinating model changed."""

    def __init__(self) -> None:
        self.journal: list[dict[str, Any]] = []
        self._seen: dict[str, int] = {}
        self._recent: list[float] = []  # when the limited model was asked, within the last second
        self.a_second, self.refused = 10, 0  # what it allows, and how often it was asked for more
        self._lock = threading.Lock()
        self.batches = Batches()
        self.patience = 5.0  # seconds that a timeout keeps its caller waiting

    def handle(self, call: Call) -> Reply:
        if call.path == "/v1/models":
            return json_reply(200, {"object": "list", "data": [_model(HONEST), _model(HALLUCINATING)]})
        if call.path == "/_journal":
            return json_reply(200, {"calls": self.journal})
        if call.path.startswith(("/v1/files", "/v1/batches")):
            return self.batches.handle(call, self._one) or json_reply(404, _NO_SUCH)
        api = {"/v1/responses": "responses", "/v1/chat/completions": "chat"}.get(call.path)
        if call.method != "POST" or api is None:
            return json_reply(404, _NO_SUCH)
        try:
            asked = json.loads(call.body)
            model, user = str(asked["model"]), _user(api, asked)
        except (ValueError, KeyError, TypeError, IndexError):
            return _error(400, "The body is not a request of this API.", "invalid_request_error")
        if model.startswith(LIMITED) and (refused := self._over_limit()):
            return refused
        count = self._count(call.body)
        fault = _fault(model, count)
        text, mutation = self._text(model, user, call.body)
        self._note(call, model, fault, mutation)
        reply = self._answer(api, model, fault, text)
        return _with(reply, self._headroom()) if model.startswith(LIMITED) else reply

    def _one(self, url: str, body: bytes) -> Reply:
        """The answer to one line of a batch."""
        return self.handle(Call("POST", url, (), {"content-type": "application/json"}, body))

    def _over_limit(self) -> Reply | None:
        """A 429 where more than so many requests came within a second."""
        with self._lock:
            now = time.monotonic()
            self._recent = [at for at in self._recent if at > now - 1]
            if len(self._recent) < self.a_second:
                self._recent.append(now)
                return None
            self.refused += 1
        return _with(_error(429, "Rate limit reached.", "rate_limit_exceeded"), {"retry-after": "1"})

    def _headroom(self) -> dict[str, str]:
        with self._lock:
            now = time.monotonic()
            left = self.a_second - len(self._recent)
            reset = max(0.0, (self._recent[0] + 1 - now)) if self._recent else 0.0
        return {
            "x-ratelimit-limit-requests": str(self.a_second),
            "x-ratelimit-remaining-requests": str(left),
            "x-ratelimit-reset-requests": f"{reset * 1000:.0f}ms",
        }

    def _count(self, body: bytes) -> int:
        key = hashlib.sha256(body).hexdigest()
        with self._lock:
            self._seen[key] = self._seen.get(key, 0) + 1
            return self._seen[key]

    def _text(self, model: str, user: str, body: bytes) -> tuple[str, writing.Mutation | None]:
        facts = writing.facts_in(user)
        if wanted := writing.asked_values(user):
            values, wrong = writing.extracted(str(facts.get("source_text", "")), wanted), None
            if model.startswith(HALLUCINATING):
                values, wrong = writing.misquoted(values, seed=hashlib.sha256(body).hexdigest())
            return json.dumps({"values": values}), wrong
        if offered := writing.asked_categories(user):
            chosen, wrong = writing.chosen(str(facts.get("source_text", "")), offered), None
            if model.startswith(HALLUCINATING):
                chosen, wrong = writing.invented(chosen)
            return json.dumps({"categories": chosen}), wrong
        if numbers := writing.asked_pictures(user):
            said, wrong = writing.described(facts, numbers, seen=_seen(body)), None
            if model.startswith(HALLUCINATING):
                said, wrong = writing.misseen(said)
            return json.dumps({"sentences": said}), wrong
        if model.startswith(HALLUCINATING):
            said, mutation = writing.hallucinated(facts, seed=hashlib.sha256(body).hexdigest())
            return json.dumps({"sentences": said}), mutation
        if model.startswith("sandbox-obedient"):  # does what a supplier's text tells it
            told = [{"text": str(value), "facts": []} for value in facts.values() if isinstance(value, str)]
            return json.dumps({"sentences": told}), None
        most = writing.asked_points(user) or None
        return json.dumps({"sentences": writing.sentences(facts)[:most]}), None

    def _note(self, call: Call, model: str, fault: str, mutation: writing.Mutation | None) -> None:
        with self._lock:
            self.journal.append(
                {
                    "path": call.path,
                    "model": model,
                    "fault": fault,
                    "body": call.body.decode("utf-8", "replace"),
                    "mutation": asdict(mutation) if mutation else None,
                }
            )

    def _answer(self, api: str, model: str, fault: str, text: str) -> Reply:
        match fault:
            case "429" | "429-long":
                reply = _error(429, "Rate limit reached.", "rate_limit_exceeded")
                return _with(reply, {"retry-after": "600" if fault == "429-long" else "1"})
            case "quota":
                return _error(429, "You exceeded your current quota.", "insufficient_quota")
            case "500":
                return _error(500, "The server had an error.", "server_error")
            case "503-html":
                return Reply(503, b"<html>Service Unavailable</html>", content_type="text/html")
            case "400":
                return _error(400, "This model's maximum context length is exceeded.", "context_length_exceeded")
            case "401":
                return _error(401, "Incorrect API key provided.", "invalid_api_key")
            case "timeout":
                time.sleep(self.patience)
                return Reply(0, drop=True)
            case "drop":
                return Reply(0, drop=True)
            case "html":
                return Reply(200, b"<html><body>Sign in to the network</body></html>", content_type="text/html")
        written = _BROKEN[fault](text) if fault in _BROKEN else text
        body = _responses(model, fault, written) if api == "responses" else _chat(model, fault, written)
        data = json.dumps(body).encode()
        reply = Reply(200, data[: len(data) // 2] if fault in ("cut", "half") else data)
        return _with(reply, {"x-request-id": "req_" + hashlib.sha256(data).hexdigest()[:16]}, half=fault == "half")


_BROKEN: dict[str, Callable[[str], str]] = {
    "invalid": lambda text: text[:-3],
    "prose": lambda text: "Of course! Here is your text: it is a lovely product.",
    "fenced": lambda text: f"```json\n{text}\n```",
    "types": lambda text: json.dumps({"sentences": "one"}),
    "extra": lambda text: json.dumps({**json.loads(text), "price": "9.99"}),
    "empty": lambda text: "",
}


def _fault(model: str, count: int) -> str:
    name = model.removeprefix("sandbox-")
    for fault in sorted(FAULTS, key=len, reverse=True):
        if name == fault:
            return fault
        head, _, times = name.rpartition("-")
        if head == fault and times.isdigit():
            return fault if count <= int(times) else ""
    return ""


def _user(api: str, asked: dict[str, Any]) -> str:
    """The first words of the user part; what it may hold besides are pictures."""
    said = asked["input"] if api == "responses" else asked["messages"]
    if isinstance(said, list):
        said = next(message["content"] for message in said if message["role"] == "user")
    return str(said[0]["text"]) if isinstance(said, list) else str(said)


def _seen(body: bytes) -> int:
    """How many pictures a request holds."""
    return body.count(b"data:image/")


def _responses(model: str, fault: str, text: str) -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    if fault == "refusal":
        content = [{"type": "refusal", "refusal": "I cannot help with that."}]
    body: dict[str, Any] = {
        "id": "resp_sandbox",
        "object": "response",
        "created_at": 0,
        "status": "completed",
        "model": "another-model" if fault == "other-model" else model,
        "output": [{"type": "message", "id": "msg", "role": "assistant", "status": "completed", "content": content}],
        "usage": {"input_tokens": 300, "output_tokens": 100, "total_tokens": 400},
    }
    if fault in ("length", "filter"):
        reason = {"length": "max_output_tokens", "filter": "content_filter"}[fault]
        body |= {"status": "incomplete", "incomplete_details": {"reason": reason}}
    if fault == "no-usage":
        del body["usage"]
    return body


def _chat(model: str, fault: str, text: str) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None}
    if fault == "refusal":
        message = {"role": "assistant", "content": None, "refusal": "I cannot help with that."}
    body: dict[str, Any] = {
        "id": "chatcmpl-sandbox",
        "object": "chat.completion",
        "created": 0,
        "model": "another-model" if fault == "other-model" else model,
        "choices": [
            {
                "index": 0,
                "message": message,
                "finish_reason": {"length": "length", "filter": "content_filter"}.get(fault, "stop"),
            }
        ],
        "usage": {"prompt_tokens": 300, "completion_tokens": 100, "total_tokens": 400},
    }
    if fault == "no-usage":
        del body["usage"]
    return body


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "pimhub-sandbox"}


def _error(status: int, message: str, code: str) -> Reply:
    return json_reply(status, {"error": {"message": message, "type": code, "code": code, "param": None}})


def _with(reply: Reply, headers: dict[str, str], *, half: bool = False) -> Reply:
    return Reply(
        reply.status, reply.body, headers={**reply.headers, **headers}, content_type=reply.content_type, cut=half
    )
