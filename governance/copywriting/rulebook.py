"""The rules that a text is judged by: the shipped packs its prompt names, and the shop's own that hold for it.

A rule of one's own is {"code", "kind", "severity", "words": {language or "": [words and phrases]}, "reason"} and may
have "instead" (what to say), "proofs" (codes of facts that allow it), "source". Kinds: banned, regulated (only with
proof), required (one of the words must be there), voice (how one does not speak). Words match as those of the shipped
packs do; a trailing * takes any ending.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import orjson
import yaml
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from catalog.models import Attribute, Market, Scope, User
from catalog.models.codes import code_key, key_code
from governance.copywriting.claims import rules as shipped
from governance.copywriting.claims.rules import Rule, read_pack
from governance.copywriting.facts import SOURCE
from governance.models import PromptVersion, RulePack, RulePackVersion
from pimhub.foundation import audit
from pimhub.foundation.jsonvalue import canonical
from pimhub.foundation.locales import fallback_chain, is_locale

S = RulePackVersion.State
KINDS = {
    "banned": "never say it",
    "regulated": "only with proof",
    "required": "one of these must be there",
    "voice": "not how we speak",
}
SEVERITIES = {"block": "cannot be taken", "warn": "is flagged"}
PARTS = frozenset({"code", "kind", "severity", "words", "reason", "instead", "proofs", "source"})
MOST_RULES, MOST_WORDS, LONGEST = 500, 500, 200
MANAGE = "governance.manage_prompts"


class BadPack(Exception):
    """A pack or version that cannot be; `field` names what is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Rules, and the packs they come from: [{"pack", "version"}]; a shipped pack's version is its digest."""

    rules: tuple[Rule, ...]
    packs: tuple[Mapping[str, str | int], ...]


def rulebook(version: PromptVersion, locale: str) -> Rulebook:
    """What judges a text of this prompt version in this language, as of now."""
    own = RulePackVersion.objects.filter(state=S.ACTIVE).select_related("pack").order_by("pack__code")
    found: list[Rule] = []
    packs: list[Mapping[str, str | int]] = []
    for code in version.packs:
        if code in shipped.shipped_packs():
            found += shipped.pack(code)
            packs.append({"pack": code, "version": shipped_digest(code)})
    scope = version.template.scope.code if version.template.scope else ""
    for row in own:
        if (row.everywhere or row.pack.code in version.packs) and holds(row, scope=scope, locale=locale):
            found += compiled(row.pack.code, dumps(row.rules), locale)
            packs.append({"pack": row.pack.code, "version": row.number})
    return Rulebook(tuple(found), tuple(packs))


def holds(version: RulePackVersion, *, scope: str, locale: str) -> bool:
    """Whether a pack speaks of texts in this scope ("" = for all scopes) and language."""
    if version.scopes and scope and scope not in version.scopes:
        return False
    if version.locales and not set(fallback_chain(locale)) & set(version.locales):
        return False
    if not version.markets:
        return True
    spoken = Market.objects.filter(code__in=version.markets).values_list("locales", flat=True)
    chains = {each for locales in spoken for one in locales for each in fallback_chain(one)}
    return locale in chains


def dumps(rules: Iterable[Mapping[str, Any]]) -> bytes:
    return canonical(list(rules))


@lru_cache(maxsize=500)
def compiled(code: str, rules: bytes, locale: str) -> tuple[Rule, ...]:
    """The rules of a version (as canonical JSON) for texts in a language, made into patterns once."""
    return tuple(_compiled(code, orjson.loads(rules), locale))


def _compiled(code: str, rules: Iterable[Mapping[str, Any]], locale: str | None) -> Iterator[Rule]:
    spoken = {"", *(fallback_chain(locale) if locale else ())}
    for rule in rules:
        words = {k: v for k, v in rule["words"].items() if locale is None or k in spoken}
        if not words:
            continue
        row = {
            "code": rule["code"],
            "severity": rule["severity"],
            "message": " ".join(filter(None, [rule["reason"], _instead(rule)])),
            "terms": words,
            "proofs": rule.get("proofs", ()),
            "demands": rule["kind"] == "required",
        }
        yield from read_pack(code, {"rules": [row]})


