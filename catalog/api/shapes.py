"""The shapes of products, as they are read and as they are written, and of what hangs on them."""

from __future__ import annotations

from catalog.api.describe import ANY, FLAG, LABELS, MOMENT, NUMBER, TEXT, TEXTS, Schema, array, maybe, thing

AMOUNT: Schema = {"type": ["string", "number", "null"], "description": "exact; text is safest"}
VALUES: Schema = {
    "type": "object",
    "description": "by value key: `color`, `name@de_DE`, `description@de_DE#print`; null is deliberately empty",
    "additionalProperties": ANY,
}
BY_KEY: Schema = {"type": "object", "additionalProperties": ANY}
TARGET = thing("", product=TEXT, sku=TEXT, quantity=AMOUNT)
LINKS: Schema = {"type": "object", "description": "by association type", "additionalProperties": array(TARGET)}
REFERENCES: Schema = {
    "type": "object",
    "description": "system → its code; null ends it",
    "additionalProperties": {"type": ["string", "null"]},
}
OFFER = thing(
    "",
    price=AMOUNT,
    compare_at=AMOUNT,
    sale_price=AMOUNT,
    sale_from=maybe(MOMENT),
    sale_to=maybe(MOMENT),
    cost=AMOUNT,
    tax_class=TEXT,
)
LISTS: Schema = {"type": "object", "additionalProperties": {"type": "array"}}

VARIANT_IN = thing(
    "",
    sku=TEXT,
    gtin={"type": ["string", "null"], "description": "8, 12, 13 or 14 digits with a right check digit"},
    values=VALUES,
    reset={**TEXTS, "description": "value keys that inherit from the product again"},
    offers={"type": "object", "description": "by price list", "additionalProperties": OFFER},
    stock={"type": "object", "description": "units by location", "additionalProperties": NUMBER},
    add_values=LISTS,
    remove_values=LISTS,
    associations=LINKS,
    references=REFERENCES,
    trashed=maybe(FLAG),
)
MEDIUM_IN = thing("", url=TEXT, sha256=TEXT, alt=LABELS, sku=TEXT)
PRODUCT_IN = thing(
    "",
    code=TEXT,
    key={"type": "object", "description": "another system's code in place of ours: {system: code}"},
    family=TEXT,
    values=VALUES,
    reset=TEXTS,
    base={"type": "object", "description": "what the writer saw; another value by now is a 409"},
    axes=maybe(TEXTS),
    categories=maybe(TEXTS),
    variants=array(VARIANT_IN),
    media={"type": ["array", "null"], "items": MEDIUM_IN},
    add_values=LISTS,
    remove_values=LISTS,
    add_categories=TEXTS,
    remove_categories=TEXTS,
    associations=LINKS,
    add_associations=LINKS,
    remove_associations=LINKS,
    references=REFERENCES,
    trashed=maybe(FLAG),
    force={**FLAG, "description": "what goes to the trash goes although it is in use"},
    version={**maybe(NUMBER), "description": "refuse unless it is at this version"},
)

VARIANT = thing(
    "sku gtin values", sku=TEXT, gtin=maybe(TEXT), values=BY_KEY, offers=BY_KEY, stock=BY_KEY, overrides=TEXTS
)
PRODUCT = thing(
    "",
    code=TEXT,
    family=TEXT,
    version=NUMBER,
    axes=TEXTS,
    values=BY_KEY,
    categories=TEXTS,
    variants=array(VARIANT),
    created=MOMENT,
    updated=MOMENT,
    trashed=MOMENT,
    state=TEXT,
    content_hash=TEXT,
    live_revision=maybe(NUMBER),
    has_unpublished_changes=FLAG,
    channels={**BY_KEY, "description": "{channel: state of its listings}"},
    published={**BY_KEY, "description": "{channel: {state, revision, live_since}}"},
    text_origins={**BY_KEY, "description": "{value key: origin of a text that AI had a hand in, and what is stale}"},
    content_scores={**BY_KEY, "description": "{scope: {locale: points of 100}}"},
    embargoes=array(thing("*", scope=TEXT, until=MOMENT, shown_revision=maybe(NUMBER))),
    media=array(BY_KEY),
    associations=BY_KEY,
    associated_by=BY_KEY,
    references=BY_KEY,
    completeness=array(BY_KEY),
)
CHANGES: Schema = {"type": "object", "description": "{SKU or empty: {key: [old, new]}}"}
ENTRY = thing(
    "id product changes change_set at",
    id=NUMBER,
    product=TEXT,
    sku=maybe(TEXT),
    changes=BY_KEY,
    line=maybe(NUMBER),
    change_set=TEXT,
    actor=TEXT,
    source=TEXT,
    reason=TEXT,
    at=MOMENT,
)
ACT = thing(
    "*",
    id=TEXT,
    actor=TEXT,
    user=maybe(TEXT),
    source=TEXT,
    system=maybe(TEXT),
    reason=TEXT,
    at=MOMENT,
    products=NUMBER,
    undoes=maybe(TEXT),
    undone=FLAG,
)
PLAN = thing(
    "id kind what title state counts",
    id=TEXT,
    kind=TEXT,
    what=BY_KEY,
    title=TEXT,
    reason=TEXT,
    user=maybe(TEXT),
    state=TEXT,
    products=NUMBER,
    counts=BY_KEY,
    impact=array(BY_KEY),
    problem=maybe(TEXT),
    change_set=maybe(TEXT),
    created=MOMENT,
    finished=maybe(MOMENT),
)
PLAN_LINE = thing("*", product=TEXT, outcome=TEXT, changes=CHANGES, errors=array(BY_KEY))
PICTURE = thing(
    "id sha256 url state title tags uses trashed",
    id=NUMBER,
    sha256=maybe(TEXT),
    url=maybe(TEXT),
    state=TEXT,
    mime=maybe(TEXT),
    width=maybe(NUMBER),
    height=maybe(NUMBER),
    bytes=maybe(NUMBER),
    title=TEXT,
    tags=TEXTS,
    problem=maybe(TEXT),
    uses=NUMBER,
    trashed=FLAG,
)
TOKEN = thing(
    "prefix name scopes",
    prefix=TEXT,
    name=TEXT,
    scopes=TEXTS,
    networks=TEXTS,
    rate=NUMBER,
    created=MOMENT,
    expires=maybe(MOMENT),
    revoked=maybe(MOMENT),
    last_used=maybe(MOMENT),
    previous_works_until=maybe(MOMENT),
    token={"type": "string", "description": "shown this once"},
)
