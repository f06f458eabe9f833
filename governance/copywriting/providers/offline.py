"""The offline writer: names the facts, one sentence each, in the words of the attributes' labels.

It needs no key and calls nobody, and what it writes is marked as its own. It makes the whole way from facts to a
published text visible on a machine without a provider.
"""

from __future__ import annotations

import re
from decimal import Decimal

from governance.copywriting.facts import SOURCE
from governance.copywriting.prompts import Asked
from governance.copywriting.providers.base import Answer, Billed, CannotWrite, Extracted, Sentence
from pimhub.foundation.jsonvalue import JSON
from pimhub.foundation.numbers import localized
from pimhub.foundation.quantities import UNITS

MODEL = "offline-writer-1"


def preview(asked: Asked) -> str:
    return f"{asked.system}\n\n{asked.user}"


def write(asked: Asked, billed: Billed, *, labels: dict[str, str]) -> Answer:
    """Raises CannotWrite where there is nothing to say, or a translation was asked for."""
    billed.request, billed.answered_model, billed.is_known = preview(asked), MODEL, True
    billed.input_tokens = billed.output_tokens = 0
    if asked.attributes:
        return _read(asked)
    if asked.categories:
        return _chosen(asked)
    if asked.pictures:
        return _described(asked)
    if SOURCE in asked.facts.values:
        raise CannotWrite("needs_provider", "The offline writer translates nothing. Choose a provider.", ends=True)
    sentences: list[Sentence] = []
    length = 0
    for code, value in asked.facts.values.items():
        said = _said(value, asked.locale)
        if not said or len(said) > 200:
            continue
        text = f"{labels.get(code) or code.replace('_', ' ')}: {said}."
        if length + len(text) + 1 > asked.limit:
            break
        if asked.points and len(sentences) == asked.points:
            break
        length += len(text) + 1
        sentences.append(Sentence(text, (code,)))
    if not sentences:
        raise CannotWrite("nothing_written", "The facts do not suffice.")
    return Answer(tuple(sentences))


def _read(asked: Asked) -> Answer:
    """Options that the text names by their labels. Raises CannotWrite where it names none."""
    text = str(asked.facts.values.get(SOURCE, ""))
    found = []
    for attribute in asked.attributes:
        for label in attribute.get("options", ()):
            if match := re.search(rf"(?<!\w){re.escape(str(label))}(?!\w)", text, re.IGNORECASE):
                found.append(Extracted(str(attribute["code"]), str(label), match[0]))
                break
    if not found:
        raise CannotWrite("nothing_written", "The offline writer finds no option's name in the text.")
    return Answer((), values=tuple(found))


def _chosen(asked: Asked) -> Answer:
    """Categories that the text names. Raises CannotWrite where it names none."""
    text = str(asked.facts.values.get(SOURCE, ""))
    found = []
    for each in asked.categories:
        name = str(each["label"]).rpartition(" › ")[2]
        if match := re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE):
            found.append(Extracted("categories", str(each["code"]), match[0]))
    if not found:
        raise CannotWrite("nothing_written", "The offline writer finds no category's name in the text.")
    return Answer((), values=tuple(found[:3]))


def _described(asked: Asked) -> Answer:
    """The product's name, and what is told of the picture: the offline writer sees none, and says no more."""
    name = _said(asked.facts.values.get("name"), asked.locale)
    if not name:
        raise CannotWrite("nothing_written", "The product has no name.")
    found = []
    for each in asked.pictures:
        title = str(each.told.get("title") or "")
        text = f"{name}, {title}" if title and title.casefold() not in name.casefold() else name
        found.append(Sentence(text if len(text) <= asked.limit else name, ("name",), each.number))
    return Answer(tuple(found))


def _said(value: JSON, locale: str) -> str:
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(said for each in value if (said := _said(each, locale)))
    if isinstance(value, dict):
        if "amount" not in value or value.get("unit") not in UNITS:
            return ""
        return f"{localized(str(value['amount']), locale)} {UNITS[str(value['unit'])].symbol}"
    if isinstance(value, (int, float, Decimal)):
        return localized(str(value), locale)
    return str(value).rstrip(".")
