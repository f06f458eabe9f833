"""The product's texts in the shop's other languages: a facet of its own, registered after the texts they translate.

Shopify takes a translation together with the digest of the text it is of, so the digests are read first; once the
text changes, it counts as outdated until it is registered again. Each key is registered by itself: translations
that others made of other texts stay.

Source: shopify.dev translationsRegister ("up to 100 translation keys"), TranslatableResource.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from channels.connectors.base import Connection, Facet, Known, MappedProduct, Operation, Rendered
from channels.connectors.shopify import canonical, operations, wire
from channels.connectors.shopify.inputs import Body, accepted, desired
from channels.connectors.shopify.settings import DIGEST, DIGESTS, PRODUCT, TRANSLATION
from pimhub.foundation.http import Request
from pimhub.foundation.jsonvalue import JSON, digest

# Target field → (its name in the content, Shopify's key of it).
KEYS: Mapping[str, tuple[str, str]] = {
    "title": ("title", "title"),
    "description_html": ("descriptionHtml", "body_html"),
    "product_type": ("productType", "product_type"),
    "seo_title": ("seoTitle", "meta_title"),
    "seo_description": ("seoDescription", "meta_description"),
}
KEYS_PER_CALL = 100
GOOD_FOR = 12  # calls after which digests are read anew

Place = tuple[str, str]  # (the shop's locale, key)


def locales(connection: Connection) -> dict[str, str]:
    """The shop's locale by ours: {"de_DE": "de"}. A list of ours means the bare languages."""
    said = connection.settings.get("translations") or {}
    if isinstance(said, dict):
        return {str(ours): str(theirs) for ours, theirs in said.items()}
    return {str(ours): str(ours).partition("_")[0] for ours in said}


def render(product: MappedProduct, content: Body, connection: Connection) -> dict[str, JSON]:
    """{shop's locale: {key: {value, of}}}; `of` is a mark of the text that is translated."""
    found: dict[str, dict[str, JSON]] = {}
    for ours, theirs in locales(connection).items():
        for code, value in product.translations.get(ours, {}).items():
            if code not in KEYS:
                continue
            name, key = KEYS[code]
            text = canonical.html(value)
            # Nothing translates a text that is not there, and one equal to its text says what is shown anyway.
            if text and name in content and content[name] != text:
                found.setdefault(theirs, {})[key] = {"value": text, "of": mark(content[name])}
    return {locale: found[locale] for locale in sorted(found)}


def mark(text: JSON) -> str:
    return digest(text)[:16]


def link(place: Place) -> str:
    return f"{TRANSLATION}{place[0]}:{place[1]}"


def flat(body: Body) -> dict[Place, Any]:
    return {(locale, key): said for locale, texts in body.items() for key, said in texts.items()}


# ---- sending -----------------------------------------------------------------------------------


def plan(rendered: Rendered, known: Known, connection: Connection) -> Iterator[Operation]:
    """1. What is no longer translated is removed. 2. The digests are read. 3. What differs is registered."""
    wanted = flat(desired(rendered, "", Facet.TRANSLATION))
    before = flat(accepted(known, "", Facet.TRANSLATION))
    ours = {_place(key) for key in known.links if key.startswith(TRANSLATION)}
    surplus = sorted(ours - set(wanted))
    changed = [
        (place, said)
        for place, said in sorted(wanted.items())
        if before.get(place) != said and known.links.get(link(place)) != digest(said)
    ]
    if surplus:
        # One call takes all combinations of keys and locales, so it is one call for each locale.
        locale = surplus[0][0]
        batch = [place for place in surplus if place[0] == locale]
        yield _remove(batch, known, connection, settles=not changed and len(batch) == len(surplus))
    if changed and not _digests_are_fresh(rendered, known):
        yield _ask(rendered, known, connection)
    elif changed:
        sets = changed[:KEYS_PER_CALL]
        yield _register(sets, known, connection, settles=len(sets) == len(changed))


