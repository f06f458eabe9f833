"""Gather what a payload is made of: the live revision, the offers and stock, the mapping in force."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db.models import Prefetch

from catalog.media.beyond import is_picture
from catalog.media.storage import path_of
from catalog.models import Attribute, FamilyAttribute, Offer, PriceList, StockLevel, Variant
from channels.connectors.base import (
    Connection,
    Connector,
    Level,
    MappedProduct,
    MappedVariant,
    MediaFile,
    Medium,
    Price,
)
from channels.connectors.outcome import Issue
from channels.mapping import numbers
from channels.mapping.rules import Reader
from channels.models import Channel
from channels.rendering.stock import shown
from channels.rendering.stock_rules import issues_of, rule_of, stale_now
from governance.copywriting.provenance import Origins, origins_of_all
from governance.models import Revision
from governance.revisions.read import Document, FrozenVariant, read_all
from governance.sales.windows import Windows, windows
from pimhub.foundation.jsonvalue import JSON
from pimhub.foundation.locales import fallback_chain


@dataclass(frozen=True, slots=True)
class Block:
    """A text that must go out letter by letter. `field`: the target field it is mapped to, "" for none; `text`: as
    approved, "" where it must be there and is not."""

    label: str
    key: str
    sku: str
    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Source:
    """A product ready for a connector, with where each field came from.

    `keys`: {(sku or "", target field): value key, also of what is missing}; `offers`: {sku: offer version};
    `recheck_at`: the next moment a sale begins or ends, or stock becomes too old; `origins`: of the revision's
    texts by AI; `issues`: stock that is too old, and what is left out because nobody approved it; `blocks`: what goes
    out verbatim.
    """

    revision: Revision
    mapped: MappedProduct
    keys: Mapping[tuple[str, str], str]
    offers: Mapping[str, int]
    recheck_at: dt.datetime | None
    origins: Origins
    issues: tuple[Issue, ...] = ()
    blocks: tuple[Block, ...] = ()


def gather(
    channel: Channel,
    connector: Connector,
    revisions: Iterable[Revision],
    connection: Connection,
    now: dt.datetime,
) -> dict[int, Source]:
    """Sources by product id, for products of the channel at the moment `now`."""
    wanted = list(revisions)
    documents = read_all(wanted)
    origins = origins_of_all(wanted)
    price_list = channel.market.price_list
    sales = windows([price_list.pk])
    commerce = _commerce([r.product_id for r in wanted], price_list, sales)
    locales = tuple(dict.fromkeys(x for locale in channel.market.locales for x in fallback_chain(locale)))
    attributes = dict(Attribute.objects.values_list("code", "localizable"))
    verbatim = _verbatim(channel)
    rule = rule_of(channel)
    stale, next_stale = stale_now(rule, now)
    found = {
        r.product_id: _source(
            channel,
            connector,
            r,
            documents[r.pk],
            origins[r.pk],
            commerce,
            sales,
            locales,
            attributes,
            connection,
            now,
            lambda sellable: shown(sellable, rule, stale=stale),
            verbatim,
        )
        for r in wanted
    }
    if rule.stale_after is None:
        return found
    return {
        pk: replace(
            source,
            recheck_at=min((m for m in (source.recheck_at, next_stale) if m), default=None),
            issues=(*source.issues, *issues_of(rule, stale)),
        )
        for pk, source in found.items()
    }


def _source(
    channel: Channel,
    connector: Connector,
    revision: Revision,
    document: Document,
    origins: Origins,
    commerce: Mapping[str, Variant],
    sales: Windows,
    locales: tuple[str, ...],
    attributes: Mapping[str, bool],
    connection: Connection,
    now: dt.datetime,
    in_stock: Callable[[Mapping[str, int]], dict[str, int]],
    verbatim: Mapping[str, tuple[str, frozenset[str]]],
) -> Source:
    assert channel.mapping is not None
    price_list = channel.market.price_list
    rules = channel.mapping.rules
    reader = Reader(document=document, scope=channel.scope.code, locales=locales, attributes=attributes)
    levels = {f.code: f.level for f in connector.target_fields}
    others = getattr(connector, "other_fields", None)
    keys: dict[tuple[str, str], str] = {}

    def made_by(sku: str) -> dict[str, str]:
        """Of the target fields of a row, those whose text AI had a hand in."""
        rows = {code: key for (row, code), key in keys.items() if row == sku}
        found = {code: origins.get((sku, key)) or origins.get(("", key)) for code, key in rows.items()}
        return {code: str(origin.kind) for code, origin in found.items() if origin}

    def fields(level: Level, variant: FrozenVariant | None) -> dict[str, JSON]:
        found = {}
        for code, rule in rules.items():
            if levels.get(code, others) not in (level, Level.EACH):
                continue
            mapped = reader.field(rule, variant)
            if mapped is not None:
                found[code] = mapped.value
            # Of what is missing, where it would be written: preflight leads there.
            keys[variant.sku if variant else "", code] = mapped.key if mapped else reader.place(rule)
        return found

    def translations() -> dict[str, dict[str, JSON]]:
        """What the rules yield in each further language, where that is another text."""
        translated = getattr(connector, "translated", ())
        own = {code: reader.field(rules[code]) for code in translated if code in rules}
        texts = {code: one.value for code, one in own.items() if one}
        found: dict[str, dict[str, JSON]] = {}
        for locale in connector.languages(connection) if translated else ():  # type: ignore[attr-defined]
            there = replace(reader, locales=fallback_chain(locale))
            said = {code: there.field(rules[code]) for code in own}
            found[locale] = {c: one.value for c, one in said.items() if one and one.value != texts.get(c)}
        return found

    variants, offers, moments = [], {}, []
    issues: list[Issue] = []
    for frozen in document.variants:
        row = commerce.get(frozen.sku)
        counted = row.stock_levels.all() if row else ()
        offer = next(iter(row.offers.all()), None) if row else None
        if offer is not None:
            offers[frozen.sku] = offer.version
            if not sales.may_show(offer):
                issues.append(_sale_waits(frozen.sku, offer))
                offer = sales.shown(offer)
            moments += [m for m in (offer.sale_from, offer.sale_to) if m and m > now]
        given = fields(Level.VARIANT, frozen)
        variants.append(
            MappedVariant(
                sku=frozen.sku,
                gtin=frozen.gtin,
                fields=given,
                origins=made_by(frozen.sku),
                options=_options(document, frozen, reader, locales),
                price=_price(offer, price_list, now, channel.settings.get("price_rounding")),
                stock=in_stock({s.location.code: s.available - s.reserved for s in counted}),
            )
        )
    if channel.settings.get("held_pictures_only"):
        issues += _not_held(document)
    own = fields(Level.PRODUCT, None)
    mapped = MappedProduct(
        code=document.code,
        revision=document.number,
        locale=channel.market.locales[0],
        fields=own,
        origins=made_by(""),
        variants=tuple(variants),
        media=tuple(_media(document, connection, locales)),
        axes=tuple(document.axes),
        url=product_url(channel, document.code),
        translations=translations(),
    )
    return Source(
        revision=revision,
        mapped=mapped,
        keys=keys,
        offers=offers,
        recheck_at=min(moments, default=None),
        origins=origins,
        issues=tuple(issues),
        blocks=tuple(_blocks(document, reader, keys, verbatim)),
    )


def _verbatim(channel: Channel) -> dict[str, tuple[str, frozenset[str]]]:
    """{code of a verbatim attribute: (its label, the families that need it in the channel's scope)}"""
    found = {a.code: (a.label(), frozenset[str]()) for a in Attribute.objects.filter(verbatim=True)}
    if found:
        needed = FamilyAttribute.objects.filter(attribute__verbatim=True, required_for=channel.scope)
        for code, family in needed.values_list("attribute__code", "family__code"):
            found[code] = (found[code][0], found[code][1] | {family})
    return found


def _blocks(
    document: Document,
    reader: Reader,
    keys: Mapping[tuple[str, str], str],
    verbatim: Mapping[str, tuple[str, frozenset[str]]],
) -> Iterable[Block]:
    """Verbatim texts that the mapping sends, and those that the family needs whether it sends them or not."""
    rows = {variant.sku: variant for variant in document.variants}
    seen: set[tuple[str, str, str]] = set()  # what several rows send alike is told once
    for (sku, code), key in keys.items():
        attribute = re.split("[@#]", key, maxsplit=1)[0]
        if attribute in verbatim:
            found = reader.said(attribute, rows.get(sku))
            if isinstance(found, str) and found and (attribute, code, found) not in seen:
                seen.add((attribute, code, found))
                yield Block(verbatim[attribute][0], key, sku, code, found)
    for attribute, (label, families) in verbatim.items():
        if attribute in {each for each, _, _ in seen} or document.family not in families:
            continue
        own = [(variant.sku, reader.said(attribute, variant)) for variant in document.variants] or [("", "")]
        texts = {text: sku for sku, text in reversed(own) if isinstance(text, str)}
        for text, sku in texts.items():
            # The product's own text is every variant's: told once, without a variant.
            yield Block(label, reader.place({"from": attribute}), "" if len(texts) < 2 else sku, "", text)
        if not texts:
            yield Block(label, reader.place({"from": attribute}), "", "", "")


def _commerce(product_ids: list[int], price_list: PriceList, sales: Windows) -> dict[str, Variant]:
    """Variants by SKU with their offer on the price list and their stock: these are never in a revision."""
    query = Variant.objects.filter(product_id__in=product_ids).prefetch_related(
        Prefetch("offers", sales.among(Offer.objects.filter(price_list=price_list))),
        Prefetch("stock_levels", StockLevel.objects.select_related("location")),
    )
    return {v.sku: v for v in query}


def _sale_waits(sku: str, offer: Offer) -> Issue:
    refused = offer.word is False  # type: ignore[attr-defined]
    how = "was refused" if refused else "waits for somebody's approval"
    message = f"The sale of {sku} at {offer.sale_price:f} {how}, so its regular price is shown."
    return Issue(code="sale_not_approved", message=message, field="sale_price", sku=sku, severity="warning")


def _price(offer: Offer | None, price_list: PriceList, now: dt.datetime, rounding: JSON = None) -> Price | None:
    """The offer as of `now`: a sale price is there only while its window is open. Rounded by the channel's rule."""
    rule = rounding if isinstance(rounding, dict) and not numbers.problem(rounding) else None
    if offer is None or offer.price is None:
        return None
    on_sale = (
        offer.sale_price is not None
        and (offer.sale_from is None or offer.sale_from <= now)
        and (offer.sale_to is None or now < offer.sale_to)
    )
    return Price(
        currency=price_list.currency.code,
        price=_rounded(offer.price, rule) or offer.price,
        compare_at=_rounded(offer.compare_at, rule),
        sale_price=_rounded(offer.sale_price, rule) if on_sale else None,
        sale_from=offer.sale_from if on_sale else None,
        sale_to=offer.sale_to if on_sale else None,
        cost=offer.cost,
    )


def _rounded(amount: Decimal | None, rule: Mapping[str, JSON] | None) -> Decimal | None:
    return amount if amount is None or rule is None else numbers.rounded(amount, rule)


def _options(
    document: Document,
    variant: FrozenVariant,
    reader: Reader,
    locales: tuple[str, ...],
) -> tuple[tuple[str, str], ...]:
    options = []
    for axis in document.axes:
        labels = document.axis_labels.get(axis, {})
        name = next((labels[x] for x in locales if labels.get(x)), None) or labels.get("en_US") or axis
        options.append((name, reader.option(axis, str(variant.values.get(axis, "")))))
    return tuple(options)


def _not_held(document: Document) -> Iterable[Issue]:
    for item in document.media:
        if not item["sha256"]:
            message = (
                f"What {item['url']} shows was not fetched when revision {document.number} was approved, and this "
                "channel takes only pictures that somebody approved. Have the product approved again once it is here."
            )
            yield Issue(code="media_not_held", message=message, field="media")


def _media(document: Document, connection: Connection, locales: tuple[str, ...]) -> Iterable[Medium]:
    base = str(connection.settings.get("media_base_url") or f"{settings.PIMHUB_PUBLIC_URL}/media")
    for item in document.media:
        alt = next((item["alt"][x] for x in locales if item["alt"].get(x)), "")
        yield Medium(
            key=item["key"],
            url=medium_url(item, base),
            alt=alt or next(iter(item["alt"].values()), ""),
            sku=item.get("sku", ""),
            mime=item["mime"],
            width=item["width"],
            height=item["height"],
            file=_file(item),
        )


def _file(item: Mapping[str, Any]) -> MediaFile | None:
    """Of a video or 3D model, what would be uploaded: the bytes that the revision pins, if they are still here."""
    if not item["sha256"] or is_picture(item["extension"]):
        return None
    path = path_of(settings.MEDIA_ROOT, item["sha256"], item["extension"])
    return MediaFile(item["sha256"], item["extension"], item["mime"], path.stat().st_size) if path.exists() else None


def medium_url(item: Mapping[str, JSON], base: str) -> str:
    """Where the frozen bytes of a picture are; of one that was not fetched, where it was found."""
    held = item["sha256"]
    return f"{base}/{held[:2]}/{held[2:4]}/{held}{item['extension']}" if held else str(item["url"])


def product_url(channel: Channel, code: str) -> str:
    """The product's page in the shop, from the channel's URL template."""
    template = str(channel.settings.get("product_url", ""))
    return template.replace("{handle}", quote(code, safe="")) if template else ""
