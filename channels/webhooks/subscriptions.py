"""What people do with subscriptions: make, change, pause, rotate, replay, test. Each act takes the lease away from
whoever delivers at the moment, so that it holds from the next event on."""

from __future__ import annotations

import datetime as dt
import difflib
import secrets as random
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from catalog import events
from catalog.access.reach import own
from catalog.change_sets import change_set
from catalog.models import EventSequence, Family, Scope, User
from channels.models.webhook import Delivery, Subscription, sealed
from governance.models import Standing
from pimhub.foundation import audit
from pimhub.foundation.signatures import new_secret

OVERLAP = dt.timedelta(days=1)
LONGEST_OVERLAP = dt.timedelta(days=30)
TEST = "webhook.test"


class Wrong(ValueError):
    """A field cannot be so. `field` names it, the text says what would do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def visible() -> QuerySet[Subscription]:
    """Those that the person acting may look after: their own, or all for whoever reaches everything."""
    return own(Subscription.objects.select_related("user"))


def last_number() -> int:
    """The number of the newest event."""
    return EventSequence.objects.filter(pk=1).values_list("last", flat=True).first() or 0


def create(*, user: User, name: str, url: str, after: int | None = None, **filters: Any) -> tuple[Subscription, str]:
    """A subscription of `user` and its secret, which is shown nowhere else. Begins after event `after`; None: now.

    Raises Wrong.
    """
    checked = _checked({"name": name, "url": url, **filters})
    events.number_events()
    last, secret = last_number(), new_secret()
    if after is not None:
        _check_number(after, last)
    with transaction.atomic():
        change_set()
        row = Subscription.objects.create(
            user=user,
            key=random.token_hex(8),
            secret_encrypted=sealed(secret),
            cursor=last if after is None else after,
            **checked,
        )
        audit.record("webhook.created", f"webhook:{row.pk}", owner=user.pk, address=_origin(row.url))
        events.ring("webhooks")
    return row, secret


def change(row: Subscription, **given: Any) -> None:
    """Other name, address or filters. Raises Wrong."""
    checked = _checked(given)
    with transaction.atomic():
        change_set()
        row = _locked(row)
        for name, value in checked.items():
            setattr(row, name, value)
        _save(row, list(checked))
        audit.record("webhook.changed", f"webhook:{row.pk}", fields=sorted(checked), address=_origin(row.url))


def pause(row: Subscription) -> None:
    with transaction.atomic():
        change_set()
        row = _locked(row)
        row.paused = True
        _save(row, ["paused"])
        audit.record("webhook.paused", f"webhook:{row.pk}")


def resume(row: Subscription) -> None:
    """Go on, with the event after the last one that is done with, also after it was disabled."""
    with transaction.atomic():
        change_set()
        row = _locked(row)
        row.paused, row.disabled_at, row.disabled_reason = False, None, ""
        row.failing_since = row.retry_at = None
        row.attempts, row.notice_due = 0, False
        _save(row, ["paused", "disabled_at", "disabled_reason", "failing_since", "retry_at", "attempts", "notice_due"])
        audit.record("webhook.resumed", f"webhook:{row.pk}")
        events.ring("webhooks")


def rotate(row: Subscription, *, overlap: dt.timedelta = OVERLAP) -> str:
    """A new secret; messages are signed with the old one too for `overlap` (up to 30 days). Raises Wrong."""
    if not dt.timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise Wrong("overlap", "overlap is a number of seconds, up to 30 days.")
    secret = new_secret()
    with transaction.atomic():
        row = _locked(row)
        row.previous_encrypted = row.secret_encrypted if overlap else ""
        row.previous_until = timezone.now() + overlap if overlap else None
        row.secret_encrypted = sealed(secret)
        _save(row, ["secret_encrypted", "previous_encrypted", "previous_until"])
        audit.record("webhook.rotated", f"webhook:{row.pk}", overlap=int(overlap.total_seconds()))
    return secret


def replay(row: Subscription, *, after: int) -> None:
    """Tell again whatever came after event `after`, under the same message ids; a later number passes events over.

    Raises Wrong.
    """
    events.number_events()
    last = last_number()
    _check_number(after, last)
    with transaction.atomic():
        row = _locked(row)
        audit.record("webhook.replayed", f"webhook:{row.pk}", after=after, before=row.cursor)
        row.cursor, row.attempts, row.retry_at = after, 0, None
        _save(row, ["cursor", "attempts", "retry_at"])
        events.ring("webhooks")


def remove(row: Subscription) -> None:
    with transaction.atomic():
        change_set()
        audit.record("webhook.deleted", f"webhook:{row.pk}", address=_origin(row.url))
        row.delete()


def ask_for_test(row: Subscription) -> Delivery:
    """Have a worker send a test message, also while the subscription is paused or disabled; it is tried once."""
    with transaction.atomic():
        audit.record("webhook.tested", f"webhook:{row.pk}")
        made = Delivery.objects.create(subscription=row, webhook_id=f"msg_{row.key}_{random.token_hex(8)}", type=TEST)
        events.ring("webhooks")
    return made


# ---- checks --------------------------------------------------------------------------------------


def check_address(url: str) -> str:
    """An https address that may be called; http only for exact origins that the configuration allows. Raises Wrong."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as error:
        raise Wrong("url", f"This address cannot be read: {error}.") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Wrong("url", "Give a whole address, such as https://shop.example/hooks.")
    if parts.username is not None or parts.password is not None:
        raise Wrong("url", "An address must not hold a name or password; messages are signed instead.")
    if parts.fragment:
        raise Wrong("url", "Leave out what stands behind the #; it is never sent.")
    if len(url.strip()) > 1000:
        raise Wrong("url", "An address has at most 1,000 characters.")
    allowed = f"{parts.scheme}://{parts.netloc}" in settings.PIMHUB_ALLOWED_ORIGINS
    if not allowed and parts.scheme != "https":
        raise Wrong("url", "Only https keeps what is sent to itself. Begin the address with https://.")
    if not allowed and port not in (None, 443):
        raise Wrong("url", f"Port {port} is not 443. An administrator can list the origin in PIMHUB_ALLOWED_ORIGINS.")
    return url.strip()


