"""Tables from our categories and options to a channel's words, filled by suggestion."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from catalog.models import User
from catalog.permissions import requires
from channels.access import VIEW
from channels.connections import ChannelNotReady, connector_of
from channels.connectors.base import Connector, TargetField
from channels.mapping import maps, tables, trial
from channels.models import Channel
from channels.views.mapping import EDIT, _channel

TO = "to:"
SHOWN = 200  # rows of a page; what is left comes when these are done


@requires("channels.view_channel")
def map_list(request: HttpRequest, code: str) -> HttpResponse:
    """The fields that take words of the channel's own, and how many products have none yet."""
    channel = _channel(code)
    connector, rules = _connector(channel), _rules(channel)
    if connector is None:
        messages.error(request, "The channel's kind is not installed here.")
        return redirect("channel_detail", code=code)
    found = [
        maps.read(channel, connector, rules, field, source, suggest=False)
        for field, source in maps.places(channel, connector, rules)
    ]
    context = {"channel": channel, "maps": found, "version": maps.base(channel)}
    return render(request, "channels/map_list.html", context)


@requires("channels.view_channel")
def map_edit(request: HttpRequest, code: str, field: str, source: str) -> HttpResponse:
    """One table: each value of ours with suggestions, kept as a new version of the mapping."""
    may_edit = request.user.has_perm(EDIT)
    if request.method == "POST" and not may_edit:
        return render(request, "403.html", status=403)
    channel = _channel(code, EDIT if request.method == "POST" else VIEW)
    connector, rules = _connector(channel), _rules(channel)
    place = _place(channel, connector, field, source)
    if connector is None or place is None:
        raise Http404(f"{channel.label} has no table from {source} to {field}")
    if request.method == "POST":
        given = {name.removeprefix(TO): str(request.POST[name]).strip() for name in request.POST if name.startswith(TO)}
        kept = {**tables.table_of(rules.get(field), maps.source_of(source)), **given}
        return _kept(request, channel, place, {ours: theirs for ours, theirs in kept.items() if theirs})
    found = maps.read(channel, connector, rules, *place, suggest=True)
    context = {
        "channel": channel,
        "map": found,
        "source": source,
        "rows": found.rows[:SHOWN],
        "more": max(len(found.rows) - SHOWN, 0),
        "offered": found.terms if len(found.terms) <= 500 else (),
        "version": maps.base(channel),
        "may_edit": may_edit,
    }
    return render(request, "channels/map_edit.html", context)


def _kept(
    request: HttpRequest, channel: Channel, place: tuple[TargetField, str], table: dict[str, str]
) -> HttpResponse:
    user = cast(User, request.user)
    version = maps.propose(channel=channel, field=place[0], source=place[1], table=table, user=user)
    if version.pk == channel.mapping_id:
        messages.info(request, f"Nothing differs from version {version.number}, which is in force.")
        return redirect("map_list", code=channel.code)
    if not version.trials.exists():
        trial.start(version=version, user=user)
    messages.success(request, f"Version {version.number} is kept. This is what it would change.")
    return redirect("mapping_version", code=channel.code, number=version.number)


def _connector(channel: Channel) -> Connector | None:
    try:
        return connector_of(channel)
    except ChannelNotReady:
        return None


def _rules(channel: Channel) -> dict[str, tables.Rule]:
    version = maps.base(channel)
    return dict(version.rules) if version else {}


def _place(channel: Channel, connector: Connector | None, field: str, source: str) -> tuple[TargetField, str] | None:
    if connector is None:
        return None
    known = maps.places(channel, connector, _rules(channel))
    return next(((f, s) for f, s in known if (f.code, s) == (field, maps.source_of(source))), None)
