"""What may be said of a product: its facts in a language, as they are sent, checked, and compared later."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from catalog.access.reach import sight
from catalog.attributes.types import type_of
from catalog.attributes.values import ValueKey, resolve
from catalog.models import Attribute, Product, User
from catalog.products.load import load_states
from catalog.products.state import PRODUCT_ROW, Flat, content_of, flatten, is_part
from governance.revisions.context import Context, context_of
from governance.revisions.read import Document, flat
from pimhub.foundation.jsonvalue import JSON, digest
from pimhub.foundation.locales import fallback_chain


@dataclass(frozen=True, slots=True)
class Facts:
    """By code of the attribute: its value in canonical form, the words people use for it, and its value key."""

    values: Mapping[str, JSON]
    names: Mapping[str, Sequence[str]]
    keys: Mapping[str, str]

    @property
    def hash(self) -> str:
        """The same for the same facts in whatever order."""
        return digest(dict(sorted(self.values.items())))

    def within(self, product_id: int, person: User | None) -> Facts:
        """Those that a person may see: what one has written tells nothing that is hidden from oneself."""
        reached = sight(user=person)
        if reached.everything:
            return self
        return self.only([code for code, key in self.keys.items() if reached.shows(product_id, key)])

    def only(self, codes: Collection[str]) -> Facts:
        kept = [code for code in self.values if code in codes]
        return Facts(
            {code: self.values[code] for code in kept},
            {code: self.names.get(code, ()) for code in kept},
            {code: self.keys[code] for code in kept},
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """In which language and scope facts are read, and which attributes there are."""

    locale: str
    scope: str | None
    attributes: Mapping[str, Attribute]


def reading(*, locale: str, scope: str | None) -> Reading:
    return Reading(locale, scope, {a.code: a for a in Attribute.objects.all()})


def facts_now(product: Product, how: Reading, *, target: str, source: str = "") -> Facts:
    """Of the working copy. `target` is the value key that the text is for, `source` the one that is translated."""
    return facts_of_all([product.pk], how, target=target, source=source)[product.pk]


def facts_of_all(ids: Collection[int], how: Reading, *, target: str, source: str = "") -> dict[int, Facts]:
    found = {}
    for state in load_states(ids=ids, lock=False).values():
        if state.row is None:
            continue
        content = content_of(flatten(state))
        found[state.row.pk] = _facts(content, context_of(state.row, content), how, target, source)
    return found


def facts_of_document(document: Document, how: Reading, *, target: str, source: str = "") -> Facts:
    """Of a revision: what was approved."""
    return _facts(flat(document), document.context(), how, target, source)


def _facts(content: Flat, context: Context, how: Reading, target: str, source: str) -> Facts:
    own = content[PRODUCT_ROW]
    values: dict[str, JSON] = {}
    names: dict[str, Sequence[str]] = {}
    keys: dict[str, str] = {}
    rows = [row for sku, row in content.items() if sku != PRODUCT_ROW]
    said = {ValueKey.parse(key).attribute for row in content.values() for key in row if not is_part(key)}
    # In the order of the form, so that the same facts make the same request on every database.
    for code in sorted(said & how.attributes.keys(), key=lambda code: (how.attributes[code].position, code)):
        attribute = how.attributes[code]
        if not _may_be_said(attribute, target):
            continue
        told = _told(attribute, own, rows, context, how)
        if told is None:
            continue
        values[code], keys[code] = told
        names[code] = tuple(dict.fromkeys(attribute.labels.values()))
    if path := [words for path in context.categories.values() for words in path[-1:]]:
        values["category"] = [_word(words, how.locale) for words in path]
        keys["category"] = "categories"
    if source and own.get(source):
        values[SOURCE] = _plain(own[source], how.attributes[ValueKey.parse(source).attribute])
        keys[SOURCE] = source
    return Facts(values, names, keys)


SOURCE = "source_text"  # the fact that a translation rests on


def _may_be_said(attribute: Attribute, target: str) -> bool:
    """Nothing of the target itself, nothing that must not leave the house, no text that is copied letter by letter."""
    if (target and attribute.code == ValueKey.parse(target).attribute) or attribute.never_send or attribute.verbatim:
        return False
    return type_of(attribute.type).tells


def _told(
    attribute: Attribute, own: Mapping[str, JSON], rows: Sequence[Mapping[str, JSON]], context: Context, how: Reading
) -> tuple[JSON, str] | None:
    """The value in words and its key; of values of variants, each that differs, once."""
    scopes = (how.scope, None) if how.scope else (None,)
    locales = (*fallback_chain(how.locale), "en_US", None)  # a fact in another language is one, too
    found: list[JSON] = []
    key = ""
    for row in rows or [{}]:
        read = resolve([row, own], attribute.code, scopes=scopes, locales=locales)
        if read is None or read.value in (None, "", []):
            continue
        key = key or str(read.key)
        said = _said(attribute, read.value, context, how.locale)
        found += [each for each in (said if isinstance(said, list) else [said]) if each not in found]
    if not found:
        return None
    return (found[0] if len(found) == 1 else found), key


def _said(attribute: Attribute, value: JSON, context: Context, locale: str) -> JSON:
    kind = type_of(attribute.type)
    if kind.has_options:
        labels = context.labels.get(attribute.code, {})
        chosen = value if isinstance(value, list) else [value]
        return [_word(labels.get(str(code), {}), locale) or str(code) for code in chosen]
    return _plain(value, attribute)


def _plain(value: JSON, attribute: Attribute) -> JSON:
    said = type_of(attribute.type).prose(value)
    return " ".join(said.split()) if isinstance(said, str) else said


def _word(words: Mapping[str, str], locale: str) -> str:
    for each in (*fallback_chain(locale), "en_US"):
        if words.get(each):
            return words[each]
    return next((word for word in words.values() if word), "")
