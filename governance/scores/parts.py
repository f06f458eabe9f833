"""The parts of a content score. Each gives a share between 0 and 1 and says in words what is missing to the full.

A part that has nothing to judge (no AI had a hand in the texts, no channel shows the product) is left out, and the
points of the others count for the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from catalog.attributes.types import type_of
from catalog.attributes.values import ValueKey, resolve
from catalog.models import Attribute, Completeness, FamilyAttribute, Product
from governance.models import TextOrigin
from governance.proposed_parts import is_proposable
from pimhub.foundation.html import to_text
from pimhub.foundation.registry import Registry

PICTURES = 3  # from so many on, pictures count in full
LENGTH = 150  # characters from which on a text counts in full, unless its attribute allows fewer


@dataclass(frozen=True, slots=True)
class Place:
    """Where a score holds."""

    product_id: int
    scope: str
    locale: str


@dataclass(frozen=True, slots=True)
class Judged:
    """`share` of the part's points; `why` names what is missing to the full."""

    share: float
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """Products to be judged, with what most parts look at, loaded once."""

    products: Mapping[int, Product]
    scopes: Mapping[str, Sequence[str]]  # scope code → its locales
    texts: Mapping[int, Sequence[Attribute]] = field(default_factory=dict)  # family → texts that customers read

    def places(self) -> list[Place]:
        return [
            Place(pk, s, locale) for pk in self.products for s, locales in self.scopes.items() for locale in locales
        ]


@dataclass(frozen=True, slots=True)
class Part:
    code: str
    label: str
    points: int
    judge: Callable[[Batch], Mapping[Place, Judged]]


# In the order in which they are told. Higher floors add theirs.
score_parts: Registry[Part] = Registry("part of the content score")


def part(code: str, label: str, points: int) -> Callable[[Callable[[Batch], Mapping[Place, Judged]]], object]:
    return lambda judge: score_parts.add(code, Part(code, label, points, judge))


@part("complete", "Required values", 30)
def complete(batch: Batch) -> dict[Place, Judged]:
    rows = Completeness.objects.filter(product_id__in=batch.products).select_related("scope")
    found = {}
    for row in rows:
        share = row.filled / row.required if row.required else 1.0
        why = (f"{', '.join(row.missing[:5])} {'is' if len(row.missing) == 1 else 'are'} missing",)
        found[Place(row.product_id, row.scope.code, row.locale)] = Judged(share, why if row.missing else ())
    return found


def texts_of(families: Sequence[int | None]) -> dict[int, list[Attribute]]:
    """By family: the attributes of prose that are written in each language."""
    found: dict[int, list[Attribute]] = {}
    wanted = [pk for pk in families if pk is not None]
    rows = FamilyAttribute.objects.filter(family_id__in=wanted, attribute__localizable=True)
    for row in rows.select_related("attribute").order_by("position"):
        if type_of(row.attribute.type).is_prose:
            found.setdefault(row.family_id, []).append(row.attribute)
    return found


@part("texts", "Texts", 25)
def texts(batch: Batch) -> dict[Place, Judged]:
    found = {}
    for place in batch.places():
        product = batch.products[place.product_id]
        asked = batch.texts.get(product.family_id or 0, ())
        if not asked:
            continue
        shares, why = [], []
        for attribute in asked:
            is_name = product.family is not None and attribute.pk == product.family.label_attribute_id
            length, full = _length(product, attribute, place), _full(attribute, is_name=is_name)
            shares.append(min(1.0, length / full))
            name = attribute.label(place.locale)
            if not length:
                why.append(f"{name} is not written")
            elif length < full:
                why.append(f"{name} has {length} characters, {full} count in full")
        found[place] = Judged(sum(shares) / len(shares), tuple(why))
    return found


def _length(product: Product, attribute: Attribute, place: Place) -> int:
    held = resolve((product.values,), attribute.code, scopes=(place.scope, None), locales=(place.locale, None))
    return len(to_text(held.value)) if held is not None and isinstance(held.value, str) else 0


def _full(attribute: Attribute, *, is_name: bool) -> int:
    """Half of what may be written, and no more than LENGTH; of names a tenth of that: they are short."""
    most = attribute.limits.get("max_length")
    full = min(LENGTH, int(most) // 2) if most else LENGTH
    return max(full // 10, 1) if is_name else full


@part("pictures", "Pictures", 15)
def pictures(batch: Batch) -> dict[Place, Judged]:
    counts = {pk: len(_media(p)) for pk, p in batch.products.items()}
    return {place: _pictured(counts[place.product_id]) for place in batch.places()}


def _pictured(count: int) -> Judged:
    if count >= PICTURES:
        return Judged(1.0)
    noun = "picture" if count == 1 else "pictures"
    return Judged(count / PICTURES, (f"{count or 'no'} {noun}, {PICTURES} count in full",))


@part("alt", "Texts of pictures", 10)
def alt(batch: Batch) -> dict[Place, Judged]:
    found = {}
    for place in batch.places():
        media = _media(batch.products[place.product_id])
        if media:
            bare = sum(not str(held.get(place.locale) or "").strip() for held in media)
            why = (f"{bare} of {len(media)} pictures have no text in {place.locale}",) if bare else ()
            found[place] = Judged(1 - bare / len(media), why)
    return found


def _media(product: Product) -> list[Mapping[str, str]]:
    return [row.alt for row in product.media_links.all()]


@part("claims", "Claims of AI texts", 10)
def claims(batch: Batch) -> dict[Place, Judged]:
    """Of texts that AI had a hand in: claims that no fact supports, and facts that changed since."""
    held: dict[Place, list[TextOrigin]] = {}
    rows = TextOrigin.objects.filter(product_id__in=batch.products, is_current=True).select_related("draft")
    for row in rows:
        if is_proposable(row.key):
            continue  # of a picture: counted with the pictures' texts
        key = ValueKey.parse(row.key)
        for place in batch.places():
            fits = key.locale in (None, place.locale) and key.scope in (None, place.scope)
            if fits and place.product_id == row.product_id:
                held.setdefault(place, []).append(row)
    return {place: _claimed(origins) for place, origins in held.items()}


def _claimed(origins: Sequence[TextOrigin]) -> Judged:
    good, why = 0.0, []
    for row in origins:
        if row.stale_since:
            why.append(f"{row.key} is stale: {', '.join(sorted(row.stale)) or 'a fact'} changed since it was written")
        elif row.draft.flags and row.kind != TextOrigin.Kind.EDITED:
            why.append(f"{row.key} makes {row.draft.flags} claims that its facts do not support")
        else:
            good += 1
    return Judged(good / len(origins), tuple(why))
