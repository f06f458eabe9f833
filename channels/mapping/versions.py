"""Versions of a mapping: proposed by one person, put in force by another, and never changed."""

from __future__ import annotations

import copy
from collections.abc import Mapping

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q

from catalog import events
from catalog.models import User
from channels.connectors.base import Connector
from channels.mapping import cases as cases_of
from channels.mapping.expressions import BadExpression, Rule, parse, write
from channels.models import Channel, MappingActivation, MappingTrial, MappingVersion, Placement
from channels.publishing.request import make_due
from pimhub.foundation import audit
from pimhub.foundation.jsonvalue import JSON

SAME_PERSON = (
    "You wrote this version, so somebody else puts it in force: what a mapping fills goes to customers, and two people "
    "have seen it then."
)


class BadRules(ValueError):
    """`problems`: {target field: what is wrong, for whoever wrote it}."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{field}: {words}" for field, words in problems.items()))
        self.problems = dict(problems)


class NotNow(ValueError):
    """The version cannot come into force; the text says why."""


def with_mapping(channel: Channel, version: MappingVersion | None) -> Channel:
    """The channel as it would be with another mapping; never saved."""
    other = copy.copy(channel)
    other.mapping = version
    return other


def rules_of(connector: Connector, expressions: Mapping[str, str]) -> dict[str, Rule]:
    """Rules from one expression a target field; empty ones fill nothing. Raises BadRules naming every bad field."""
    known = {field.code for field in connector.target_fields}
    others = getattr(connector, "takes_field", None) if hasattr(connector, "other_fields") else None
    found: dict[str, Rule] = {}
    problems: dict[str, str] = {}
    for field, text in expressions.items():
        try:
            rule = parse(text)
        except BadExpression as error:
            problems[field] = str(error)
            continue
        if rule is None:
            continue
        if field not in known and not (others and others(field)):
            problems[field] = f"{connector.label} has no field of this name."
            continue
        found[field] = rule
    if problems:
        raise BadRules(problems)
    return found


def propose(
    *,
    channel: Channel,
    rules: Mapping[str, Mapping[str, JSON]],
    user: User | None,
    note: str = "",
    cases: list[dict[str, JSON]] | None = None,
) -> MappingVersion:
    """The next version, not in force. The same rules and cases as the newest version's are that version.

    Without `cases`, it takes over those of the newest.
    """
    with transaction.atomic():
        Channel.objects.select_for_update().get(pk=channel.pk)  # one number after the other
        newest = MappingVersion.objects.filter(channel=channel).order_by("-number").first()
        kept = (newest.cases if newest else []) if cases is None else cases
        if newest is not None and written(newest.rules) == written(rules) and newest.cases == kept:
            return newest
        number = (MappingVersion.objects.filter(channel=channel).aggregate(n=Max("number"))["n"] or 0) + 1
        version = MappingVersion.objects.create(
            channel=channel, number=number, rules=dict(rules), cases=kept, created_by=user, note=note[:300]
        )
        audit.record("mapping", f"channel:{channel.code}", number=number, note=version.note, act="proposed")
        return version


def written(rules: Mapping[str, Mapping[str, JSON]]) -> dict[str, str]:
    """The expression of each field: rules that read the same are the same."""
    return {field: write(rule) for field, rule in rules.items()}


def why_not(version: MappingVersion, user: User) -> str:
    """Why this person cannot put the version in force now; "" when they can."""
    if version.channel.mapping_id == version.pk:
        return "This version is in force."
    before = MappingActivation.objects.filter(Q(version=version) | Q(previous=version))
    if before.exists():
        return ""  # it was approved before: the way back is one click
    if settings.PIMHUB_TWO_PERSON and version.created_by_id == user.pk:
        return SAME_PERSON
    if failed := cases_of.failures(version):
        return " ".join(failed[:3]) + (f" And {len(failed) - 3} more." if len(failed) > 3 else "")
    newest = version.trials.filter(definition=None).first()
    if newest is None or newest.state != MappingTrial.State.DONE:
        return "See first what it would change."
    if newest.against_id != version.channel.mapping_id:
        return "Another version came into force meanwhile. Work out again what this one would change."
    return ""


def activate(*, version: MappingVersion, user: User) -> None:
    """Put the version in force; every product on the channel is looked at again. Raises NotNow."""
    with transaction.atomic():
        channel = Channel.objects.select_for_update().get(pk=version.channel_id)
        version.channel = channel
        if reason := why_not(version, user):
            raise NotNow(reason)
        MappingActivation.objects.create(version=version, previous_id=channel.mapping_id, by=user)
        previous = channel.mapping.number if channel.mapping else None
        channel.mapping = version
        channel.save()
        audit.record("mapping", f"channel:{channel.code}", number=version.number, previous=previous, act="put in force")
        look_again(channel)
        events.append(type="channel.mapping", data={"channel": channel.code, "mapping": version.number})


def look_again(channel: Channel) -> None:
    """Have every product on the channel rendered and checked anew."""
    ids = Placement.objects.filter(channel=channel).values_list("product_id", flat=True)
    make_due(channel=channel, product_ids=list(ids))
    events.ring("dispatch")
