"""What Shopify's refusals mean: tables from error to verdict, and from error path to target field.

Sources: the error enums and their descriptions in the official schema; the error classes that
Shopify's pages name for status codes; wording of uncoded errors as Shopify answers them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from channels.connectors.outcome import Verdict
from pimhub.foundation.jsonvalue import JSON


@dataclass(frozen=True, slots=True)
class Lost:
    """No telling whether it happened: a repeatable call is tried again, any other read back first."""


LOST = Lost()
Meaning = Verdict | Lost

# ---- status codes, asked only when the body is no GraphQL answer ---------------------------------

STATUS: Mapping[int, Meaning] = {
    401: Verdict.AUTH,  # token wrong or expired
    403: Verdict.AUTH,  # scope missing
    402: Verdict.CONFIG,  # shop frozen for want of payment
    404: Verdict.CONFIG,  # no such shop, or this API version has ended
    423: Verdict.CONFIG,  # shop locked
    408: LOST,
    429: Verdict.THROTTLED,
    430: Verdict.THROTTLED,  # Shopify's guard against floods
}
SERVER_ERROR: Meaning = LOST  # 500 and above
OTHER_CLIENT_ERROR: Meaning = Verdict.CONTRACT

# ---- `errors[].extensions.code` at the top of an answer ------------------------------------------

TOP_LEVEL: Mapping[str, Meaning] = {
    "THROTTLED": Verdict.THROTTLED,
    "ACCESS_DENIED": Verdict.AUTH,
    "UNAUTHENTICATED": Verdict.AUTH,
    "SHOP_INACTIVE": Verdict.CONFIG,
    "INTERNAL_SERVER_ERROR": LOST,
    "TIMEOUT": LOST,
    "NOT_FOUND": Verdict.GONE,
    "RESOURCE_NOT_FOUND": Verdict.GONE,
    "MAX_COST_EXCEEDED": Verdict.CONTRACT,
    "MAX_INPUT_SIZE_EXCEEDED": Verdict.CONTRACT,
    "BAD_REQUEST": Verdict.CONTRACT,
    "INVALID_VARIABLE": Verdict.CONTRACT,
    "INVALID_FIELD_ARGUMENTS": Verdict.CONTRACT,
    "GRAPHQL_PARSE_FAILED": Verdict.CONTRACT,
    "GRAPHQL_VALIDATION_FAILED": Verdict.CONTRACT,
    "parseError": Verdict.CONTRACT,
    "undefinedField": Verdict.CONTRACT,
    "undefinedType": Verdict.CONTRACT,
    "argumentNotAccepted": Verdict.CONTRACT,
    "argumentLiteralsIncompatible": Verdict.CONTRACT,
    "missingRequiredArguments": Verdict.CONTRACT,
    "missingRequiredInputObjectAttribute": Verdict.CONTRACT,
    "variableMismatch": Verdict.CONTRACT,
    "variableRequiresValidType": Verdict.CONTRACT,
}
# The publisher limits how often a transient failure is tried again.
OTHER_TOP_LEVEL: Meaning = Verdict.TRANSIENT

# ---- userErrors ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UserError:
    """A row of the table: an empty condition holds always; the first row that holds decides."""

    verdict: Verdict
    codes: frozenset[str] = frozenset()
    message: str = ""  # a pattern found anywhere, in any case
    operation: str = ""

    def holds(self, operation: str, code: str, message: str) -> bool:
        return (
            self.operation in ("", operation)
            and (not self.codes or code in self.codes)
            and (not self.message or re.search(self.message, message, re.IGNORECASE) is not None)
        )


# A variant, or its inventory item, is no longer there; the product may well be.
VARIANT_GONE = ("PRODUCT_VARIANT_DOES_NOT_EXIST", "MUST_BE_FOR_THIS_PRODUCT", "INVALID_INVENTORY_ITEM")

# Of a bundle: a variant that it holds, or is to hold, is no longer there, or is in it otherwise than we thought.
COMPONENT_GONE = (
    "PRODUCT_VARIANTS_NOT_FOUND", "PRODUCT_VARIANTS_NOT_COMPONENTS", "DUPLICATE_PRODUCT_VARIANT_RELATIONSHIP",
)  # fmt: skip


def _when(verdict: Verdict, *codes: str, message: str = "", operation: str = "") -> UserError:
    return UserError(verdict, frozenset(codes), message, operation)


USER_ERRORS: Sequence[UserError] = (
    # The definition of the custom id: somebody else made it at the same moment, or before.
    _when(Verdict.ACCEPTED, "TAKEN", operation="metafieldDefinitionCreate"),
    _when(Verdict.CONFIG, operation="metafieldDefinitionCreate"),
    # The shop holds something else than we thought.
    _when(Verdict.STALE, "CHANGE_FROM_QUANTITY_STALE", "COMPARE_QUANTITY_STALE", "STALE_OBJECT"),
    _when(Verdict.STALE, "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"),  # the next plan has a new key
    _when(Verdict.STALE, *VARIANT_GONE),
    _when(Verdict.STALE, *COMPONENT_GONE),
    _when(Verdict.TRANSIENT, "UNEXPECTED_ERROR", operation="productVariantRelationshipBulkUpdate"),
    _when(Verdict.STALE, "FILE_DOES_NOT_EXIST", "MEDIA_DOES_NOT_EXIST"),
    _when(Verdict.STALE, message=r"\bfiles? .*(does not|do not|doesn't) exist", operation="productSet"),
    _when(Verdict.STALE, message=r"metafield definition", operation="productSet"),
    _when(Verdict.STALE, message=r"\bowner\b.*\b(not|n't)\b"),  # of a metafield: the product or variant is gone
    # A collection was deleted, or has become one that fills itself: it is looked up anew.
    _when(Verdict.STALE, message=r"\bcollections?\b", operation="productUpdate"),
    _when(Verdict.GONE, "PRODUCT_DOES_NOT_EXIST", "NOT_FOUND"),
    _when(Verdict.GONE, message=r"^(product|resource) (does not exist|not found)"),
    # Shopify's own trouble.
    _when(Verdict.TRANSIENT, "GENERIC_ERROR", "JOB_ERROR", "IDEMPOTENCY_CONCURRENT_REQUEST"),
    _when(Verdict.QUOTA, message=r"daily .*limit|limit .*(per|a) day"),
    # Translations: the text has changed since its digest was read; a translation equal to its text says nothing.
    _when(Verdict.STALE, "INVALID_TRANSLATABLE_CONTENT"),
    _when(Verdict.ACCEPTED, message=r"cannot match original content", operation="translationsRegister"),
    _when(Verdict.GONE, "RESOURCE_NOT_FOUND"),
    # The channel's settings.
    _when(Verdict.CONFIG, "INVALID_LOCATION", "PUBLICATION_NOT_FOUND"),
    _when(Verdict.CONFIG, message=r"publication", operation="publishablePublish"),
    _when(Verdict.CONFIG, message=r"publication", operation="publishableUnpublish"),
    _when(Verdict.CONFIG, message=r"location .*(not|n't)"),
    # Ours.
    _when(
        Verdict.CONTRACT,
        "IDEMPOTENCY_KEY_PARAMETER_MISMATCH", "ID_NOT_ALLOWED", "INPUT_MISMATCH", "METAFIELD_MISMATCH",
        "MISSING_FIELD_REQUIRED", "PRODUCT_OPTIONS_INPUT_MISSING", "VARIANTS_INPUT_MISSING",
        "PRODUCT_VARIANT_ID_MISSING", "NO_INVENTORY_QUANTITIES_ON_VARIANTS_UPDATE",
        "NO_INVENTORY_QUANTITES_DURING_UPDATE", "INVALID_NAME", "INVALID_REASON",
        "INVALID_REFERENCE_DOCUMENT", "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR",
        "INVENTORY_QUANTITIES_LIMIT_EXCEEDED",
    ),
)  # fmt: skip
# Whatever else Shopify finds wrong is in the item's data.
OTHER_USER_ERROR = Verdict.REJECTED

# When one answer holds several errors, the first of these decides: what stops the channel, what is
# mended by reading back, what a person must change, what passes.
PRECEDENCE: Sequence[Verdict] = (
    Verdict.AUTH,
    Verdict.CONFIG,
    Verdict.CONTRACT,
    Verdict.QUOTA,
    Verdict.GONE,
    Verdict.STALE,
    Verdict.REJECTED,
    Verdict.UNKNOWN,
    Verdict.TRANSIENT,
    Verdict.THROTTLED,
    Verdict.ACCEPTED,
)


def user_error(operation: str, code: str, message: str) -> Verdict:
    for row in USER_ERRORS:
        if row.holds(operation, code, message):
            return row.verdict
    return OTHER_USER_ERROR


def strongest(verdicts: Sequence[Verdict]) -> Verdict:
    return min(verdicts, key=PRECEDENCE.index)


# ---- from an error's path to the field that feeds it ---------------------------------------------

# Target fields, and "price", "sku", "stock", "options", "media" for what no rule fills.
FIELDS: Mapping[str, str] = {
    "title": "title", "descriptionHtml": "description_html", "vendor": "vendor",
    "productType": "product_type", "handle": "handle", "tags": "tags",
    "collections": "collections", "collectionsToJoin": "collections", "collectionsToLeave": "collections",
    "category": "category",
    "seo": "seo_title", "seo.title": "seo_title", "seo.description": "seo_description",
    "status": "status", "giftCard": "gift_card", "productOptions": "options", "optionValues": "options",
    "files": "media", "file": "media", "sku": "sku", "barcode": "barcode", "price": "price",
    "compareAtPrice": "price", "cost": "price", "taxable": "taxable", "taxCode": "tax_code",
    "inventoryPolicy": "inventory_policy", "tracked": "tracked", "requiresShipping": "requires_shipping",
    "countryCodeOfOrigin": "country_of_origin", "harmonizedSystemCode": "hs_code",
    "measurement": "weight", "inventoryQuantities": "stock", "quantity": "stock",
    "publicationId": "published",
    "parentProductVariantId": "components", "productVariantRelationshipsToCreate": "components",
    "productVariantRelationshipsToUpdate": "components", "productVariantRelationshipsToRemove": "components",
}  # fmt: skip

# Shopify often puts an error of a product field at ["input"] and names the field in words only.
_WORDS: Sequence[tuple[str, str]] = (
    (r"^title\b", "title"),
    (r"^handle\b", "handle"),
    (r"^vendor\b", "vendor"),
    (r"^(custom )?product type\b", "product_type"),
    (r"^(product )?tags?\b", "tags"),
    (r"\bvariant\b.*\balready exists\b", "options"),
    (r"\boption value\b", "options"),
    (r"\bbarcode\b", "barcode"),
    (r"\bprice\b", "price"),
    (r"\b(image|media|file)\b", "media"),
)


def field_of(path: Sequence[JSON], message: str = "") -> str:
    """The target field behind an error path such as ["input", "variants", "4", "barcode"]; "" if none."""
    names = [str(part) for part in path if not str(part).isdigit()]
    for end in range(len(names), 0, -1):
        for name in (".".join(names[max(end - 2, 0) : end]), names[end - 1]):
            if name in FIELDS:
                return FIELDS[name]
    return next((field for words, field in _WORDS if re.search(words, message, re.IGNORECASE)), "")


def index_of(path: Sequence[JSON], *lists: str) -> int | None:
    """4 for ["input", "variants", "4"] and "variants"; None when the path names no entry of `lists`."""
    parts = [str(part) for part in path]
    for name, after in zip(parts, parts[1:], strict=False):
        if name in lists and after.isdigit():
            return int(after)
    return None
