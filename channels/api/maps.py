"""Tables from our categories and options to a channel's words: read with suggestions, and proposed."""

from __future__ import annotations

from typing import Any, cast

from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api import params
from catalog.api.describe import ANY, NUMBER, TEXT, Op, array, thing
from catalog.api.problems import Problem
from catalog.models import User
from channels.access import VIEW
from channels.api.mappings import EDIT, FULL, MappingView, full
from channels.connections import ChannelNotReady, connector_of
from channels.connectors.base import Connector, TargetField
from channels.mapping import maps, tables, trial
from channels.models import Channel
from pimhub.foundation.jsonvalue import JSON

SHORT = {"field": TEXT, "source": TEXT, "values": NUMBER, "unmapped": NUMBER, "products_unmapped": NUMBER}
ROW = {"code": TEXT, "label": TEXT, "products": NUMBER, "word": TEXT, "suggestions": array(ANY)}


class MapView(MappingView):
    def connector(self, channel: Channel) -> Connector:
        try:
            return connector_of(channel)
        except ChannelNotReady as error:
            raise Problem(409, error.code, str(error)) from error

    def rules(self, channel: Channel) -> dict[str, tables.Rule]:  # type: ignore[override]
        version = maps.base(channel)
        return dict(version.rules) if version else {}

    def place(self, channel: Channel, field: str, source: str) -> tuple[TargetField, str]:
        known = maps.places(channel, self.connector(channel), self.rules(channel))
        for found, name in known:
            if (found.code, name) == (field, maps.source_of(source)):
                return found, name
        message = f"{channel.label} has no table from “{source}” to “{field}”. GET …/maps/ lists those there are."
        raise Problem(404, "not_found", message)


class MapList(MapView):
    """The tables of a channel, filled or yet to be, with how many products have a value without a word."""

    rights = {"GET": (VIEW,)}
    operations = {"GET": Op(answers={200: thing("results", results=array(thing("*", **SHORT)))})}

    def get(self, request: Request, code: str) -> Response:
        params.only(request, ())
        channel = self.channel(code)
        connector, rules = self.connector(channel), self.rules(channel)
        found = maps.places(channel, connector, rules)
        read = [maps.read(channel, connector, rules, field, source, suggest=False) for field, source in found]
        return Response({"results": [_short(each) for each in read]})


class MapDetail(MapView):
    """One table, unmapped values first, each with up to three suggestions. A new table is a new version of the mapping
    and is tried on all products at once; values that it does not name keep their word, and "" takes one away."""

    rights = {"GET": (VIEW,), "POST": (EDIT,)}
    operations = {
        "GET": Op(answers={200: thing("*", **SHORT, rows=array(thing("*", **ROW)))}),
        "POST": Op(body=thing("table", table=ANY), answers={201: thing("*", **FULL)}),
    }

    def get(self, request: Request, code: str, field: str, source: str) -> Response:
        params.only(request, ())
        channel = self.channel(code)
        place = self.place(channel, field, source)
        found = maps.read(channel, self.connector(channel), self.rules(channel), *place, suggest=True)
        return Response(_short(found) | {"rows": [_row(row) for row in found.rows]})

    def post(self, request: Request, code: str, field: str, source: str) -> Response:
        params.only(request, ())
        channel, user = self.channel(code, EDIT), cast(User, request.user)
        place = self.place(channel, field, source)
        given = request.data.get("table") if isinstance(request.data, dict) else None
        if not isinstance(given, dict) or not all(isinstance(word, str) for word in given.values()):
            raise Problem(422, "invalid", "Send the table: an object of our codes and the channel's words.")
        kept = {**tables.table_of(self.rules(channel).get(field), place[1]), **given}
        table = {ours: theirs.strip() for ours, theirs in kept.items() if theirs.strip()}
        version = maps.propose(channel=channel, field=place[0], source=place[1], table=table, user=user)
        version.channel = channel
        if version.pk != channel.mapping_id and not version.trials.exists():
            trial.start(version=version, user=user)
        return Response(full(version, user), status=201)


def _short(found: maps.Map) -> dict[str, JSON]:
    return {
        "field": found.field.code,
        "source": found.address,
        "values": len(found.rows),
        "unmapped": len(found.unmapped),
        "products_unmapped": found.products_unmapped,
    }


def _row(row: maps.Row) -> dict[str, Any]:
    offered = [{"word": each.value, "label": each.label, "reason": each.reason} for each in row.suggestions]
    return {
        "code": row.code,
        "label": row.label,
        "products": row.products,
        "word": row.mapped,
        "suggestions": offered,
    }
