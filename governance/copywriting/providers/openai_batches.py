"""The batch endpoints of OpenAI's protocol, by the vendor's SDK: a file goes up, files with the answers come back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import openai

from governance.copywriting.prompts import Asked
from governance.copywriting.providers.base import Answer, Billed, CannotWrite
from governance.copywriting.providers.openai_api import bill, client_of, judged, of_status
from governance.models import AiProvider
from pimhub.foundation.http import was_sent

ENDS = ("completed", "failed", "expired", "cancelled")
ENDING = ("finalizing", "cancelling")


@dataclass(frozen=True, slots=True)
class Found:
    """How a batch stands, in the provider's word; once it has ended, the lines of its files by their own ids."""

    told: str
    has_ended: bool
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)


def submit(provider: AiProvider, content: bytes) -> str:
    """Send the requests, a line each; the id of the batch. Raises CannotWrite."""
    endpoint: Any = "/v1/responses" if provider.api == AiProvider.Api.RESPONSES else "/v1/chat/completions"
    with _spoken(provider) as client:
        file = client.files.create(file=("requests.jsonl", content), purpose="batch")
        batch = client.batches.create(input_file_id=file.id, endpoint=endpoint, completion_window="24h")
    return str(batch.id)


def look(provider: AiProvider, remote_id: str, *, give_up: bool = False) -> Found:
    """How it stands. With `give_up` it shall end with what is answered by now. Raises CannotWrite."""
    with _spoken(provider) as client:
        batch = client.batches.retrieve(remote_id)
        if give_up and batch.status not in (*ENDS, *ENDING):
            batch = client.batches.cancel(remote_id)
        if batch.status not in ENDS:
            return Found(batch.status, has_ended=False)
        answers: dict[str, dict[str, Any]] = {}
        for file_id in (batch.output_file_id, batch.error_file_id):
            if file_id:
                answers |= dict(_lines(client.files.content(file_id).text))
    return Found(batch.status, has_ended=True, answers=answers)


def _lines(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for line in text.splitlines():
        try:
            row = json.loads(line)
            yield str(row["custom_id"]), row
        except (ValueError, KeyError, TypeError):
            continue  # whose answer it was cannot be told: that request counts as not answered


def answer(provider: AiProvider, line: dict[str, Any] | None, billed: Billed, asked: Asked) -> Answer:
    """The answer in a line; what it cost and said is put into `billed` first. Raises CannotWrite."""
    if line is None:
        billed.is_known = True  # what expired is not billed
        raise CannotWrite("not_answered", "The batch ended without this answer.", again=True)
    response = line.get("response") or {}
    status, body = response.get("status_code"), response.get("body") or {}
    text = json.dumps(body)
    if status != 200:
        said = (body.get("error") if isinstance(body, dict) else None) or line.get("error") or {}
        billed.is_known, billed.response = True, text[:20_000]
        raise of_status(
            int(status or 500), str(said.get("message") or said.get("code") or "no answer"), said.get("code")
        )
    return judged(provider, text, {"x-request-id": str(response.get("request_id") or "")}, billed, asked)


def cost_only(line: dict[str, Any] | None, billed: Billed) -> None:
    """What an answer that nobody waits for any more cost; what was not answered, or failed, is not billed."""
    billed.is_known = True
    response = (line or {}).get("response") or {}
    body = response.get("body")
    if response.get("status_code") == 200 and isinstance(body, dict):
        billed.response = json.dumps(body)[:20_000]
        bill(body, billed)


@contextmanager
def _spoken(provider: AiProvider) -> Iterator[openai.OpenAI]:
    """A client whose failures are CannotWrite: of requests that are not answered at once, each can be made again."""
    try:
        yield client_of(provider)
    except openai.APIStatusError as error:
        wait = error.response.headers.get("retry-after", "")
        raise of_status(error.status_code, str(error.message)[:300], error.code, wait) from error
    except openai.APITimeoutError as error:
        raise CannotWrite("timeout", "No answer came in time; it may have been taken.", again=True) from error
    except openai.APIConnectionError as error:
        code = "timeout" if was_sent(error.__cause__) else "unreachable"
        raise CannotWrite(code, f"The provider cannot be reached: {error.__cause__ or error}.", again=True) from error
