"""From a mapped product to the bodies a shop should show.

A body holds only what we have something to say about: an absent key is the shop's own affair and is
not read back. Shapes:

""   content      {title, descriptionHtml?, vendor?, productType?, handle?, seoTitle?, seoDescription?,
                   category?, giftCard?, options: [{name, values}],
                   variants: [{sku, options: [value], barcode?, taxable?, taxCode?, inventoryPolicy?,
                               tracked?, requiresShipping?, countryCodeOfOrigin?,
                               harmonizedSystemCode?, weight?: {value, unit}, unitPrice?,
                               requiresComponents?}]}
""   media        {files: [{key, alt}], variants: {sku: key}}
""   tags         {tags: [tag]}
""   collections  {collections: [handle]}
""   metafields   {product: {"namespace.key": {type, value}}, variants: {sku: the same}}
""   publication  {status, publications: [publication id]}
""   components   {SKU of a bundle: {SKU: how many}}, not there without bundles
""   translation  {locale of the shop: {key: {value, of: mark of the text that it translates}}}
SKU  offer        {price, compareAtPrice: amount or None, cost?}, {} without a price
SKU  stock        {location id: units}, {} of a bundle
"""

from __future__ import annotations

from collections.abc import Mapping

from channels.connectors.base import Connection, Facet, MappedProduct, MappedVariant, Ownership, Price, Rendered
from channels.connectors.shopify import bundles, canonical, media_kinds, metafields, settings, translations, unit_price
from channels.connectors.shopify.fields import MEDIA, METAFIELD, VARIANT_METAFIELD
from pimhub.foundation.jsonvalue import JSON


def render(product: MappedProduct, connection: Connection) -> Rendered:
    """The bodies of the product and of each SKU. A variant without SKU has no row; preflight says so."""
    texts = content(product, connection)
    bodies: dict[str, dict[str, JSON]] = {
        "": {
            Facet.CONTENT.value: texts,
            Facet.MEDIA.value: media(product, connection),
            Facet.TAGS.value: {"tags": _list("tags", product, connection)},
            Facet.COLLECTIONS.value: {"collections": _list("collections", product, connection)},
            Facet.METAFIELDS.value: metafields_of(product, connection),
            Facet.TRANSLATION.value: translations.render(product, texts, connection),
            Facet.PUBLICATION.value: publication(product, connection),
        }
    }
    if held := bundles.render(product):
        bodies[""][Facet.COMPONENTS.value] = held
    for variant in product.variants:
        if variant.sku:
            bodies[variant.sku] = {
                Facet.OFFER.value: offer(variant.price),
                Facet.STOCK.value: {} if variant.sku in held else stock(variant, connection),
            }
    urls: dict[str, str] = {}
    for medium in product.media:
        urls.setdefault(medium.key, medium.url)
    files = {medium.key: medium.file for medium in product.media if medium.file}
    return Rendered(product=product.code, bodies=bodies, media_urls=urls, files=files)


def content(product: MappedProduct, connection: Connection) -> dict[str, JSON]:
    fields = product.fields
    body: dict[str, JSON] = {
        "title": canonical.text(fields.get("title")),
        "descriptionHtml": canonical.html(fields.get("description_html")),
        "vendor": canonical.text(fields.get("vendor")),
        "productType": canonical.text(fields.get("product_type")),
        "handle": canonical.handle(fields.get("handle")),
        "seoTitle": canonical.text(fields.get("seo_title")),
        "seoDescription": canonical.text(fields.get("seo_description")),
        "category": canonical.category(fields.get("category")),
        "giftCard": fields.get("gift_card"),
    }
    return {
        **_said(body, connection),
        "options": options(product.variants),
        "variants": [variant_content(variant, connection) for variant in product.variants],
    }


def _list(code: str, product: MappedProduct, connection: Connection) -> list[str]:
    if settings.ownership(connection, code) is Ownership.FOREIGN:
        return []
    return canonical.tags(product.fields.get(code))


def options(variants: tuple[MappedVariant, ...]) -> list[JSON]:
    """The axes with the values in use, both in the order in which the variants bring them."""
    values: dict[str, list[str]] = {}
    for variant in variants:
        for name, value in variant.options:
            seen = values.setdefault(canonical.text(name), [])
            if canonical.text(value) not in seen:
                seen.append(canonical.text(value))
    if not values:
        return [{"name": canonical.DEFAULT_OPTION, "values": [canonical.DEFAULT_VALUE]}]
    return [{"name": name, "values": used} for name, used in values.items()]


