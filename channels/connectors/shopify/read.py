"""Reading back: what the shop shows, in the very bodies that `render` writes.

Only what the rendered bodies speak of is compared; the rest is the shop's own affair. Pictures and
variants that we do not know are shown all the same, because the next productSet would remove them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from channels.connectors.base import Connection, Facet, Known, Ownership, Rendered
from channels.connectors.outcome import Issue, RemoteState, Verdict
from channels.connectors.shopify import (
    bundles,
    canonical,
    errors,
    media_kinds,
    read_lists,
    settings,
    translations,
    unit_price,
    wire,
)
from channels.connectors.shopify.fields import MEDIA
from channels.connectors.shopify.inputs import Body, accepted
from channels.connectors.shopify.looks import media_keys
from channels.connectors.shopify.settings import (
    ABSENT,
    DEFINITION,
    METAFIELD,
    PRODUCT,
    SENDING,
    inventory_link,
    media_link,
    published_link,
    variant_link,
)
from pimhub.foundation.http import Request, Response
from pimhub.foundation.jsonvalue import JSON, digest

# Room for what others added, so that it is seen: beyond our own number of variants and pictures.
SPARE_VARIANTS, MOST_VARIANTS = 50, 2048
SPARE_FILES, MOST_FILES = 20, 250
LEVELS = 50  # locations read per variant

UNFINISHED = ("UPLOADED", "PROCESSING")
# A picture that could not be fetched is fetched again; other failures need another picture.
FETCH_FAILURES = ("IMAGE_DOWNLOAD_FAILURE", "GENERIC_FILE_DOWNLOAD_FAILURE", "MEDIA_TIMEOUT_ERROR")


def product_read(rendered: Rendered, known: Known, connection: Connection) -> Request:
    files = rendered.bodies.get("", {}).get(Facet.MEDIA.value, {}).get("files", [])
    ours = read_lists.metafields_of(rendered, known)
    of_product = sorted({place for sku, place in ours if not sku})
    of_variants = sorted({place for sku, place in ours if sku})
    # Media that others added are counted in: a list is only replaced as a whole once all of it was seen.
    shared = settings.ownership(connection, MEDIA) is Ownership.MERGED
    variables = {
        "identifier": wire.identifier(known.links, rendered.product),
        "variants": min(len(rendered.bodies) + SPARE_VARIANTS, MOST_VARIANTS),
        "files": MOST_FILES if shared else min(len(files) + SPARE_FILES, MOST_FILES),
        "levels": LEVELS,
        # Something is named even where nothing is wanted: no name might mean all.
        "metafields": of_product or [f"{settings.NAMESPACE}.{settings.ID_KEY}"],
        "variantMetafields": of_variants,
        "withVariantMetafields": bool(of_variants),
        "withComponents": bundles.asked_for(rendered, known),
    }
    return wire.graphql("productRead", variables, connection)


def read(rendered: Rendered, known: Known, connection: Connection) -> list[Request]:
    """One call for the product and all its rows, one for each further language; none where our custom id cannot exist
    yet."""
    if PRODUCT not in known.links and DEFINITION not in known.links:
        return []
    return [product_read(rendered, known, connection), *translations.read(rendered, known, connection)]


def interpret_read(
    rendered: Rendered, known: Known, responses: Sequence[Response], connection: Connection
) -> RemoteState:
    """The shop's side. An answer that says nothing is pending, never an absent product."""
    if not responses:
        return RemoteState(bodies={})
    response, *others = responses
    body = wire.decode(response)
    if body is not None and _nowhere(body):
        return RemoteState(bodies={}, links={ABSENT: str(known.number)}, raw=body)
    if body is None or body.get("errors") or "productByIdentifier" not in (body.get("data") or {}):
        return RemoteState(bodies={}, pending=True, issues=(_unread(response, body),), raw=body)
    node = body["data"]["productByIdentifier"]
    if node is None:
        return RemoteState(bodies={}, links={ABSENT: str(known.number)}, raw=body)
    state = _Reading(rendered, known, node, connection).state(body)
    answers: dict[str, Mapping[str, Any]] = {}
    for locale, other in zip(translations.read_locales(rendered, known), others, strict=True):
        said = wire.decode(other)
        resource = ((said or {}).get("data") or {}).get("translatableResource")
        if resource is None:
            return RemoteState(bodies={}, pending=True, issues=(_unread(other, said),), raw=body)
        answers[locale] = resource
    # Of a product found by its custom id, the translations are read the next time.
    texts = translations.shown(rendered, known, answers)
    shown = (
        {Facet.TRANSLATION.value: texts}
        if others or not rendered.bodies.get("", {}).get(Facet.TRANSLATION.value)
        else {}
    )
    links = {key: digest(said) for key, said in translations.links_of(texts).items() if key in known.links}
    bodies = {**state.bodies, "": {**state.bodies[""], **shown}}
    return replace(state, bodies=bodies, links={**state.links, **links})


