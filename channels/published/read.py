"""Live revisions as plain data, in a fixed number of queries a page.

Everything but prices and stock is read from the frozen document: not one word of the working copy gets here.
What the person asking does not reach is absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from catalog.access.reach import LOCALE, sight
from catalog.attributes.values import ValueKey
from catalog.models import Scope
from channels.published.commerce import Commerce, commerce_of
from channels.published.origins import Origin, origins_of_values
from channels.rendering.source import medium_url
from governance.models import Revision, Standing
from governance.proposed_parts import alt_key
from governance.revisions.read import Document, FrozenVariant, read_all
from pimhub.foundation.jsonvalue import JSON
from pimhub.foundation.locales import fallback_chain

Words = Mapping[str, str]
Row = Mapping[str, JSON]


@dataclass(frozen=True, slots=True)
class Audience:
    """For whom it is read. `languages`: of the scope, with those they fall back to, as far as they are reached;
    `chain`: of the one language that everything is to be resolved to, if any."""

    scope: Scope
    languages: frozenset[str]
    chain: tuple[str, ...] = ()

    @staticmethod
    def of(scope: Scope, locale: str = "") -> Audience:
        own = scope.locales.values_list("code", flat=True)
        spoken = {each for code in own for each in fallback_chain(code)}
        reached = sight().limited(LOCALE)
        chosen = spoken if reached is None else spoken & reached
        return Audience(scope, frozenset(chosen), fallback_chain(locale) if locale else ())

    def hears(self, key: str) -> bool:
        """Whether a value is meant for it: of no scope or its own, in no language or one of its own."""
        parsed = ValueKey.parse(key)
        return parsed.scope in (None, self.scope.code) and (parsed.locale is None or parsed.locale in self.languages)

    def words(self, words: Words, fallback: str) -> JSON:
        """Its languages of a name; with `chain`, the first of these that there is, else `fallback`."""
        own = {locale: words[locale] for locale in self.told(words)}
        return next(iter(own.values()), fallback) if self.chain else own

    def told(self, words: Words) -> list[str]:
        """Its languages that there is a name in; with `chain`, the one that is told, if any."""
        own = [locale for locale in words if locale in self.languages]
        if not self.chain:
            return own
        return [x for x in (*self.chain, "en_US") if x in own and words[x]][:1]


def published(standings: Sequence[Standing], audience: Audience) -> list[dict[str, JSON]]:
    """What is in force of these products, in their order: standings as `embargo.shown_in(scope)` gives them."""
    ids = [s.shown_id for s in standings]  # type: ignore[attr-defined]
    revisions = Revision.objects.select_related("approved_by").in_bulk(ids)
    wanted = [revisions[pk] for pk in ids]
    sight().learn([r.product_id for r in wanted])
    documents = read_all(wanted)
    origins = origins_of_values(wanted, documents)
    commerce = commerce_of(audience.scope, [r.product_id for r in wanted])
    return [_Reading(r, documents[r.pk], origins[r.pk], commerce, audience).told() for r in wanted]


@dataclass(frozen=True, slots=True)
class _Reading:
    revision: Revision
    document: Document
    origins: Mapping[tuple[str, str], Origin]
    commerce: Commerce
    audience: Audience

    def told(self) -> dict[str, JSON]:
        document, revision = self.document, self.revision
        values, origins = self._values("", document.values)
        found: dict[str, Any] = {
            "code": document.code,
            "scope": self.audience.scope.code,
            "state": "approved",  # nothing else is ever served
            "revision": revision.number,
            "content_hash": revision.content_hash,
            "approved_by": revision.approved_by.username if revision.approved_by else None,
            "approved_at": revision.approved_at.isoformat(),
            "values": values,
            "origins": origins,
            "axes": [self._axis(code) for code in document.axes],
            "variants": [self._variant(variant) for variant in document.variants],
        }
        found |= {"family": document.family} if self._shows("family") else {}
        if self._shows("categories"):
            found["categories"] = [
                {"code": code, "path": [self.audience.words(words, code) for words in path]}
                for code, path in document.categories.items()
            ]
        if self._shows("media"):
            found["media"] = [self._medium(item) for item in document.media]
        found["labels"] = self._labels([document.values, *(v.values for v in document.variants)])
        found["associations"] = self._associations(document.associations)
        return found

    def _shows(self, key: str) -> bool:
        return sight().shows(self.revision.product_id, key)

    def _seen(self, row: Row) -> dict[str, JSON]:
        visible = sight().visible(self.revision.product_id, row)
        return {key: value for key, value in visible.items() if self.audience.hears(key)}

    def _values(self, sku: str, row: Row) -> tuple[dict[str, JSON], dict[str, JSON]]:
        """Values and where each comes from: by value key, or in one language by attribute."""
        seen = self._seen(row)
        chosen = seen if not self.audience.chain else _resolved(seen, self.audience)
        values = {name: seen[key] for name, key in chosen.items()} if self.audience.chain else seen
        keys = chosen if self.audience.chain else {key: key for key in seen}
        origins = {
            name: self.origins[sku, key].told(key if key != name else "")
            for name, key in keys.items()
            if (sku, key) in self.origins
        }
        return values, origins

    def _axis(self, code: str) -> dict[str, JSON]:
        words = self.audience.words(self.document.axis_labels.get(code, {}), code)
        return {"attribute": code, "label": words}

    def _variant(self, variant: FrozenVariant) -> dict[str, JSON]:
        values, origins = self._values(variant.sku, variant.values)
        product = self.revision.product_id
        found: dict[str, JSON] = {"sku": variant.sku}
        found |= {"gtin": variant.gtin or None} if self._shows("gtin") else {}
        found |= {"values": values, "origins": origins}
        found |= {
            "offers": self.commerce.offers(product, variant.sku),
            "stock": self.commerce.stock(product, variant.sku),
        }
        return found | {"associations": self._associations(variant.associations)}

    def _medium(self, item: Mapping[str, JSON]) -> dict[str, JSON]:
        found = {name: item[name] for name in ("key", "sha256", "mime", "width", "height")}
        found["url"] = medium_url(item, f"{settings.PIMHUB_PUBLIC_URL}/media")
        found["alt"] = self.audience.words(item["alt"], "")
        keys = {locale: alt_key(locale, str(item["id"])) for locale in self.audience.told(item["alt"])}
        origins = {x: self.origins["", key].told() for x, key in keys.items() if ("", key) in self.origins}
        found |= {"alt_origins": origins} if origins else {}
        return found | ({"sku": item["sku"]} if item.get("sku") else {})

    def _labels(self, rows: Iterable[Row]) -> dict[str, dict[str, JSON]]:
        """Of the options in use, as they were called when it was approved."""
        shown = {ValueKey.parse(key).attribute for row in rows for key in self._seen(row)}
        return {
            attribute: {code: self.audience.words(words, code) for code, words in options.items()}
            for attribute, options in self.document.labels.items()
            if attribute in shown
        }

    def _associations(self, held: Row) -> dict[str, JSON]:
        return {key.partition(".")[2]: targets for key, targets in held.items() if self._shows(key)}


def _resolved(seen: Row, audience: Audience) -> dict[str, str]:
    """{attribute: the key that is read}: first the scope's own, then along the languages."""
    scopes, locales = (audience.scope.code, None), (*audience.chain, None)
    found = {}
    for attribute in dict.fromkeys(ValueKey.parse(key).attribute for key in seen):
        places = (str(ValueKey(attribute, locale, scope)) for scope in scopes for locale in locales)
        if (key := next((place for place in places if place in seen), None)) is not None:
            found[attribute] = key
    return found
