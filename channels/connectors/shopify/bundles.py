"""Packs and bundles: variants whose components are other variants of the shop.

Sources: shopify.dev "Add a variant fixed bundle" and `productVariantRelationshipBulkUpdate`. Its price is the bundle's
own, its stock that of its components: so none is sent for it. `productBundleCreate` is not used: it makes a product of
its own from a title, which could carry neither our custom id nor SKUs, and a lost answer could not be told from a call
that never was.

What we put together is kept as links (`bundle:<SKU>`) before the call leaves, so that it is taken apart again even if
an answer is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import InvalidOperation
from typing import Any

from channels.connectors.base import Connection, Facet, Known, MappedProduct, MappedVariant, Operation, Rendered
from channels.connectors.outcome import Issue, Outcome, Row, Verdict
from channels.connectors.shopify import canonical, operations, wire
from channels.connectors.shopify.find import escaped
from channels.connectors.shopify.inputs import accepted, is_new
from channels.connectors.shopify.issues import error
from channels.connectors.shopify.outcomes import issue_of, outcome_of
from channels.connectors.shopify.settings import BUNDLE, COMPONENT, variant_link
from pimhub.foundation.http import Response
from pimhub.foundation.jsonvalue import JSON
from pimhub.foundation.numbers import written_out

FIELD = "components"
READ, WRITE = "componentsRead", "productVariantRelationshipBulkUpdate"
MOST = 30  # components of a bundle
AT_ONCE = 25  # SKUs of one search

Parts = Mapping[str, int]  # SKU → how many


# ---- what should be there -------------------------------------------------------------------------


def components(variant: MappedVariant) -> dict[str, int]:
    """What the variant holds; entries that are no SKU or no whole number stay out, and preflight says so."""
    return {sku: many for sku, many, problem in _entries(variant) if not problem}


def render(product: MappedProduct) -> dict[str, JSON]:
    """{SKU of a bundle: {SKU: how many}}"""
    found = {variant.sku: components(variant) for variant in product.variants if variant.sku}
    return {sku: dict(sorted(parts.items())) for sku, parts in found.items() if parts}


def problems(variant: MappedVariant) -> Iterator[Issue]:
    entries = list(_entries(variant))
    for _, _, problem in entries:
        if problem:
            yield error("bad_component", FIELD, problem, variant.sku)
    if len(entries) > MOST:
        words = f"{len(entries)} different articles, Shopify takes {MOST} in a bundle. Split it."
        yield error("too_many", FIELD, words, variant.sku)


def _entries(variant: MappedVariant) -> Iterator[tuple[str, int, str]]:
    """(SKU, how many, what is wrong)"""
    given = variant.fields.get(FIELD)
    for entry in given if isinstance(given, list) else [given] if given else []:
        if not isinstance(entry, Mapping):
            yield "", 0, f"“{entry}” does not say how many of which SKU. Map the field from $contents."
            continue
        sku = canonical.text(entry.get("sku"))
        many = _whole(entry.get("quantity"))
        if not sku:
            named = canonical.text(entry.get("product"))
            yield "", 0, f"“{named}” is a product. Say which of its variants the bundle holds, by SKU."
        elif many is None:
            words = f"{canonical.text(entry.get('quantity'))} of {sku}: Shopify takes whole numbers from 1 on."
            yield sku, 0, words
        else:
            yield sku, many, ""


def _whole(value: JSON) -> int | None:
    try:
        amount = written_out(str(value))
    except InvalidOperation:
        return None
    return int(amount) if amount.is_finite() and amount == amount.to_integral_value() and amount >= 1 else None


# ---- the calls ------------------------------------------------------------------------------------


def wanted(rendered: Rendered) -> dict[str, Parts]:
    return dict(rendered.bodies.get("", {}).get(Facet.COMPONENTS.value) or {})


def ours(known: Known) -> list[str]:
    """The variants that we made bundles of."""
    return sorted(key.removeprefix(BUNDLE) for key in known.links if key.startswith(BUNDLE))


def taken_apart(rendered: Rendered, known: Known, connection: Connection) -> Iterator[Operation]:
    """Bundles that are none any more: before anything else is said of them."""
    over = [sku for sku in ours(known) if sku not in wanted(rendered) and variant_link(sku) in known.links]
    if over:
        rows: list[JSON] = [
            {
                "parentProductVariantId": known.links[variant_link(sku)],
                "removeAllProductVariantRelationships": True,
            }
            for sku in over
        ]
        ended = [BUNDLE + sku for sku in over]
        yield _write(rows, over, known, connection, settles=not wanted(rendered), destructive=True, ended=ended)


def component_ids(rendered: Rendered, known: Known, connection: Connection) -> Iterator[Operation]:
    """The ids of articles that a bundle holds, where they are not known yet: they are other products' variants."""
    if not _differs(rendered, known):
        return
    needed = dict.fromkeys(sku for parts in wanted(rendered).values() for sku in parts)
    missing = [sku for sku in needed if COMPONENT + sku not in known.links]
    for start in range(0, len(missing), AT_ONCE):
        asked = missing[start : start + AT_ONCE]
        query = " OR ".join(f'sku:"{escaped(sku)}"' for sku in asked)
        yield Operation(
            name=READ,
            request=wire.graphql(READ, {"query": query, "first": 4 * len(asked)}, connection),
            carries=(("", Facet.COMPONENTS),),
            then=("put the bundle together",),
            context={"components": asked},
            partial=True,
        )


