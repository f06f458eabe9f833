"""Rule packs: the shipped ones to read, the shop's own in versions."""

from __future__ import annotations

from typing import Any

import yaml
from rest_framework.request import Request
from rest_framework.response import Response

from catalog.api import params
from catalog.api.base import ApiView
from catalog.api.describe import FLAG, MOMENT, NUMBER, OBJECT, TEXT, TEXTS, Op, array, maybe, thing
from catalog.api.problems import Problem
from catalog.models import User
from governance.copywriting import rulebook
from governance.copywriting.claims import rules as shipped
from governance.copywriting.rulebook import MANAGE, BadPack
from governance.models import RulePack, RulePackVersion

READ = "governance.use_ai"
PACK = thing("*", code=TEXT, label=TEXT, shipped=FLAG, active=maybe({**TEXT, "description": "version in use"}))
VERSION = thing(
    "*",
    number=NUMBER,
    state=TEXT,
    rules=array(OBJECT),
    scopes=TEXTS,
    markets=TEXTS,
    locales=TEXTS,
    everywhere=FLAG,
    source=TEXT,
    note=TEXT,
    author=maybe(TEXT),
    activated_by=maybe(TEXT),
    created=MOMENT,
    activated=maybe(MOMENT),
)
WORDING = ("rules", "scopes", "markets", "locales", "everywhere", "source")


def shown(version: RulePackVersion) -> dict[str, Any]:
    return {
        "number": version.number,
        "state": version.state,
        **{name: getattr(version, name) for name in WORDING},
        "note": version.note,
        "author": version.author.username if version.author else None,
        "activated_by": version.activated_by.username if version.activated_by else None,
        "created": version.created_at,
        "activated": version.activated_at,
    }


def pack_of(code: str) -> RulePack:
    found = RulePack.objects.filter(code=code).first()
    if found is None:
        raise Problem(404, "not_found", f"There is no rule pack “{code[:50]}” of your own.")
    return found


def version_of(code: str, number: int) -> RulePackVersion:
    rows = RulePackVersion.objects.select_related("pack", "author", "activated_by")
    found = rows.filter(pack=pack_of(code), number=number).first()
    if found is None:
        raise Problem(404, "not_found", f"There is no version {number} of {code[:50]}.")
    return found


class Rules(ApiView):
    resource = "rules"
    rights = {"GET": (READ,), "POST": (MANAGE,)}

    def given(self, request: Request, known: set[str]) -> dict[str, Any]:
        given = request.data
        if not isinstance(given, dict) or set(given) - known:
            raise Problem(422, "bad_form", f"Send an object of {', '.join(sorted(known))}.")
        return given


class PackList(Rules):
    """All rule packs. POST makes an own one, empty: {"code", "label"}."""

    operations = {
        "GET": Op(answers={200: thing("results", results=array(PACK))}),
        "POST": Op(body=thing("code", code=TEXT, label=TEXT), answers={201: PACK}),
    }

    def get(self, request: Request) -> Response:
        params.only(request, ())
        active = RulePackVersion.objects.filter(state=RulePackVersion.State.ACTIVE)
        numbers = dict(active.values_list("pack_id", "number"))
        own = [
            {"code": p.code, "label": p.label, "shipped": False, "active": str(numbers.get(p.pk, "")) or None}
            for p in RulePack.objects.all()
        ]
        theirs = [_shipped(code) for code in shipped.shipped_packs()]
        return Response({"results": own + theirs})

    def post(self, request: Request) -> Response:
        params.only(request, ())
        given = self.given(request, {"code", "label"})
        assert isinstance(request.user, User)
        try:
            pack = rulebook.make_pack(
                code=str(given.get("code", "")), label=str(given.get("label", "")), by=request.user
            )
        except BadPack as error:
            raise _problem(error) from error
        return Response({"code": pack.code, "label": pack.label, "shipped": False, "active": None}, status=201)


def _shipped(code: str) -> dict[str, Any]:
    document = yaml.safe_load((shipped.HERE / f"{code}.yaml").read_text(encoding="utf-8"))
    return {
        "code": code,
        "label": str(document.get("label", code)),
        "shipped": True,
        "active": rulebook.shipped_digest(code),
    }


def _problem(error: BadPack) -> Problem:
    told = [{"key": error.field, "code": "bad_value", "message": str(error)}]
    return Problem(403 if error.field == "author" else 422, "refused", str(error), errors=told)


class VersionList(Rules):
    """Versions of an own pack, the newest first. POST writes one: its rules, and where they hold."""

    operations = {
        "GET": Op(answers={200: thing("results", results=array(VERSION))}),
        "POST": Op(
            body=thing(
                "rules",
                rules=array(OBJECT),
                scopes=TEXTS,
                markets=TEXTS,
                locales=TEXTS,
                everywhere=FLAG,
                source=TEXT,
                note=TEXT,
            ),
            answers={201: VERSION},
        ),
    }

    def get(self, request: Request, code: str) -> Response:
        params.only(request, ())
        rows = pack_of(code).versions.select_related("author", "activated_by")
        return Response({"results": [shown(row) for row in rows]})

    def post(self, request: Request, code: str) -> Response:
        params.only(request, ())
        pack, given = pack_of(code), self.given(request, {*WORDING, "note"})
        assert isinstance(request.user, User)
        wording = {name: given[name] for name in WORDING if name in given}
        try:
            row = rulebook.write_version(pack=pack, by=request.user, wording=wording, note=str(given.get("note", "")))
        except BadPack as error:
            raise _problem(error) from error
        return Response(shown(row), status=201)


class VersionDetail(Rules):
    """One version; `?with=` another's number says rule by rule what differs from it."""

    rights = {"GET": (READ,)}
    operations = {
        "GET": Op(
            query={"with": "number of the version to compare with"},
            answers={200: {**VERSION, "properties": {**VERSION["properties"], "difference": array(OBJECT)}}},
        )
    }

    def get(self, request: Request, code: str, number: int) -> Response:
        params.only(request, {"with"})
        row = version_of(code, number)
        told = shown(row)
        if "with" in request.query_params:
            told["difference"] = rulebook.difference(version_of(code, params.number(request, "with", 0)), row)
        return Response(told)


class Activate(Rules):
    """Judge by this version from now on. Somebody other than its author does it."""

    rights = {"POST": (MANAGE,)}
    operations = {"POST": Op(body=thing(""), answers={200: VERSION})}

    def post(self, request: Request, code: str, number: int) -> Response:
        params.only(request, ())
        assert isinstance(request.user, User)
        try:
            row = rulebook.activate(version=version_of(code, number), by=request.user)
        except BadPack as error:
            raise _problem(error) from error
        return Response(shown(row))
