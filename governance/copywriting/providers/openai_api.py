"""OpenAI's protocol, Responses and Chat Completions, by the vendor's SDK over our own guarded transport.

Usage is read before the answer is judged: a refusal or a broken answer has its cost booked all the same. The SDK's
own retries are off, as each attempt is booked as a call.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Literal, TypeVar

import openai
from django.conf import settings
from pydantic import BaseModel, ConfigDict, ValidationError

from governance.copywriting.prompts import Asked
from governance.copywriting.providers.base import Answer, Billed, CannotWrite, Extracted, Sentence
from governance.models import AiProvider
from pimhub.foundation import sandbox
from pimhub.foundation.http import Captured, capturing_client, client_for_sdk, was_sent

LONG_WAIT = 120.0  # seconds: a longer one ends the run rather than holding a worker
_NAME = "product_copy"
M = TypeVar("M", bound=BaseModel)


class _Sentence(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    text: str
    facts: list[str]


class _Value(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    attribute: str
    value: str
    quote: str


class _Values(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    values: list[_Value]


class _Category(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    code: str
    quote: str


class _Categories(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    categories: list[_Category]


class _Described(_Sentence):
    picture: str


class _Pictures(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    sentences: list[_Described]


class _Copy(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    sentences: list[_Sentence]


def preview(provider: AiProvider, asked: Asked) -> str:
    """The body of the request, byte for byte as it would be sent."""
    url, _ = _reached(provider)
    client = openai.OpenAI(base_url=url, api_key="none", max_retries=0, http_client=capturing_client())
    try:
        _create(client, provider, asked)
    except Captured as captured:
        return captured.body.decode()
    except openai.APIConnectionError as error:
        if isinstance(error.__cause__, Captured):
            return error.__cause__.body.decode()
        raise
    raise AssertionError("a captured request has no answer")


def client_of(provider: AiProvider) -> openai.OpenAI:
    """The vendor's client over our transport; each call is made once."""
    url, allowed = _reached(provider)
    return openai.OpenAI(
        base_url=url,
        api_key=provider.key or "none",
        max_retries=0,
        http_client=client_for_sdk(timeout=provider.timeout, allowed_origins=allowed),
    )


def _reached(provider: AiProvider) -> tuple[str, list[str]]:
    """Its address as it is called now, that of the sandbox included, and the private origins it may be on."""
    return sandbox.resolved(provider.base_url, home=settings.PIMHUB_HOME, allowed=settings.PIMHUB_ALLOWED_ORIGINS)


def write(provider: AiProvider, asked: Asked, billed: Billed) -> Answer:
    """Ask once. What the call cost and said is put into `billed` first. Raises CannotWrite."""
    billed.request = preview(provider, asked)
    try:
        raw = _create(client_of(provider), provider, asked)
    except openai.APIStatusError as error:
        billed.is_known, billed.request_id = True, error.request_id or ""
        billed.response = error.response.text[:20_000]
        wait = error.response.headers.get("retry-after", "")
        raise of_status(error.status_code, str(error.message)[:300], error.code, wait) from error
    except openai.APITimeoutError as error:
        raise CannotWrite("timeout", "No answer came in time; it may have been billed.", again=True) from error
    except openai.APIConnectionError as error:
        sent = was_sent(error.__cause__)
        billed.is_known = not sent
        code = "dropped" if sent else "unreachable"
        raise CannotWrite(code, f"The provider cannot be reached: {error.__cause__ or error}.", again=True) from error
    return judged(provider, raw.http_response.text, raw.http_response.headers, billed, asked)


