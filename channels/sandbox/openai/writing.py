"""What the sandbox's models write: facts in plain sentences, or the same with one thing changed."""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

Fact = tuple[str, Any]


@dataclass(frozen=True, slots=True)
class Mutation:
    """What a hallucinating model changed: its kind, the words before and after, and the fact they were of."""

    kind: str
    fact: str
    before: str
    after: str


def facts_in(user: str) -> dict[str, Any]:
    """The facts of a request's user part."""
    try:
        found = json.loads(user)["facts"]
    except (ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def sentences(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """One sentence for each fact that can be said, citing it."""
    return [
        {"text": f"The {code.replace('_', ' ')} is {said}.", "facts": [code]}
        for code, value in sorted(facts.items())
        if (said := _said(value)) and len(said) <= 120
    ][:12]


def asked_points(user: str) -> int:
    """How many bullet points a request wants at most; 0 = running text."""
    try:
        return int(json.loads(user).get("points", 0))
    except (ValueError, TypeError, AttributeError):
        return 0


def asked_values(user: str) -> list[dict[str, Any]]:
    """The attributes that a request wants read out of its text."""
    return _listed(user, "attributes")


def asked_categories(user: str) -> list[dict[str, Any]]:
    """The categories that a request wants chosen from."""
    return _listed(user, "categories")


def asked_pictures(user: str) -> list[dict[str, Any]]:
    """The pictures that a request wants described."""
    return _listed(user, "pictures")


def _listed(user: str, name: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(user).get(name, [])
    except (ValueError, AttributeError):
        return []
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def chosen(text: str, categories: list[dict[str, Any]]) -> list[dict[str, str]]:
    """The categories that the text names, each with the words."""
    found = []
    for each in categories:
        name = str(each.get("label")).rpartition(" › ")[2]
        if match := re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE):
            found.append({"code": str(each["code"]), "quote": match[0]})
    return found[:3]


def invented(categories: list[dict[str, str]]) -> tuple[list[dict[str, str]], Mutation | None]:
    """The same with one category that there is not."""
    if not categories:
        return categories, None
    before = categories[0]["code"]
    after = f"{before}_that_is_not"
    return [{**categories[0], "code": after}, *categories[1:]], Mutation("category", "categories", before, after)


def described(facts: dict[str, Any], pictures: list[dict[str, Any]], *, seen: int) -> list[dict[str, Any]]:
    """A sentence for each picture; who sees none has only the name to go by."""
    name, more = _said(facts.get("name")), [code for code in sorted(facts) if code != "name" and _said(facts[code])]
    if not name:
        return []
    said, cites = (f"{name}: {_said(facts[more[0]])}", ["name", more[0]]) if seen and more else (name, ["name"])
    return [{"picture": str(each.get("picture")), "text": f"{said}.", "facts": cites} for each in pictures]


def misseen(said: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], Mutation | None]:
    """The same with something in a picture that no fact says."""
    if not said:
        return said, None
    before = said[0]["text"]
    after = f"{before} It is 97 cm wide."
    return [{**said[0], "text": after}, *said[1:]], Mutation("number", "name", before, after)


def extracted(text: str, attributes: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Of each attribute, what the text states: an option by its name, an amount, or what follows its label."""
    found = []
    for each in attributes:
        names = [str(option) for option in each.get("options", ())]
        patterns = [rf"(?<!\w)({re.escape(name)})(?!\w)" for name in names]
        if each.get("type") == "measurement":
            patterns = [r"(\d+(?:[.,]\d+)? ?(?:kg|g|lb|oz|cm|mm|m|in|ft|l|ml))(?!\w)"]
        elif not names:
            patterns = [rf"{re.escape(str(each.get('label')))}(?: is|:) ([\w -]+)"]
        match = next((m for p in patterns if (m := re.search(p, text, re.IGNORECASE))), None)
        if match:
            found.append({"attribute": str(each["code"]), "value": match[1].strip(), "quote": match[0].strip()})
    return found


def misquoted(values: list[dict[str, str]], *, seed: str) -> tuple[list[dict[str, str]], Mutation | None]:
    """The same with one quote that is not in the text."""
    if not values:
        return values, None
    at = random.Random(seed).randrange(len(values))  # noqa: S311
    before = values[at]["quote"]
    after = f"certainly {before}"
    changed = [*values[:at], {**values[at], "quote": after}, *values[at + 1 :]]
    return changed, Mutation("quote", values[at]["attribute"], before, after)


def hallucinated(facts: dict[str, Any], *, seed: str) -> tuple[list[dict[str, Any]], Mutation | None]:
    """The honest sentences with exactly one thing changed, chosen by the seed; None where nothing can be."""
    honest = sentences(facts)
    dice = random.Random(hashlib.sha256(seed.encode()).digest())  # noqa: S311
    places = [
        (index, kind) for index, each in enumerate(honest) for kind in _CHANGES if _CHANGES[kind](each["text"], dice)
    ]
    choices = [*places, (len(honest), "health_claim"), (len(honest), "green_claim"), (len(honest), "certificate")]
    index, kind = dice.choice(choices)
    if kind in _ADDED:
        text = dice.choice(_ADDED[kind])
        return [*honest, {"text": text, "facts": []}], Mutation(kind, "", "", text)
    before = honest[index]["text"]
    after = _CHANGES[kind](before, dice)
    assert after is not None
    changed = [*honest[:index], {**honest[index], "text": after}, *honest[index + 1 :]]
    return changed, Mutation(kind, honest[index]["facts"][0], before, after)


def _said(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, list):
        return " and ".join(said for each in value[:6] if (said := _said(each)))
    if isinstance(value, dict):
        return (
            f"{value['amount']} {_SYMBOLS.get(value['unit'], value['unit'])}"
            if {"amount", "unit"} <= set(value)
            else ""
        )
    return " ".join(str(value).split()).rstrip(".")


_SYMBOLS = {
    "w": "W",
    "kw": "kW",
    "v": "V",
    "a": "A",
    "hz": "Hz",
    "c": "°C",
    "wh": "Wh",
    "kwh": "kWh",
    "gb": "GB",
    "mb": "MB",
}
_NUMBER = re.compile(r"(?<![\w.,])(\d+(?:\.\d+)?)(?![\w,]|\.\d)")
_UNIT = re.compile(r"(?<=\d )(kg|g|lb|oz|cm|mm|m|in|ft|l|ml|W|V)\b")
_OTHER = {
    "kg": "lb",
    "g": "oz",
    "lb": "kg",
    "oz": "g",
    "cm": "in",
    "mm": "cm",
    "m": "ft",
    "in": "cm",
    "ft": "m",
    "l": "ml",
    "ml": "l",
    "W": "kW",
    "V": "kV",
}
_WORDS = {
    "material": (
        "cotton",
        "wool",
        "polyester",
        "linen",
        "leather",
        "steel",
        "stainless steel",
        "aluminium",
        "glass",
        "ceramic",
        "oak",
        "silicone",
        "plastic",
        "bamboo",
    ),
    "colour": ("black", "white", "red", "blue", "yellow", "brown", "grey", "purple"),
}
_ADDED = {
    "health_claim": ("It lowers blood pressure.", "It is clinically proven.", "It boosts the immune system."),
    "green_claim": ("It is eco-friendly.", "It is climate neutral.", "It is biodegradable."),
    "certificate": ("It is FSC certified.", "It is OEKO-TEX certified.", "It is GOTS certified."),
}


def _number(text: str, dice: random.Random) -> str | None:
    found = _NUMBER.search(text)
    if not found:
        return None
    try:
        old = Decimal(found[1])
    except InvalidOperation:
        return None
    new = format((old * Decimal(dice.choice(("0.5", "1.5", "2", "3"))) + 1).normalize(), "f")
    return text[: found.start(1)] + new + text[found.end(1) :]


def _unit(text: str, dice: random.Random) -> str | None:
    found = _UNIT.search(text)
    return text[: found.start()] + _OTHER[found[1]] + text[found.end() :] if found else None


def _word(kind: str) -> Callable[[str, random.Random], str | None]:
    def change(text: str, dice: random.Random) -> str | None:
        head, _, tail = text.partition(" is ")
        for word in sorted(_WORDS[kind], key=len, reverse=True):
            if found := re.search(rf"\b{word}\b", tail, re.IGNORECASE):
                others = [w for w in _WORDS[kind] if w not in tail.lower() and w not in word and word not in w]
                return f"{head} is {tail[: found.start()]}{dice.choice(others)}{tail[found.end() :]}"
        return None

    return change


_CHANGES: dict[str, Callable[[str, random.Random], str | None]] = {
    "number": _number,
    "unit": _unit,
    "material": _word("material"),
    "colour": _word("colour"),
}
