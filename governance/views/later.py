"""The part of a form that says when something goes live, and where."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from catalog.models import Scope
from governance.models import Embargo, Standing
from governance.workflow.base import Refused
from pimhub.foundation import moments

ZONE = "zone"  # of the session: what a person chose last


def later(request: HttpRequest) -> tuple[dt.datetime | None, Scope | None]:
    """The moment (None: at once) and the scope (None: everywhere) that the form names. Raises Refused."""
    given = request.POST
    scope = _scope(given)
    if not (text := given.get("live_at", "").strip()):
        return None, scope
    zone = given.get("zone", "").strip()
    try:
        moment = moments.on_the_clock(text, zone)
    except ValueError as error:
        raise Refused("bad_moment", str(error), 422) from error
    request.session[ZONE] = zone
    return moment, scope


def _scope(given: Mapping[str, str]) -> Scope | None:
    if not (code := given.get("scope", "")):
        return None
    found = Scope.objects.filter(code=code).first()
    if found is None:
        raise Refused("unknown_scope", f"There is no scope “{code[:50]}”.", 422)
    return found


def later_context(request: HttpRequest, standing: Standing) -> dict[str, Any]:
    """What the form needs, and what is held back already."""
    return {
        "zones": moments.zones(),
        "zone": request.POST.get("zone") or request.session.get(ZONE, "Europe/Berlin"),
        "live_at": request.POST.get("live_at", ""),
        "scopes": Scope.objects.all(),
        "embargoes": Embargo.objects.filter(product=standing.product_id).select_related("scope", "shown", "set_by"),
    }