def _create(client: openai.OpenAI, provider: AiProvider, asked: Asked) -> Any:
    parameters = dict(asked.parameters)
    tokens = int(str(parameters.pop("max_output_tokens")))
    if provider.api == AiProvider.Api.RESPONSES:
        parameters.pop("seed", None)  # Responses has none
        shape: Any = {"type": "json_schema", "name": _NAME, "schema": dict(asked.schema), "strict": True}
        return client.responses.with_raw_response.create(
            model=asked.model,
            instructions=asked.system,
            input=_input(asked),
            max_output_tokens=tokens,
            store=False,
            text={"format": shape},
            **parameters,
        )
    form: Any = {
        "type": "json_schema",
        "json_schema": {"name": _NAME, "schema": dict(asked.schema), "strict": True},
    }
    return client.chat.completions.with_raw_response.create(
        model=asked.model,
        messages=[{"role": "system", "content": asked.system}, {"role": "user", "content": _content(asked)}],
        max_completion_tokens=tokens,
        response_format=form,
        **parameters,
    )


def _input(asked: Asked) -> Any:
    """The user part: words alone, or words and pictures."""
    if not any(asked.images):
        return asked.user
    parts: list[dict[str, Any]] = [{"type": "input_text", "text": asked.user}]
    for picture, image in zip(asked.pictures, asked.images, strict=True):
        if image:
            parts.append({"type": "input_text", "text": f"Picture {picture.number}:"})
            parts.append({"type": "input_image", "image_url": image, "detail": "low"})
    return [{"role": "user", "content": parts}]


def _content(asked: Asked) -> Any:
    if not any(asked.images):
        return asked.user
    parts: list[dict[str, Any]] = [{"type": "text", "text": asked.user}]
    for picture, image in zip(asked.pictures, asked.images, strict=True):
        if image:
            parts.append({"type": "text", "text": f"Picture {picture.number}:"})
            parts.append({"type": "image_url", "image_url": {"url": image, "detail": "low"}})
    return parts


def judged(provider: AiProvider, said: str, headers: Mapping[str, str], billed: Billed, asked: Asked) -> Answer:
    """The text of a 200: the cost first, then whether it finished, refused, and holds what was asked for."""
    billed.response = said[:100_000]
    billed.request_id = headers.get("x-request-id", "")
    try:
        body = json.loads(said)
        if not isinstance(body, dict):
            raise ValueError("no object")
    except ValueError as error:
        raise CannotWrite("no_json", "The answer is no JSON: is the base URL that of the API?", again=True) from error
    billed.remaining, billed.reset = _headroom(headers)
    bill(body, billed)
    text = _text_of_responses(body) if provider.api == AiProvider.Api.RESPONSES else _text_of_chat(body)
    if asked.categories:
        return _chosen(text)
    if asked.pictures:
        return _pictures(text)
    return _values(text) if asked.attributes else _parsed(text)


def bill(body: Mapping[str, Any], billed: Billed) -> None:
    """What an answer cost, in tokens."""
    usage = body.get("usage") or {}
    billed.answered_model = str(body.get("model") or "")
    billed.input_tokens = _count(usage, "input_tokens", "prompt_tokens")
    billed.output_tokens = _count(usage, "output_tokens", "completion_tokens")
    billed.is_known = billed.input_tokens is not None and billed.output_tokens is not None


def _headroom(headers: Mapping[str, str]) -> tuple[int | None, float]:
    """How many requests are left, and in how many seconds there are more: "6m0s", "120ms", "1.5s" or "2"."""
    left = headers.get("x-ratelimit-remaining-requests", "")
    spans = re.findall(r"([\d.]+)(ms|h|m|s)?", headers.get("x-ratelimit-reset-requests", ""))
    seconds = sum(float(number) * {"h": 3600, "m": 60, "ms": 0.001}.get(unit, 1) for number, unit in spans)
    return (int(left) if left.isdigit() else None), seconds


def _count(usage: Mapping[str, Any], *names: str) -> int | None:
    return next((value for name in names if isinstance(value := usage.get(name), int) and value >= 0), None)


def _text_of_responses(body: Mapping[str, Any]) -> str:
    parts = [part for item in _dicts(body.get("output")) for part in _dicts(item.get("content"))]
    if refusal := next((part.get("refusal") for part in parts if part.get("type") == "refusal"), None):
        raise CannotWrite("refused", f"The model refused: {str(refusal)[:300]}")
    if body.get("status") == "incomplete":
        _incomplete(str((body.get("incomplete_details") or {}).get("reason") or ""))
    if body.get("status") == "failed":
        raise CannotWrite("provider_failed", f"The provider failed: {body.get('error')}"[:400], again=True)
    return "".join(str(part.get("text") or "") for part in parts if part.get("type") == "output_text")


