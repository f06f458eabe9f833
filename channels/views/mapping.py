"""The mapping of a channel: what fills which field, tried on a product, and what a new version would change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import orjson
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from catalog.access.reach import seen
from catalog.models import Attribute, Product, User
from catalog.permissions import requires
from channels import definitions
from channels.access import VIEW, reached
from channels.connections import ChannelNotReady, connector_of
from channels.connectors.base import Connector, Level, TargetField
from channels.mapping import trial as trials
from channels.mapping import versions
from channels.mapping.attempt import attempt
from channels.mapping.cases import BadCase, read_lines, write_lines
from channels.mapping.expressions import SPECIAL, BadExpression, parse
from channels.mapping.transforms import transforms
from channels.models import Channel, ChannelDefinition, MappingVersion, TrialLine
from pimhub.foundation import audit
from pimhub.foundation.jsonvalue import JSON

EDIT, ACTIVATE = "channels.add_mappingversion", "channels.activate_mapping"
SHOWN = 100
FIELD, NEW = "field:", "new:"
BLANKS = 3  # empty rows for fields beyond the listed ones
_LEVELS = {Level.PRODUCT: "product", Level.VARIANT: "variant", Level.EACH: "product and variant"}


@requires("channels.view_channel")
def mapping_edit(request: HttpRequest, code: str) -> HttpResponse:
    """Versions, and the form of the next one: tried on a product, or kept."""
    may_edit = request.user.has_perm(EDIT)
    if request.method == "POST" and not may_edit:
        return render(request, "403.html", status=403)
    channel = _channel(code, EDIT if request.method == "POST" else VIEW)
    try:
        connector = connector_of(channel)
    except ChannelNotReady as error:
        messages.error(request, str(error))
        return redirect("channel_detail", code=code)
    base = _base(channel, request.GET.get("from", ""))
    given = _given(request.POST) if request.method == "POST" else versions.written(base)
    problems: dict[str, str] = {}
    tried: dict[str, Any] | None = None
    if request.method == "POST":
        try:
            rules = versions.rules_of(connector, given)
        except versions.BadRules as error:
            problems = error.problems
        else:
            try:
                cases = read_lines(request.POST.get("cases", ""))
            except BadCase as error:
                problems["cases"] = str(error)
            else:
                if request.POST.get("do") == "keep":
                    return _kept(request, channel, rules, cases)
            tried = attempt(channel, rules, request.POST.get("product", ""))
    context = {
        "channel": channel,
        "fields": _fields(connector, given, problems),
        "blanks": range(BLANKS) if hasattr(connector, "other_fields") else (),
        "names": _names(channel),
        "attributes": Attribute.objects.order_by("code").values_list("code", flat=True),
        "special": SPECIAL,
        "steps": transforms.names(),
        "problems": problems,
        "versions": MappingVersion.objects.filter(channel=channel).select_related("created_by")[:20],
        "note": request.POST.get("note", ""),
        "cases": request.POST["cases"] if "cases" in request.POST else write_lines(_cases(channel)),
        "product": request.POST.get("product", "") or _some_product(channel),
        "tried": tried,
        "may_edit": may_edit,
    }
    return render(request, "channels/mapping_edit.html", context, status=422 if problems else 200)


def _kept(
    request: HttpRequest, channel: Channel, rules: Mapping[str, JSON], cases: list[dict[str, JSON]]
) -> HttpResponse:
    user = cast(User, request.user)
    version = versions.propose(channel=channel, rules=rules, user=user, note=request.POST.get("note", ""), cases=cases)
    if version.pk == channel.mapping_id:
        messages.info(request, f"Nothing differs from version {version.number}, which is in force.")
        return redirect("mapping_edit", code=channel.code)
    trials.start(version=version, user=user)
    messages.success(request, f"Version {version.number} is kept. This is what it would change.")
    return redirect("mapping_version", code=channel.code, number=version.number)


@requires("channels.view_channel")
def mapping_version(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """One version: its difference to the one in force, what it would change, and the button that puts it in force."""
    channel = _channel(code)
    version = get_object_or_404(MappingVersion.objects.select_related("created_by"), channel=channel, number=number)
    version.channel = channel
    newest = version.trials.filter(definition=None).select_related("against").first()
    outcome = request.GET.get("outcome", "")
    lines = newest.lines.select_related("product") if newest else TrialLine.objects.none()
    lines = seen(lines, "product")
    if outcome in TrialLine.Outcome.values:
        lines = lines.filter(outcome=outcome)
    shown = list(lines[: SHOWN + 1])
    context = {
        "channel": channel,
        "version": version,
        "trial": newest,
        "working": newest is not None and newest.state == newest.State.WORKING,
        "done": sum(newest.counts.values()) if newest else 0,
        "outcomes": _outcomes(newest.counts if newest else {}),
        "lines": shown[:SHOWN],
        "more": len(shown) > SHOWN,
        "shown": SHOWN,
        "against": channel.mapping,
        "differences": _differences(channel.mapping.rules if channel.mapping else {}, version.rules),
        "activations": version.activations.select_related("by", "previous")[:10],
        "reason": versions.why_not(version, cast(User, request.user)),
        "may_activate": request.user.has_perm(ACTIVATE),
        "may_edit": request.user.has_perm(EDIT),
    }
    partial = request.headers.get("HX-Request") == "true"
    return render(request, "channels/mapping_trial.html" if partial else "channels/mapping_version.html", context)


@requires("channels.view_channel")
def definition_detail(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """A newer definition of the channel: what it would block, and the button that puts it in use all the same."""
    row = get_object_or_404(
        ChannelDefinition.objects.defer("text", "next_text"), pk=pk, channel=_channel(code), next_at__isnull=False
    )
    if request.method == "POST":
        if not request.user.has_perm(ACTIVATE):
            return render(request, "403.html", status=403)
        definitions.switch(row)
        audit.record("mapping", f"channel:{code}", act="new definition in use", definition=row.name)
        versions.look_again(_channel(code, ACTIVATE))
        messages.success(
            request, f"The new definition of {row.name} is in use. The products are being looked at again."
        )
        return redirect("channel_detail", code=code)
    newest = row.trials.first()
    lines = seen(newest.lines.select_related("product") if newest else TrialLine.objects.none(), "product")
    context = {
        "channel": _channel(code),
        "row": row,
        "trial": newest,
        "working": newest is None or newest.state == newest.State.WORKING,
        "outcomes": _outcomes(newest.counts if newest else {}),
        "lines": lines[:SHOWN],
        "may_activate": request.user.has_perm(ACTIVATE),
    }
    return render(request, "channels/definition_detail.html", context)


@require_POST
@requires("channels.view_channel")
def mapping_decide(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Put a version in force, or work out again what it would change."""
    decision = request.POST.get("do", "")
    right = ACTIVATE if decision == "activate" else EDIT
    if not request.user.has_perm(right):
        return render(request, "403.html", status=403)
    channel = _channel(code, right)
    version = get_object_or_404(MappingVersion, channel=channel, number=number)
    version.channel = channel
    user = cast(User, request.user)
    if decision == "activate":
        try:
            versions.activate(version=version, user=user)
        except versions.NotNow as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"Version {number} is in force. The products are being looked at again.")
    else:
        trials.start(version=version, user=user)
    return redirect("mapping_version", code=code, number=number)