class _Reading:
    """One product as it was answered, seen through our bodies and links."""

    def __init__(self, rendered: Rendered, known: Known, node: Mapping[str, Any], connection: Connection) -> None:
        self.connection = connection
        self.rendered = rendered
        self.known = known
        self.node = node
        self.files: list[Mapping[str, Any]] = node["media"]["nodes"]
        self.variants: list[Mapping[str, Any]] = sorted(node["variants"]["nodes"], key=lambda v: v["position"])
        self.skus = _named(known.links, "variant:")
        self.rows = [(self._row(variant), variant) for variant in self.variants]
        self.media = settings.ownership(connection, MEDIA)
        self.keys = self._media_keys()
        if self.media is Ownership.MERGED:  # what others put there is no difference
            self.files = [file for file in self.files if not self.keys[file["id"]].startswith("remote:")]
        self.issues: list[Issue] = []

    def state(self, raw: JSON) -> RemoteState:
        seen = (self.node, self.rendered, self.known, self.connection)
        bodies: dict[str, dict[str, JSON]] = {
            "": {
                Facet.CONTENT.value: self._content(),
                Facet.MEDIA.value: self._media(),
                Facet.PUBLICATION.value: self._publication(),
                Facet.TAGS.value: {"tags": read_lists.tags(*seen)},
                Facet.COLLECTIONS.value: {"collections": read_lists.collections(*seen)},
                Facet.METAFIELDS.value: self._metafields(),
            }
        }
        if held := bundles.shown(self.rows, self.rendered, self.known):
            bodies[""][Facet.COMPONENTS.value] = held
        for variant in self.variants:
            sku = self._row(variant)
            if sku in self.rendered.bodies and sku:
                bodies[sku] = {
                    Facet.OFFER.value: self._offer(sku, variant),
                    Facet.STOCK.value: self._stock(sku, variant),
                }
        return RemoteState(
            bodies=bodies,
            links=self._links(),
            issues=tuple(self.issues),
            pending=any(file["status"] in UNFINISHED for file in self.files),
            raw=raw,
            dropped_links=tuple(self._ended()),
        )

    def _ended(self) -> list[str]:
        """Links of what is no longer on its way, and of variants that are gone."""
        found = [key for key in self.known.links if key.startswith(SENDING)]
        found += bundles.ended(self.rows, bundles.shown(self.rows, self.rendered, self.known), self.known)
        if len(self.variants) >= min(len(self.rendered.bodies) + SPARE_VARIANTS, MOST_VARIANTS):
            return found  # there may be more than were asked for
        shown = {variant["id"] for variant in self.variants}
        gone = {sku for gid, sku in self.skus.items() if gid not in shown}
        gone -= {self._row(variant) for variant in self.variants}
        for sku in sorted(gone):
            found += [variant_link(sku), inventory_link(sku)]
            found += [key for key in self.known.links if key.startswith(METAFIELD) and key.endswith(f":{sku}")]
        return found

    def _wanted(self, row: str, facet: Facet) -> Body:
        body: Body = self.rendered.bodies.get(row, {}).get(facet.value) or {}
        return body

    def _row(self, variant: Mapping[str, Any]) -> str:
        """The SKU under which we know a variant: by its id first, since a SKU can be edited there."""
        return self.skus.get(variant["id"]) or canonical.text(variant["sku"])

    def _content(self) -> dict[str, JSON]:
        node, wanted = self.node, self._wanted("", Facet.CONTENT)
        shown = {
            "title": canonical.text(node["title"]),
            "descriptionHtml": canonical.html(node["descriptionHtml"]),
            "vendor": canonical.text(node["vendor"]),
            "productType": canonical.text(node["productType"]),
            "handle": canonical.text(node["handle"]),
            "seoTitle": canonical.text(node["seo"]["title"]),
            "seoDescription": canonical.text(node["seo"]["description"]),
            "category": (node["category"] or {}).get("id", ""),
            "giftCard": node["isGiftCard"],
        }
        variants = {v["sku"]: v for v in wanted.get("variants", [])}
        return {
            **_owned(shown, wanted),
            "options": [
                {
                    "name": canonical.text(option["name"]),
                    "values": [canonical.text(v["name"]) for v in option["optionValues"] if v["hasVariants"]],
                }
                for option in sorted(node["options"], key=lambda option: option["position"])
            ],
            "variants": [_variant(v, variants.get(self._row(v), {})) for v in self.variants],
        }

    def _metafields(self) -> dict[str, Any]:
        return read_lists.metafields_shown(self.node, self.rows, read_lists.metafields_of(self.rendered, self.known))

    def _publication(self) -> dict[str, JSON]:
        return {"status": self.node["status"], "publications": self._published()}

    def _published(self) -> list[str]:
        """Of the sales channels that are ours to say: those wanted, and those we once published to."""
        ours = {key.removeprefix("published:") for key in self.known.links if key.startswith("published:")}
        ours |= set(self._wanted("", Facet.PUBLICATION).get("publications", []))
        shown = {x["publication"]["id"] for x in self.node["resourcePublicationsV2"]["nodes"]}
        return sorted(ours & shown)

    def _offer(self, sku: str, variant: Mapping[str, Any]) -> dict[str, JSON]:
        shown = {
            "price": canonical.money(variant["price"]),
            "compareAtPrice": canonical.money(variant["compareAtPrice"]),
            "cost": canonical.money((variant["inventoryItem"]["unitCost"] or {}).get("amount")),
        }
        return {name: value for name, value in shown.items() if name in self._wanted(sku, Facet.OFFER)}

    def _stock(self, sku: str, variant: Mapping[str, Any]) -> dict[str, JSON]:
        levels = variant["inventoryItem"]["inventoryLevels"]
        shown = {
            level["location"]["id"]: quantity["quantity"]
            for level in levels["nodes"]
            for quantity in level["quantities"]
            if quantity["name"] == "available"
        }
        wanted = self._wanted(sku, Facet.STOCK)
        if levels["pageInfo"]["hasNextPage"] and not set(wanted) <= set(shown):
            message = f"{sku} is stocked at more than {LEVELS} locations; not all of its stock was read back."
            self.issues.append(Issue("stock_unread", message, field="stock", sku=sku, severity="warning"))
            shown = {**accepted(self.known, sku, Facet.STOCK), **shown}
        return {place: shown[place] for place in wanted if place in shown}

    def _media(self) -> dict[str, JSON]:
        if self.media is Ownership.FOREIGN:
            return {"files": [], "variants": {}}
        files = []
        for file in self.files:
            key = self.keys[file["id"]]
            failures = [e["code"] for e in file["mediaErrors"]] if file["status"] == "FAILED" else []
            if file["status"] == "FAILED":
                self.issues.append(_failed(file, key))
            if not any(code in FETCH_FAILURES for code in failures):
                kind = file["mediaContentType"]
                own = {"kind": kind} if kind in media_kinds.UPLOADED else {}
                files.append({"key": key, "alt": canonical.text(file["alt"]), **own})
        wanted = self._wanted("", Facet.MEDIA).get("variants", {})
        variants = {}
        for variant in self.variants:
            shown = [self.keys.get(m["id"], f"remote:{m['id']}") for m in variant["media"]["nodes"]]
            if self._row(variant) in wanted and shown:
                variants[self._row(variant)] = shown[0]
        return {"files": files, "variants": variants}

    def _media_keys(self) -> dict[str, str]:
        """Our key of each picture shown; "remote:<id>" for one that we do not know."""
        ours = media_keys(self.known.links, self.files)
        return {file["id"]: ours.get(file["id"], f"remote:{file['id']}") for file in self.files}

    def _links(self) -> dict[str, str]:
        links = {PRODUCT: self.node["id"]}
        links |= {media_link(key): gid for gid, key in self.keys.items() if not key.startswith("remote:")}
        links |= {published_link(x): x for x in self._published()}
        links |= read_lists.metafield_links(self._metafields(), self.known)
        links |= bundles.links_of(self.rows, bundles.shown(self.rows, self.rendered, self.known))
        for variant in self.variants:
            sku = self._row(variant)
            if sku and sku in self.rendered.bodies:
                links[variant_link(sku)] = variant["id"]
                links[inventory_link(sku)] = variant["inventoryItem"]["id"]
        return links