def _text_of_chat(body: Mapping[str, Any]) -> str:
    choice: Mapping[str, Any] = next(iter(_dicts(body.get("choices"))), {})
    message = choice.get("message") or {}
    if message.get("refusal"):
        raise CannotWrite("refused", f"The model refused: {str(message['refusal'])[:300]}")
    reason = str(choice.get("finish_reason") or "")
    if reason in ("length", "content_filter"):
        _incomplete({"length": "max_output_tokens"}.get(reason, reason))
    return str(message.get("content") or "")


def _incomplete(reason: Literal["max_output_tokens", "content_filter"] | str) -> None:
    if reason == "max_output_tokens":
        raise CannotWrite("too_long", "The text was cut off at the limit of tokens.")
    if reason == "content_filter":
        raise CannotWrite("filtered", "The provider's content filter held the text back.")
    raise CannotWrite("incomplete", f"The answer is incomplete: {reason or 'no reason given'}.", again=True)


def _dicts(items: Any) -> list[dict[str, Any]]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _parsed(text: str) -> Answer:
    copy = _of(_Copy, text)
    if not any(sentence.text.strip() for sentence in copy.sentences):
        raise CannotWrite("nothing_written", "The model says that the facts do not suffice.")
    return Answer(tuple(Sentence(s.text.strip(), tuple(s.facts)) for s in copy.sentences if s.text.strip()))


def _of(form: type[M], text: str) -> M:
    """What the answer holds. Raises CannotWrite for an empty one, or one of another form."""
    if not text.strip():
        raise CannotWrite("empty", "The answer is empty.", again=True)
    try:
        return form.model_validate_json(text)
    except ValidationError as error:
        raise CannotWrite("bad_answer", f"The answer is not of the form asked for: {text[:120]}", again=True) from error


def _values(text: str) -> Answer:
    found = _of(_Values, text)
    if not found.values:
        raise CannotWrite("nothing_written", "The model finds none of the values in the text.")
    return Answer((), values=tuple(Extracted(v.attribute, v.value, v.quote) for v in found.values))


def _chosen(text: str) -> Answer:
    found = _of(_Categories, text)
    if not found.categories:
        raise CannotWrite("nothing_written", "The model finds no category that fits.")
    return Answer((), values=tuple(Extracted("categories", each.code, each.quote) for each in found.categories))


def _pictures(text: str) -> Answer:
    found = _of(_Pictures, text)
    said = [Sentence(s.text.strip(), tuple(s.facts), s.picture) for s in found.sentences if s.text.strip()]
    if not said:
        raise CannotWrite("nothing_written", "The model cannot tell what the pictures show.")
    return Answer(tuple(said))


def of_status(status: int, said: str, code: str | None, retry_after: str = "") -> CannotWrite:
    """What a status other than 200 means."""
    if status == 429:
        wait = _retry_after(retry_after)
        if code == "insufficient_quota":
            return CannotWrite("quota", f"The account's quota is used up: {said}", ends=True)
        if wait > LONG_WAIT:
            return CannotWrite(
                "rate_limit", f"The provider asks to wait {wait:.0f} s.", again=True, wait=wait, ends=True
            )
        return CannotWrite("rate_limit", "The provider asks to slow down.", again=True, wait=wait or 2)
    if status in (401, 403):
        return CannotWrite("credentials", f"The provider does not take the key: {said}", ends=True)
    if status in (408, 409) or status >= 500:
        return CannotWrite("server_error", f"The provider answered {status}.", again=True, wait=2)
    if status == 404:
        return CannotWrite("no_such_model", f"The provider knows no such model or address: {said}", ends=True)
    return CannotWrite("bad_request", f"The provider does not take the request: {said}")


def _retry_after(text: str) -> float:
    try:
        return max(float(text), 0)
    except ValueError:
        return 0
