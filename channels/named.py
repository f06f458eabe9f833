"""What people name when they steer a channel: products, a moment that has passed, a saved view."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db.models import Q
from django.utils import timezone

from catalog.access.reach import seen, sight
from catalog.models import Product, User
from catalog.models.codes import code_key
from catalog.search.select import conditions_of, view_of
from channels.models import Channel
from channels.publishing import policy
from channels.publishing.selection import Selection
from pimhub.foundation.moments import exact, on_the_clock

MOST = 5000  # products at once; more by several


def past(channel: Channel, text: str) -> dt.datetime:
    """A moment on the channel's clock, or with an offset of its own. Raises ValueError."""
    moment = (exact(text) or on_the_clock(text, str(policy.read(channel.policy).zone))).astimezone(dt.UTC)
    if moment > timezone.now():
        raise ValueError("Choose a moment that has passed.")
    return moment


def words(text: str) -> list[str]:
    """Codes or SKUs, one a line or separated by commas."""
    return [part.strip() for line in text.splitlines() for part in line.split(",") if part.strip()]


def products(codes: Sequence[str], *, right: str) -> list[int] | None:
    """Products by code or SKU; of no names all that one reaches, None where that is everything. Raises ValueError."""
    wanted = [code_key(code) for code in codes]
    everything = seen(Product.everything.all(), right=right)
    if not wanted:
        return None if sight(right).ids() is None else list(everything.values_list("pk", flat=True))
    if len(wanted) > MOST:
        raise ValueError(f"At most {MOST} products at once; these are {len(wanted)}.")
    found = everything.filter(Q(code_key__in=wanted) | Q(variants__sku_key__in=wanted)).distinct()
    keys = set(found.values_list("code_key", flat=True)) | set(found.values_list("variants__sku_key", flat=True))
    if missing := [w for w in wanted if w not in keys]:
        raise ValueError(f"There is no product or SKU “{missing[0]}”.")
    return list(found.values_list("pk", flat=True))


def selection(user: User, view_id: str) -> Selection:
    """What a saved view names; of no view, everything. Raises ValueError."""
    if not view_id:
        return None
    view = view_of(user, int(view_id)) if view_id.isdecimal() and len(view_id) < 19 else None
    if view is None:
        raise ValueError("There is no such view. Choose another.")
    return {"filter": conditions_of(view), "text": view.text, "view": view.name}