def _channel(code: str, right: str = VIEW) -> Channel:
    related = "mapping", "scope", "market__price_list__currency"
    return get_object_or_404(reached(Channel.objects.select_related(*related), right=right), code=code)


def _base(channel: Channel, number: str) -> Mapping[str, JSON]:
    if number.isdigit():
        return dict(get_object_or_404(MappingVersion, channel=channel, number=int(number)).rules)
    return channel.mapping.rules if channel.mapping else {}


def _cases(channel: Channel) -> list[dict[str, JSON]]:
    newest = MappingVersion.objects.filter(channel=channel).order_by("-number").first()
    return list(newest.cases) if newest else []


def _given(post: QueryDict) -> dict[str, str]:
    """{target field: expression} of the form."""
    given = {name: str(post[name]) for name in post}
    found = {name.removeprefix(FIELD): text for name, text in given.items() if name.startswith(FIELD)}
    for name, field in given.items():
        if name.startswith(NEW) and field.strip():
            found[field.strip()] = given.get(f"rule:{name.removeprefix(NEW)}", "")
    return found


def _fields(connector: Connector, given: Mapping[str, str], problems: Mapping[str, str]) -> list[dict[str, Any]]:
    """A row for each target field, and for each further one that has a rule."""
    listed = {field.code: field for field in connector.target_fields}
    attributes = {*Attribute.objects.values_list("code", flat=True), *SPECIAL}
    level = getattr(connector, "other_fields", Level.VARIANT)
    further = {n: TargetField(n, n.replace("_", " ").capitalize(), level) for n in given if n not in listed}
    return [
        {
            "field": field,
            "name": f"{FIELD}{field.code}",
            "level": _LEVELS[field.level],
            "expression": given.get(field.code, ""),
            "problem": problems.get(field.code, ""),
            "unknown": _unknown(given.get(field.code, ""), attributes),
        }
        for field in (*listed.values(), *further.values())
    ]


def _unknown(expression: str, attributes: set[str]) -> list[str]:
    """Attributes that a rule names and that are not there: allowed, as they may come, and said."""
    try:
        rule = parse(expression)
    except BadExpression:
        return []
    sources = (rule or {}).get("from", [])
    return [s for s in ([sources] if isinstance(sources, str) else sources) if s not in attributes]


def _names(channel: Channel) -> list[str]:
    """Fields that the channel's own definitions know of."""
    found: set[str] = set()
    for row in ChannelDefinition.objects.filter(channel=channel).exclude(checksum="")[:20]:
        found |= set(orjson.loads(row.text).get("properties", {}))
    return sorted(found)


def _some_product(channel: Channel) -> str:
    placed = seen(Product.objects.filter(placements__channel=channel, standing__live__isnull=False)).order_by("pk")
    return placed.values_list("code", flat=True).first() or ""


def _differences(before: Mapping[str, JSON], after: Mapping[str, JSON]) -> list[tuple[str, str, str]]:
    """[(target field, expression before, after)] where two versions differ."""
    old, new = versions.written(before), versions.written(after)
    names = dict.fromkeys([*old, *new])
    return [(n, old.get(n, ""), new.get(n, "")) for n in names if old.get(n) != new.get(n)]


def _outcomes(counts: Mapping[str, int]) -> list[tuple[str, str, int]]:
    return [(value, str(label), counts.get(value, 0)) for value, label in TrialLine.Outcome.choices]
