"""The same call twice has one effect and one answer, when it carries an `Idempotency-Key`."""

from __future__ import annotations

import datetime as dt
import hashlib
import zlib
from collections.abc import Callable
from typing import Any

import orjson
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api.problems import Problem
from catalog.models import IdempotentCall

KEPT = dt.timedelta(hours=24)
LEASE = dt.timedelta(minutes=5)  # a call that died is forgotten after this long
HEADERS = ("Location", "ETag", "Content-Type")


def key_of(request: Request) -> str:
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > 255 or not key.isprintable():
        raise Problem(400, "bad_idempotency_key", "An Idempotency-Key has 1 to 255 printable characters.")
    return key


def digest_of(request: Request, body: bytes) -> str:
    """What makes two calls the same: method, address, and the bytes of the body."""
    head = f"{request.method} {request.get_full_path()} {request.headers.get('If-Match', '')}\n".encode()
    return hashlib.sha256(head + body).hexdigest()


def once(view: Any, request: Request, call: Callable[[], Any]) -> Any:
    """The answer of `call`, or the one it gave before. Its writes and the answer are kept in one transaction."""
    found = begin(request, digest_of(request, request._request.body))
    if isinstance(found, HttpResponse):
        return found
    try:
        with transaction.atomic():
            response = call()
            _keep(view, found, response)
    except Exception as error:
        try:
            response = view.handle_exception(error)  # raises what is our own fault
        except Exception:
            found.delete()
            raise
        _keep(view, found, response)
    return response


def begin(request: Request, digest: str) -> IdempotentCall | HttpResponse:
    """A new record for this call, or the answer that an earlier one like it got.

    Raises Problem: 409 when the key stands for another call, or when the first one is not done yet.
    """
    key, now = key_of(request), timezone.now()
    mine = {"user_id": request.user.pk, "key": key}
    IdempotentCall.objects.filter(**mine, created_at__lt=now - KEPT).delete()
    try:
        with transaction.atomic():
            return IdempotentCall.objects.create(**mine, digest=digest, lease_until=now + LEASE)
    except IntegrityError:
        held = IdempotentCall.objects.filter(**mine).first()
    if held is None:
        raise Problem(409, "idempotency_busy", "The first call with this key just ended. Repeat it.")
    if held.digest != digest:
        raise Problem(
            409,
            "idempotency_mismatch",
            "This Idempotency-Key was used for another call. Take a new key for a new call.",
        )
    if held.status is not None:
        return _again(held)
    taken = IdempotentCall.objects.filter(pk=held.pk, status__isnull=True, lease_until__lt=now)
    if taken.update(lease_until=now + LEASE):
        return held
    raise Problem(
        409, "idempotency_busy", "The first call with this key is still under way.", headers={"Retry-After": "1"}
    )


def _keep(view: Any, record: IdempotentCall, response: Any) -> None:
    if view.keeps_secret and response.status_code < 300:
        text = "The first call with this key was answered. What it made is there; its secret was shown once."
        response = view.handle_exception(Problem(409, "shown_once", text))
    headers = {name: response[name] for name in HEADERS if name in response}
    if isinstance(response, Response):  # not rendered yet, so its type is not set
        body = orjson.dumps(response.data, default=str)
        headers["Content-Type"] = response.content_type or "application/json"
    else:
        body = response.content
    keep(record, status=response.status_code, body=body, headers=headers)


def keep(record: IdempotentCall, *, status: int, body: bytes, headers: dict[str, str]) -> None:
    IdempotentCall.objects.filter(pk=record.pk).update(
        status=status, body=zlib.compress(body), headers=headers, lease_until=timezone.now()
    )


def _again(record: IdempotentCall) -> HttpResponse:
    body = zlib.decompress(bytes(record.body))
    response = HttpResponse(body if body != b"null" else b"", status=record.status)
    for name, value in record.headers.items():
        response[name] = value
    response["Idempotency-Replayed"] = "true"
    return response


def forget_old() -> int:
    """Drop what was kept long enough; how many."""
    return IdempotentCall.objects.filter(created_at__lt=timezone.now() - KEPT).delete()[0]
