"""`manage.py check_claims FILE.jsonl [--json]`"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import CommandParser

from catalog.management.base import BadInput, PimhubCommand
from governance.copywriting.claims.check import Claim, check_text
from governance.copywriting.claims.rules import Rule, pack, shipped_packs
from governance.copywriting.claims.vocabulary import Vocabulary, of_caller
from pimhub.foundation.jsonvalue import JSON

BRANDS = {"brand", "manufacturer", "marke", "hersteller", "marque", "marca"}


class Command(PimhubCommand):
    help = "Check the texts of a file against the facts beside them: a verdict per claim."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file", help="Lines of {id, text, locale, facts{key: value}}; labels{key: [names]} if you like."
        )
        parser.add_argument(
            "--packs",
            default="eu_green_claims,health_claims,superlatives",
            help=f"Rule packs: {', '.join(shipped_packs())}.",
        )

    def run(self, **options: Any) -> Iterator[dict[str, Any]]:
        try:
            rules = [rule for code in options["packs"].split(",") if code for rule in pack(code)]
        except LookupError as error:
            raise BadInput(str(error)) from error
        lines = list(_lines(options["file"]))
        lists = of_caller({"brands": sorted(_brands(lines))})
        for line in lines:
            yield {"id": line["id"], "claims": [_told(claim) for claim in _checked(line, rules, lists)]}

    def tell(self, result: dict[str, Any]) -> None:
        said = "; ".join(f"“{claim['text']}” {claim['verdict']}" for claim in result["claims"])
        self.stdout.write(f"{result['id']}: {said or 'no claims'}")


def _checked(line: Mapping[str, Any], rules: list[Rule], lists: Vocabulary) -> list[Claim]:
    return check_text(
        line["text"],
        locale=line.get("locale") or line.get("lang") or "en_US",
        facts=line["facts"],
        labels=line.get("labels"),
        lists=lists,
        rules=rules,
    )


def _told(claim: Claim) -> dict[str, JSON]:
    return {
        "start": claim.start,
        "end": claim.end,
        "verdict": str(claim.verdict),
        "fact": claim.fact or None,
        "kind": claim.kind,
        "rule": f"{claim.rule.pack}.{claim.rule.code}" if claim.rule else None,
        "text": claim.text,
    }


def _brands(lines: list[dict[str, Any]]) -> set[str]:
    """The brands of all lines: in the text of another's product they are a rival's."""
    return {
        str(value)
        for line in lines
        for key, value in line["facts"].items()
        if key.partition("@")[0].casefold() in BRANDS and isinstance(value, str) and len(value) > 2
    }


def _lines(name: str) -> Iterator[dict[str, Any]]:
    try:
        text = Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{name} cannot be read: {error}.") from error
    for number, each in enumerate(text.splitlines(), 1):
        if not each.strip():
            continue
        try:
            line = orjson.loads(each)
        except orjson.JSONDecodeError as error:
            raise BadInput(f"Line {number} is no JSON: {error}.") from error
        if (
            not isinstance(line, dict)
            or not isinstance(line.get("text"), str)
            or not isinstance(line.get("facts"), dict)
        ):
            raise BadInput(f"Line {number} needs a text and facts, an object of values by key.")
        line.setdefault("id", number)
        yield line