def _digests_are_fresh(rendered: Rendered, known: Known) -> bool:
    number, _, of = known.links.get(DIGESTS, "").partition(":")
    return bool(number) and of == _content_mark(rendered) and 0 < known.number - int(number) <= GOOD_FOR


def _content_mark(rendered: Rendered) -> str:
    return mark(desired(rendered, "", Facet.CONTENT))


def _ask(rendered: Rendered, known: Known, connection: Connection) -> Operation:
    return Operation(
        name="translatableRead",
        request=wire.graphql("translatableRead", {"id": known.links[PRODUCT]}, connection),
        carries=(),
        then=("register the translations",),
        context={
            "digests": f"{known.number}:{_content_mark(rendered)}",
            "links": operations.product_links(known),
        },
    )


def _register(batch: Sequence[tuple[Place, Any]], known: Known, connection: Connection, *, settles: bool) -> Operation:
    rows = [
        {
            "locale": locale,
            "key": key,
            "value": said["value"],
            # A text that Shopify does not list has no digest; its answer says so.
            "translatableContentDigest": known.links.get(DIGEST + key, ""),
        }
        for (locale, key), said in batch
    ]
    variables = {"resourceId": known.links[PRODUCT], "translations": rows}
    return Operation(
        name="translationsRegister",
        request=wire.graphql("translationsRegister", variables, connection),
        carries=(("", Facet.TRANSLATION),),
        partial=not settles,
        claims={link(place): "sent" for place, _ in batch},
        context={
            "links": operations.product_links(known),
            "translations": [list(place) for place, _ in batch],
            "taken": {link(place): digest(said) for place, said in batch},
            "stale": [DIGESTS],
        },
    )


def _remove(batch: Sequence[Place], known: Known, connection: Connection, *, settles: bool) -> Operation:
    variables = {
        "resourceId": known.links[PRODUCT],
        "translationKeys": [key for _, key in batch],
        "locales": [batch[0][0]],
    }
    return Operation(
        name="translationsRemove",
        request=wire.graphql("translationsRemove", variables, connection),
        carries=(("", Facet.TRANSLATION),),
        partial=not settles,
        destructive=True,
        context={
            "links": operations.product_links(known),
            "translations": [list(place) for place in batch],
            "ended": [link(place) for place in batch],
        },
    )


def links_of(body: Body) -> dict[str, JSON]:
    """What is shown, by the link of each."""
    return {link(place): said for place, said in flat(body).items()}


def _place(key: str) -> Place:
    locale, _, name = key.removeprefix(TRANSLATION).partition(":")
    return locale, name


# ---- reading back ------------------------------------------------------------------------------


def read_locales(rendered: Rendered, known: Known) -> list[str]:
    """The locales in which we say something, or once said."""
    said = set(rendered.bodies.get("", {}).get(Facet.TRANSLATION.value, {}))
    said |= {_place(key)[0] for key in known.links if key.startswith(TRANSLATION)}
    return sorted(said) if PRODUCT in known.links else []


def read(rendered: Rendered, known: Known, connection: Connection) -> list[Request]:
    product = known.links.get(PRODUCT)
    return [
        wire.graphql("translationsRead", {"id": product, "locale": locale}, connection)
        for locale in read_locales(rendered, known)
    ]


def shown(rendered: Rendered, known: Known, answers: Mapping[str, Mapping[str, Any]]) -> dict[str, JSON]:
    """The body, of the answers by locale: only what we translate; what is outdated is not as it should be."""
    wanted = flat(rendered.bodies.get("", {}).get(Facet.TRANSLATION.value, {}))
    ours = set(wanted) | {_place(key) for key in known.links if key.startswith(TRANSLATION)}
    found: dict[str, dict[str, JSON]] = {}
    for locale, resource in sorted(answers.items()):
        for row in resource["translations"]:
            place = (locale, row["key"])
            if place in ours and canonical.html(row["value"]):
                of = "outdated" if row["outdated"] else wanted.get(place, {}).get("of", "")
                found.setdefault(locale, {})[row["key"]] = {"value": canonical.html(row["value"]), "of": of}
    return dict(found)