def _named(links: Mapping[str, str], kind: str) -> dict[str, str]:
    """Our name by remote id, for one kind of link."""
    return {gid: key.removeprefix(kind) for key, gid in links.items() if key.startswith(kind)}


def _variant(node: Mapping[str, Any], wanted: Body) -> dict[str, JSON]:
    item = node["inventoryItem"]
    weight = item["measurement"]["weight"]
    shown = {
        "barcode": canonical.text(node["barcode"]),
        "taxable": node["taxable"],
        "taxCode": canonical.text(node["taxCode"]),
        "inventoryPolicy": node["inventoryPolicy"],
        "requiresComponents": node["requiresComponents"],
        "tracked": item["tracked"],
        "requiresShipping": item["requiresShipping"],
        "countryCodeOfOrigin": canonical.text(item["countryCodeOfOrigin"]),
        "harmonizedSystemCode": canonical.text(item["harmonizedSystemCode"]),
        "unitPrice": unit_price.shown(node["unitPriceMeasurement"], is_shown=node["showUnitPrice"]),
        "weight": weight and {"value": canonical.number(weight["value"]), "unit": weight["unit"]},
    }
    return {
        "sku": canonical.text(node["sku"]),
        "options": [canonical.text(option["value"]) for option in node["selectedOptions"]],
        **_owned(shown, wanted),
    }


