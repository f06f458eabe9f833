"""Mappings of a channel: read, proposed, tried and put in force, by the very rules of the page."""

from __future__ import annotations

from typing import Any, cast

from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api import params
from catalog.api.base import ApiView
from catalog.api.describe import ANY, MOMENT, NUMBER, TEXT, Op, array, maybe, thing
from catalog.api.problems import Problem
from catalog.models import User
from channels.access import VIEW, reached
from channels.connections import ChannelNotReady, connector_of
from channels.mapping import cases, trial, versions
from channels.mapping.attempt import attempt
from channels.models import Channel, MappingVersion
from pimhub.foundation.jsonvalue import JSON

EDIT, ACTIVATE = "channels.add_mappingversion", "channels.activate_mapping"
SHORT = {"number": NUMBER, "in_force": {"type": "boolean"}, "note": TEXT, "author": maybe(TEXT), "created_at": MOMENT}
FULL = SHORT | {"expressions": ANY, "cases": array(ANY), "failed": array(TEXT), "trial": ANY, "reason": TEXT}
BODY = {"expressions": ANY, "cases": array(ANY), "note": TEXT, "product": TEXT}


class MappingView(ApiView):
    resource = "mappings"

    def channel(self, code: str, right: str = VIEW) -> Channel:
        related = "mapping", "scope", "market__price_list__currency"
        found = reached(Channel.objects.select_related(*related), right=right).filter(code=code).first()
        if found is None:
            raise Problem(404, "not_found", f"There is no channel “{code}”.")
        return found

    def version(self, channel: Channel, number: int) -> MappingVersion:
        found = MappingVersion.objects.select_related("created_by").filter(channel=channel, number=number).first()
        if found is None:
            raise Problem(404, "not_found", f"{channel.label} has no mapping version {number}.")
        found.channel = channel
        return found

    def body(self, request: Request, known: set[str]) -> dict[str, Any]:
        """Raises Problem when it is none of ours."""
        body = request.data
        if not isinstance(body, dict) or not isinstance(body.get("expressions"), dict):
            raise Problem(422, "invalid", "Send the expressions: an object of target fields and what fills them.")
        if unknown := sorted(set(body) - known):
            raise Problem(422, "invalid", f"There is no “{unknown[0]}” here; send {', '.join(sorted(known))}.")
        return body

    def rules(self, body: dict[str, Any], channel: Channel) -> dict[str, Any]:
        """The rules in the body. Raises Problem naming each bad field."""
        try:
            given = {str(field): str(text) for field, text in body["expressions"].items()}
            return dict(versions.rules_of(connector_of(channel), given))
        except versions.BadRules as error:
            errors: list[dict[str, JSON]] = [
                {"key": field, "code": "bad_expression", "message": words} for field, words in error.problems.items()
            ]
            raise Problem(422, "invalid", "Some expressions cannot be read.", errors=errors) from error
        except ChannelNotReady as error:
            raise Problem(409, error.code, str(error)) from error


class MappingList(MappingView):
    """The versions of a channel's mapping, the newest first; a new one is tried on all products at once."""

    rights = {"GET": (VIEW,), "POST": (EDIT,)}
    operations = {
        "GET": Op(answers={200: thing("results", results=array(thing("*", **SHORT)))}),
        "POST": Op(body=thing("expressions", **BODY), answers={201: thing("*", **FULL)}),
    }

    def get(self, request: Request, code: str) -> Response:
        params.only(request, ())
        channel = self.channel(code)
        rows = MappingVersion.objects.filter(channel=channel).select_related("created_by")
        return Response({"results": [short(row, channel) for row in rows]})

    def post(self, request: Request, code: str) -> Response:
        params.only(request, ())
        channel, user = self.channel(code, EDIT), cast(User, request.user)
        body = self.body(request, {"expressions", "cases", "note"})
        rules = self.rules(body, channel)
        try:
            given = cases.checked(body["cases"]) if "cases" in body else None
        except cases.BadCase as error:
            raise Problem(422, "bad_case", str(error)) from error
        note = str(body.get("note", ""))
        version = versions.propose(channel=channel, rules=rules, user=user, note=note, cases=given)
        version.channel = channel
        if version.pk != channel.mapping_id and not version.trials.exists():
            trial.start(version=version, user=user)
        return Response(full(version, user), status=201)


class MappingDetail(MappingView):
    """One version with its test cases, what its trial found, and why it cannot come into force now, if so."""

    rights = {"GET": (VIEW,)}
    operations = {"GET": Op(answers={200: thing("*", **FULL)})}

    def get(self, request: Request, code: str, number: int) -> Response:
        params.only(request, ())
        return Response(full(self.version(self.channel(code), number), cast(User, request.user)))


class MappingTry(MappingView):
    """What expressions make of one product, beside what is in force. Nothing is kept."""

    rights = {"POST": (EDIT,)}
    operations = {
        "POST": Op(
            body=thing("expressions product", **BODY),
            answers={200: thing("*", product=TEXT, blocked=ANY, fields=ANY, changes=array(ANY), issues=array(ANY))},
        )
    }

    def post(self, request: Request, code: str) -> Response:
        params.only(request, ())
        channel = self.channel(code, EDIT)
        body = self.body(request, {"expressions", "product"})
        found = attempt(channel, self.rules(body, channel), str(body.get("product", "")))
        if "problem" in found:
            raise Problem(422, "not_tried", found["problem"])
        return Response(
            {
                "product": found["product"].code,
                "blocked": found["blocked"],
                "fields": {row: dict(fields) for row, fields in found["rows"]},
                "changes": [
                    dict(zip(("row", "field", "before", "after"), each, strict=True)) for each in found["changes"]
                ],
                "issues": [
                    {"sku": i.sku, "field": i.field, "code": i.code, "severity": i.severity, "message": i.message}
                    for i in found["issues"]
                ],
            }
        )


class MappingActivate(MappingView):
    """Put a version in force: after its trial, with its test cases passing, by somebody else than its author."""

    rights = {"POST": (ACTIVATE,)}
    operations = {"POST": Op(body=thing(""), answers={200: thing("*", **FULL)})}

    def post(self, request: Request, code: str, number: int) -> Response:
        params.only(request, ())
        channel, user = self.channel(code, ACTIVATE), cast(User, request.user)
        version = self.version(channel, number)
        try:
            versions.activate(version=version, user=user)
        except versions.NotNow as error:
            raise Problem(409, "not_now", str(error)) from error
        return Response(full(version, user))


def short(row: MappingVersion, channel: Channel) -> dict[str, JSON]:
    return {
        "number": row.number,
        "in_force": row.pk == channel.mapping_id,
        "note": row.note,
        "author": row.created_by.username if row.created_by else None,
        "created_at": row.created_at,
    }


def full(row: MappingVersion, user: User) -> dict[str, JSON]:
    newest = row.trials.filter(definition=None).first()
    return short(row, row.channel) | {
        "expressions": versions.written(row.rules),
        "cases": row.cases,
        "failed": cases.failures(row),
        "trial": {"state": newest.state, "total": newest.total, "counts": newest.counts} if newest else None,
        "reason": versions.why_not(row, user),
    }