def put_together(rendered: Rendered, known: Known, connection: Connection) -> Iterator[Operation]:
    """One call for all bundles of the product that hold something else than they should."""
    every = wanted(rendered)
    if not _differs(rendered, known) or any(is_new(sku, known) for sku in every):
        return
    shown: Mapping[str, Parts] = accepted(known, "", Facet.COMPONENTS)
    rows: list[JSON] = []
    for sku, parts in every.items():
        change = _change(parts, shown.get(sku, {}), known)
        if any(change.values()):
            rows.append({"parentProductVariantId": known.links[variant_link(sku)], **change})
    removes = any(row["productVariantRelationshipsToRemove"] for row in rows)
    if rows:
        changed = [sku for sku in every if every[sku] != shown.get(sku)]
        stockless = tuple(
            (sku, Facet.STOCK)
            for sku in every
            if not rendered.bodies[sku][Facet.STOCK.value] and accepted(known, sku, Facet.STOCK)
        )
        yield _write(rows, changed, known, connection, settles=True, destructive=removes, more=stockless)


def _change(parts: Parts, shown: Parts, known: Known) -> dict[str, list[JSON]]:
    def of(skus: list[str]) -> list[JSON]:
        return [{"id": known.links[COMPONENT + sku], "quantity": parts[sku]} for sku in skus]

    gone = [sku for sku in shown if sku not in parts]
    return {
        "productVariantRelationshipsToCreate": of([sku for sku in parts if sku not in shown]),
        "productVariantRelationshipsToUpdate": of([s for s in parts if s in shown and shown[s] != parts[s]]),
        # What is shown was told with its id, and by that it is kept.
        "productVariantRelationshipsToRemove": [known.links.get(COMPONENT + sku, sku) for sku in gone],
    }


def _differs(rendered: Rendered, known: Known) -> bool:
    return bool(wanted(rendered)) and wanted(rendered) != accepted(known, "", Facet.COMPONENTS)


def _write(
    rows: list[JSON],
    skus: list[str],
    known: Known,
    connection: Connection,
    *,
    settles: bool,
    destructive: bool,
    ended: list[str] | None = None,
    more: tuple[tuple[Row, Facet], ...] = (),
) -> Operation:
    return Operation(
        name=WRITE,
        request=wire.graphql(WRITE, {"input": rows}, connection),
        carries=(("", Facet.COMPONENTS), *more),
        idempotent=False,  # a component that is there already is refused: it is read first
        destructive=destructive,
        partial=not settles,
        claims={} if ended else {BUNDLE + sku: "sent" for sku in skus},
        context={
            "links": operations.product_links(known),
            "ended": ended or [],
            # Should one be gone, it is looked up anew.
            "looked_up": sorted(key for key in known.links if key.startswith(COMPONENT)),
        },
    )


def found(operation: Operation, response: Response, body: dict[str, JSON]) -> Outcome:
    """The ids of components. One that is not there yet may come: it is asked again."""
    nodes = ((body.get("data") or {}).get("productVariants") or {}).get("nodes") or []
    links: dict[str, str] = {}
    issues = []
    for sku in operation.context["components"]:
        ids = [node["id"] for node in nodes if node["sku"] == sku]
        if len(ids) == 1:
            links[COMPONENT + sku] = ids[0]
        else:
            there = "has no variant" if not ids else f"has {len(ids)} variants"
            mend = "Publish that product to this channel too" if not ids else "Take it off all but one"
            words = f"The shop {there} with the SKU {sku}, which the bundle holds. {mend}; it is tried again by itself."
            issues.append(issue_of("component_missing", words, field=FIELD))
    verdict = Verdict.TRANSIENT if issues else Verdict.ACCEPTED
    return outcome_of(operation, response, body, verdict, issues, links=links)


# ---- what is there --------------------------------------------------------------------------------


def asked_for(rendered: Rendered, known: Known) -> bool:
    """Whether components are worth reading: where they are wanted, or ours."""
    return bool(wanted(rendered) or ours(known))


def shown(rows: list[tuple[str, Mapping[str, Any]]], rendered: Rendered, known: Known) -> dict[str, Any]:
    """{SKU: {SKU: how many}} of the variants (by SKU) that are to be bundles or that we made such."""
    names = {gid: key.removeprefix(COMPONENT) for key, gid in known.links.items() if key.startswith(COMPONENT)}
    result = {}
    for sku, node in rows:
        held = (node.get("productVariantComponents") or {}).get("nodes") or []
        if held and (sku in wanted(rendered) or BUNDLE + sku in known.links):
            parts = {_name(each["productVariant"], names): each["quantity"] for each in held}
            result[sku] = dict(sorted(parts.items()))
    return result


def _name(node: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """By its id first, since a SKU can be edited there; one without a SKU by its id alone."""
    return names.get(node["id"]) or canonical.text(node["sku"]) or str(node["id"])


def links_of(rows: list[tuple[str, Mapping[str, Any]]], shown: Mapping[str, Parts]) -> dict[str, str]:
    """Ids of the components that are shown, by which they can be taken out again."""
    links = {}
    for sku, node in rows:
        if sku in shown:
            for each in node["productVariantComponents"]["nodes"]:
                if name := canonical.text(each["productVariant"]["sku"]):
                    links[COMPONENT + name] = each["productVariant"]["id"]
    return links


def ended(rows: list[tuple[str, Mapping[str, Any]]], shown: Mapping[str, Parts], known: Known) -> list[str]:
    """Links of bundles that are none there."""
    return [BUNDLE + sku for sku, _ in rows if sku not in shown and BUNDLE + sku in known.links]