def variant_content(variant: MappedVariant, connection: Connection) -> dict[str, JSON]:
    fields = variant.fields
    is_bundle = bool(bundles.components(variant))
    body = {
        "barcode": canonical.text(fields.get("barcode")) or canonical.text(variant.gtin),
        "taxable": fields.get("taxable"),
        "taxCode": canonical.text(fields.get("tax_code")),
        "inventoryPolicy": canonical.text(fields.get("inventory_policy")),
        # Stock that is not tracked would not be shown: counting is what sending stock means.
        "tracked": fields.get("tracked", True if variant.stock and not is_bundle else None),
        "requiresShipping": fields.get("requires_shipping"),
        "countryCodeOfOrigin": canonical.text(fields.get("country_of_origin")).upper(),
        "harmonizedSystemCode": canonical.text(fields.get("hs_code")),
        "weight": _weight(fields.get("weight")),
        "unitPrice": _unit_price(fields.get("unit_quantity"), fields.get("unit_reference")),
        # Nobody can buy it before it holds something.
        "requiresComponents": True if is_bundle else None,
    }
    return {
        "sku": variant.sku,
        "options": [canonical.text(value) for _, value in variant.options] or [canonical.DEFAULT_VALUE],
        **_said(body, connection),
    }


def metafields_of(product: MappedProduct, connection: Connection) -> dict[str, JSON]:
    """What rules fill; values that do not fit their type stay out, and preflight says so."""
    types = settings.metafield_types(connection)
    variants = {v.sku: _metafields(v.fields, VARIANT_METAFIELD, types) for v in product.variants if v.sku}
    return {
        "product": _metafields(product.fields, METAFIELD, types),
        "variants": {sku: found for sku, found in variants.items() if found},
    }


def _metafields(fields: Mapping[str, JSON], prefix: str, types: Mapping[str, str]) -> dict[str, JSON]:
    found: dict[str, JSON] = {}
    for code, value in fields.items():
        place = code.removeprefix(prefix)
        if not code.startswith(prefix) or place not in types or metafields.type_problem(types[place]):
            continue
        try:
            text = metafields.encoded(types[place], value)
        except metafields.BadMetafield:
            continue
        if text:
            found[place] = {"type": types[place], "value": text}
    return found


def media(product: MappedProduct, connection: Connection) -> dict[str, JSON]:
    """Each medium once, in order; a variant shows its first picture. What is uploaded says its kind."""
    if settings.ownership(connection, MEDIA) is Ownership.FOREIGN:
        return {"files": [], "variants": {}}
    skus = {variant.sku for variant in product.variants}
    files: dict[str, JSON] = {}
    variants: dict[str, str] = {}
    for medium in product.media:
        said: dict[str, JSON] = {"key": medium.key, "alt": canonical.text(medium.alt)}
        if media_kinds.is_upload(medium):
            if medium.file is None:
                continue  # preflight says so
            files.setdefault(medium.key, {**said, "kind": media_kinds.upload_type(medium.mime)})
            continue
        files.setdefault(medium.key, said)
        if medium.sku and medium.sku in skus:
            variants.setdefault(medium.sku, medium.key)
    return {"files": list(files.values()), "variants": variants}


def publication(product: MappedProduct, connection: Connection) -> dict[str, JSON]:
    hidden = product.fields.get("published") is False
    return {
        "status": canonical.text(product.fields.get("status")) or "ACTIVE",
        "publications": [] if hidden else settings.publications(connection),
    }


def offer(price: Price | None) -> dict[str, JSON]:
    """What is paid, and the higher price that is struck through: on sale that is the regular one."""
    if price is None:
        return {}
    on_sale = price.sale_price is not None
    body: dict[str, JSON] = {
        "price": canonical.money(price.sale_price if on_sale else price.price),
        "compareAtPrice": canonical.money(price.price if on_sale else price.compare_at),
    }
    if price.cost is not None:
        body["cost"] = canonical.money(price.cost)
    return body


def stock(variant: MappedVariant, connection: Connection) -> dict[str, JSON]:
    """Units by location id; locations that the shop does not have stay out."""
    known = settings.locations(connection)
    return {known[code]: int(units) for code, units in variant.stock.items() if code in known}


def _weight(value: JSON) -> JSON:
    if not isinstance(value, dict):
        return None
    return canonical.weight(value.get("amount"), canonical.text(value.get("unit")))


def _unit_price(quantity: JSON, reference: JSON) -> JSON:
    try:
        return unit_price.render(quantity, reference)
    except unit_price.BadMeasure:
        return None  # preflight says so


def _said(body: dict[str, JSON], connection: Connection) -> dict[str, JSON]:
    """What there is to say; fields that are the shop's own affair stay out."""
    foreign = settings.foreign(connection)
    return {
        name: value
        for name, value in body.items()
        if value is not None and value not in ("", []) and name not in foreign
    }
