"""Rules for texts: the shipped packs, the shop's own in versions, and the form to write one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import yaml
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from catalog.models import Locale, Market, Scope, User
from catalog.permissions import requires
from governance.copywriting import prompts, rulebook
from governance.copywriting.claims import rules as shipped
from governance.copywriting.rulebook import MANAGE, BadPack
from governance.models import RulePack, RulePackVersion
from governance.views.copy import USE

BLANK = 3  # rows for new rules
PLACES = ("scopes", "markets", "locales")


@requires(USE)
def pack_list(request: HttpRequest) -> HttpResponse:
    """All packs; a new one of one's own begins empty."""
    may, problem = request.user.has_perm(MANAGE), ""
    if request.method == "POST":
        if not may:
            raise Http404
        given = request.POST
        try:
            pack = rulebook.make_pack(
                code=given.get("code", "").strip(), label=given.get("label", ""), by=cast(User, request.user)
            )
            return redirect("rule_pack", code=pack.code)
        except BadPack as error:
            problem = str(error)
    context = {
        "own": [(pack, _active(pack)) for pack in RulePack.objects.prefetch_related("versions")],
        "shipped": [(code, _document(code)) for code in shipped.shipped_packs()],
        "given": request.POST,
        "problem": problem,
        "may_manage": may,
    }
    return render(request, "governance/rule_packs.html", context, status=422 if problem else 200)


def _active(pack: RulePack) -> RulePackVersion | None:
    return next((v for v in pack.versions.all() if v.state == RulePackVersion.State.ACTIVE), None)


def _document(code: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((shipped.HERE / f"{code}.yaml").read_text(encoding="utf-8"))
    return found


@requires(USE)
def pack_detail(request: HttpRequest, code: str) -> HttpResponse:
    """A pack's versions, what differs between two, and the next one to be written."""
    if code in shipped.shipped_packs():
        told = {"code": code, "document": _document(code), "digest": rulebook.shipped_digest(code)}
        return render(request, "governance/rule_pack_shipped.html", told)
    pack = get_object_or_404(RulePack, code=code)
    problem = field = ""
    if request.method == "POST":
        if not request.user.has_perm(MANAGE):
            raise Http404
        try:
            return _carry_out(request, pack)
        except BadPack as error:
            problem, field = str(error), error.field
    versions = list(pack.versions.select_related("author", "activated_by"))
    shown = _chosen(versions, request.GET.get("version", ""))
    others = [v for v in versions if v != shown]
    # Beside the version before, unless another is chosen.
    other = _chosen([v for v in others if shown and v.number < shown.number] or others, "")
    if request.GET.get("with"):
        other = _chosen(others, request.GET["with"])
    typed = _typed(request.POST) if problem else _form_of(versions[0] if versions else None)
    context: dict[str, Any] = {
        "pack": pack,
        "versions": versions,
        "shown": shown,
        "other": other,
        "difference": rulebook.difference(other, shown) if shown and other else [],
        "form": typed,
        "rows": typed["rules"] + [{"kind": "banned"} for _ in range(BLANK)],
        "problem": f"{field}: {problem}" if problem else "",
        "kinds": rulebook.KINDS.items(),
        "severities": rulebook.SEVERITIES.items(),
        "places": [
            ("scopes", "Scopes", [(each.code, each.label) for each in Scope.objects.all()]),
            ("markets", "Markets", [(each.code, each.label) for each in Market.objects.all()]),
            ("locales", "Languages", [(each.code, each.name or each.code) for each in Locale.objects.all()]),
        ],
        "may_manage": request.user.has_perm(MANAGE),
    }
    return render(request, "governance/rule_pack.html", context, status=422 if problem else 200)


def _chosen(versions: list[RulePackVersion], number: str) -> RulePackVersion | None:
    return next((v for v in versions if str(v.number) == number), versions[0] if versions else None)


def _carry_out(request: HttpRequest, pack: RulePack) -> HttpResponse:
    """Raises BadPack."""
    given, user = request.POST, cast(User, request.user)
    if given.get("do") == "activate":
        number = given.get("number", "")
        version = get_object_or_404(pack.versions.all(), number=int(number) if number.isdigit() else 0)
        rulebook.activate(version=version, by=user)
        messages.success(request, f"Texts are judged by version {version.number} from now on.")
    else:
        form = _typed(given)
        wording = {name: form[name] for name in ("everywhere", "source", *PLACES)} | {"rules": _rules(form["rules"])}
        version = rulebook.write_version(pack=pack, by=user, wording=wording, note=given.get("note", ""))
        messages.success(request, f"Version {version.number} is written. Somebody else makes it active.")
    response = redirect("rule_pack", code=pack.code)
    response["Location"] += f"?version={version.number}"
    return response


def _typed(given: Any) -> dict[str, Any]:
    """What was typed, row by row; a row without words is none."""
    columns = ("code", "kind", "severity", "language", "words", "reason", "instead", "proofs", "source")
    rows = [
        dict(zip(columns, (each.strip() for each in row), strict=True))
        for row in zip(*(given.getlist(f"rule_{name}") for name in columns), strict=False)
    ]
    return {
        "rules": [row for row in rows if row["words"]],
        "everywhere": given.get("everywhere", "") != "named",
        "source": given.get("source", ""),
        **{name: given.getlist(name) for name in PLACES},
    }


def _rules(rows: list[dict[str, str]]) -> list[dict[str, Any]]:
    """As `rulebook` takes them: rows of one code are one rule in several languages."""
    found: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(rows):
        words = [word.strip() for line in row["words"].splitlines() for word in line.split(",") if word.strip()]
        key = row["code"] or f"new {number}"
        if key in found:
            found[key]["words"].setdefault(row["language"], []).extend(words)
            continue
        found[key] = {
            "code": row["code"],
            "kind": row["kind"],
            "severity": row["severity"],
            "words": {row["language"]: words},
            "reason": row["reason"],
            "instead": row["instead"],
            "proofs": prompts.listed(row["proofs"]),
            "source": row["source"],
        }
    return list(found.values())


def _form_of(version: RulePackVersion | None) -> dict[str, Any]:
    if version is None:
        return {"rules": [], "everywhere": True, "source": "", "scopes": [], "markets": [], "locales": []}
    rows = [
        _row(rule, language, words, first=place == 0)
        for rule in version.rules
        for place, (language, words) in enumerate(rule["words"].items())
    ]
    return {"rules": rows, **{name: getattr(version, name) for name in ("everywhere", "source", *PLACES)}}


def _row(rule: Mapping[str, Any], language: str, words: list[str], *, first: bool) -> dict[str, str]:
    row = {"code": rule["code"], "kind": rule["kind"], "language": language, "words": ", ".join(words)}
    row |= {"severity": rule["severity"], "reason": rule["reason"]}
    if first:
        row |= {"instead": rule["instead"], "proofs": ", ".join(rule["proofs"]), "source": rule["source"]}
    return row