def _checked(given: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field, value in given.items():
        if field == "url":
            found[field] = check_address(_text(field, value))
        elif field == "name":
            found[field] = _text(field, value).strip()[:100]
            if not found[field]:
                raise Wrong(field, "Give it a name: who is told, and what for.")
        elif field in ("types", "scopes", "families", "states"):
            found[field] = _texts(field, value)
        else:
            raise Wrong(field, f"There is no field “{field[:50]}”.")
    _known("scopes", found, Scope.objects.values_list("code", flat=True))
    _known("families", found, Family.objects.filter(code__in=found.get("families", ())).values_list("code", flat=True))
    _known("states", found, Standing.State.values)
    for kind in found.get("types", ()):
        if kind not in events.known_types():
            near = difflib.get_close_matches(kind, events.known_types(), n=1) or [
                "product.changed, or product.* for all"
            ]
            raise Wrong("types", f"“{kind[:50]}” is no type of events. Did you mean {near[0]}?")
    return found


def _known(field: str, found: Mapping[str, Any], known: Iterable[str]) -> None:
    if strange := sorted(set(found.get(field, ())) - set(known)):
        raise Wrong(field, f"There is no “{strange[0][:100]}” among the {field}.")


def _text(field: str, value: object) -> str:
    if not isinstance(value, str):
        raise Wrong(field, f"{field} is a text.")
    return value


def _texts(field: str, value: object) -> list[str]:
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value) or len(value) > 500:
        raise Wrong(field, f"{field} is a list of texts.")
    return sorted({each.strip() for each in value if each.strip()})


def _check_number(after: object, last: int) -> None:
    if isinstance(after, bool) or not isinstance(after, int) or not 0 <= after <= last:
        raise Wrong("after", f"after is the number of an event, from 0 to {last}.")


def _origin(url: str) -> str:
    """What of an address the audit keeps: a path may hold a secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _locked(row: Subscription) -> Subscription:
    return Subscription.objects.select_for_update(of=("self",)).get(pk=row.pk)


def _save(row: Subscription, fields: list[str]) -> None:
    row.lease_token, row.lease_until = "", None
    row.save(update_fields=[*fields, "lease_token", "lease_until"])


def behind(row: Subscription) -> int:
    """How many events there are after the last one that is done with."""
    return max(last_number() - row.cursor, 0)