def _owned(shown: Body, wanted: Body) -> dict[str, JSON]:
    """What we speak of and the shop has: the same normal form as in `render`."""
    return {
        name: value for name, value in shown.items() if name in wanted and value is not None and value not in ("", [])
    }


def _failed(file: Mapping[str, Any], key: str) -> Issue:
    said = "; ".join(e["message"] for e in file["mediaErrors"]) or "no reason given"
    name = canonical.text(file["alt"]) or key
    what = {media_kinds.VIDEO: "video", media_kinds.MODEL: "3D model"}.get(file["mediaContentType"], "picture")
    return Issue(
        code="media_failed",
        message=f"Shopify could not use the {what} “{name}”: {said} Replace it, or mend its address.",
        field="media",
    )


def _nowhere(body: Mapping[str, Any]) -> bool:
    """Shopify knows no such identifier at all: the definition of our custom id was taken away."""
    found = body.get("errors")
    codes = [str((e.get("extensions") or {}).get("code")) for e in found] if isinstance(found, list) else []
    return bool(codes) and all(errors.TOP_LEVEL.get(code) is Verdict.GONE for code in codes)


def _unread(response: Response, body: Mapping[str, Any] | None) -> Issue:
    found = body.get("errors") if body else None
    if isinstance(found, list) and found:
        code = str((found[0].get("extensions") or {}).get("code") or "error")
        meaning = errors.TOP_LEVEL.get(code, errors.OTHER_TOP_LEVEL)
        said = f"{code}: {found[0].get('message', '')}"
    else:
        meaning = errors.STATUS.get(response.status, errors.LOST)
        said = response.error or f"status {response.status}"
    verdict = "transient" if isinstance(meaning, errors.Lost) else meaning.value
    return Issue(f"read_{verdict}", f"Shopify did not say what it shows ({said}).", severity="warning")