def _instead(rule: Mapping[str, Any]) -> str:
    return f"Say “{rule['instead']}” instead." if rule.get("instead") else ""


@cache
def shipped_digest(code: str) -> str:
    """Which edition of a shipped pack this is."""
    return hashlib.sha256((shipped.HERE / f"{code}.yaml").read_bytes()).hexdigest()[:12]


@cache
def shipped_label(code: str) -> str:
    document = yaml.safe_load((shipped.HERE / f"{code}.yaml").read_text(encoding="utf-8"))
    return str(document.get("label") or code)


def pack_labels() -> dict[str, str]:
    """What a prompt may name, by code."""
    own = dict(RulePack.objects.values_list("code", "label"))
    return {code: shipped_label(code) for code in shipped.shipped_packs()} | own


def known_packs() -> list[str]:
    """Codes that a prompt may name."""
    return [*shipped.shipped_packs(), *RulePack.objects.values_list("code", flat=True)]


def make_pack(*, code: str, label: str, by: User) -> RulePack:
    """Raises BadPack."""
    try:
        key_code(code)
    except ValidationError as error:
        raise BadPack("code", f"“{code[:50]}” is no code. Use lower-case letters, digits, underscores.") from error
    if len(code) > 50 or code in known_packs():
        raise BadPack("code", f"There is a pack “{code[:50]}” already, or it is longer than 50 characters.")
    pack = RulePack.objects.create(code=code, label=label.strip()[:200] or code)
    audit.record("rules.made", f"rule_pack:{code}", by=by.pk)
    return pack


def write_version(*, pack: RulePack, by: User, wording: Mapping[str, Any], note: str = "") -> RulePackVersion:
    """A new draft version. `wording`: rules, scopes, markets, locales, everywhere, source. No rules switch a pack off.

    Raises BadPack naming the field.
    """
    given = checked_wording(pack.code, wording)
    with transaction.atomic():
        RulePack.objects.select_for_update().get(pk=pack.pk)
        last = pack.versions.aggregate(last=Max("number"))["last"] or 0
        version = RulePackVersion.objects.create(pack=pack, number=last + 1, author=by, note=note[:500], **given)
        audit.record("rules.written", f"rule_pack:{pack.code}", by=by.pk, version=version.number)
    return version


def activate(*, version: RulePackVersion, by: User) -> RulePackVersion:
    """Texts are judged by it from now on; the one before is retired and can come back the same way.

    Raises BadPack when its author does it.
    """
    with transaction.atomic():
        RulePack.objects.select_for_update().get(pk=version.pack_id)
        row = RulePackVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)
        if row.state == S.ACTIVE:
            return row
        if row.author_id == by.pk:
            raise BadPack("author", "Somebody other than its author makes a version active.")
        RulePackVersion.objects.filter(pack_id=row.pack_id, state=S.ACTIVE).update(state=S.RETIRED)
        row.state, row.activated_by, row.activated_at = S.ACTIVE, by, timezone.now()
        row.save(update_fields=["state", "activated_by", "activated_at"])
        audit.record("rules.activated", f"rule_pack:{row.pack.code}", by=by.pk, version=row.number)
    return row


def checked_wording(code: str, wording: Mapping[str, Any]) -> dict[str, Any]:
    """The wording as it is kept. Raises BadPack."""
    if strange := set(wording) - {"rules", "scopes", "markets", "locales", "everywhere", "source"}:
        raise BadPack(sorted(strange)[0], f"A version has no “{sorted(strange)[0]}”.")
    rules = wording.get("rules", [])
    if not isinstance(rules, list) or len(rules) > MOST_RULES:
        raise BadPack("rules", f"Send a list of at most {MOST_RULES} rules.")
    kept = [_checked_rule(f"rules.{number}", rule) for number, rule in enumerate(rules, 1)]
    codes = [rule["code"] for rule in kept]
    if twice := next((each for each in codes if codes.count(each) > 1), ""):
        raise BadPack("rules", f"Two rules are called “{twice}”. Give each a code of its own.")
    list(_compiled(code, kept, None))  # every pattern can be made
    places = {
        "scopes": set(Scope.objects.values_list("code", flat=True)),
        "markets": set(Market.objects.values_list("code", flat=True)),
    }
    found: dict[str, Any] = {"rules": kept, "everywhere": bool(wording.get("everywhere", True))}
    for name in ("scopes", "markets", "locales"):
        given = _texts(name, wording.get(name, []))
        for each in given:
            if not (is_locale(each) if name == "locales" else each in places[name]):
                raise BadPack(name, f"There is no “{each[:50]}” among the {name}.")
        found[name] = given
    return found | {"source": str(wording.get("source", "")).strip()[:500]}


def _checked_rule(where: str, rule: Any) -> dict[str, Any]:
    if not isinstance(rule, Mapping) or set(rule) - PARTS:
        raise BadPack(where, f"A rule is an object of {', '.join(sorted(PARTS))}.")
    if rule.get("kind") not in KINDS:
        raise BadPack(f"{where}.kind", f"The kind is one of {', '.join(KINDS)}.")
    severity = rule.get("severity") or ("warn" if rule["kind"] == "voice" else "block")
    if severity not in SEVERITIES:
        raise BadPack(f"{where}.severity", "The severity is block or warn.")
    given = rule.get("words")
    if not isinstance(given, Mapping) or not given:
        raise BadPack(f"{where}.words", 'Send words by language, "" for every language: {"": ["cheap"]}.')
    words = {str(key): _words(f"{where}.words", each) for key, each in given.items()}
    if strange := [key for key in words if key and not is_locale(key)]:
        raise BadPack(f"{where}.words", f"“{strange[0][:20]}” is no language. Write de, de_DE, or nothing.")
    reason = str(rule.get("reason", "")).strip()[:500]
    if not reason:
        raise BadPack(f"{where}.reason", "Say why: whoever meets the rule reads it.")
    proofs = _texts(f"{where}.proofs", rule.get("proofs", []))
    known = set(Attribute.objects.filter(code__in=proofs).values_list("code", flat=True)) | {SOURCE, "category"}
    if unknown := [code for code in proofs if code not in known]:
        raise BadPack(f"{where}.proofs", f"There is no attribute “{unknown[0][:50]}”.")
    if rule["kind"] == "regulated" and not proofs:
        raise BadPack(f"{where}.proofs", "Name the facts that allow it, or make it banned.")
    first = next(iter(words.values()))[0]
    return {
        "code": str(rule.get("code") or _code(rule["kind"], first))[:60],
        "kind": rule["kind"],
        "severity": severity,
        "words": words,
        "reason": reason,
        "instead": str(rule.get("instead", "")).strip()[:200],
        "proofs": proofs,
        "source": str(rule.get("source", "")).strip()[:500],
    }


def _code(kind: str, word: str) -> str:
    return f"{kind}_" + "_".join("".join(c if c.isalnum() else " " for c in code_key(word)).split())


def _words(where: str, given: Any) -> list[str]:
    words = list(dict.fromkeys(" ".join(each.split()) for each in _texts(where, given)))
    if not words or len(words) > MOST_WORDS:
        raise BadPack(where, f"Give 1 to {MOST_WORDS} words or phrases.")
    for word in words:
        if len(word) > LONGEST or not word[0].isalnum():
            raise BadPack(where, f"“{word[:50]}”: begin with a letter or digit, at most {LONGEST} characters.")
    return words


def _texts(where: str, given: Any) -> list[str]:
    if not isinstance(given, list | tuple) or not all(isinstance(each, str) for each in given):
        raise BadPack(where, "Send a list of texts.")
    return [each.strip() for each in given if each.strip()]


def difference(before: RulePackVersion | None, after: RulePackVersion) -> list[dict[str, Any]]:
    """Rule by rule: [{"code", "change": added | removed | changed, "before", "after"}]; what is alike is left out."""
    old = {rule["code"]: rule for rule in before.rules} if before else {}
    new = {rule["code"]: rule for rule in after.rules}
    found = []
    for code in [*new, *(code for code in old if code not in new)]:
        one, other = old.get(code), new.get(code)
        if one != other:
            change = "changed" if one and other else "added" if other else "removed"
            found.append({"code": code, "change": change, "before": one, "after": other})
    return found
