"""What a real shop once answered, the sandbox answers as well. Skipped where the recordings do not lie beside it."""

from __future__ import annotations

import pytest

from tests.channels.sandbox.fixtures import Sandbox
from tests.channels.sandbox.prepared import things
from tests.channels.sandbox.recorded import FOLDER, Replay, calls, judgement

BULK = "2026-04_bulk-operations_bulk-operation-"
HOOK = "2026-04_webhooks_webhook-subscription-"
TEXT = "2026-04_localization_localization-"
FIELD = "2026-04_metafields_metafield-definition-"
FIELDS = "2025-01_products_metafields-set-"
STOCK = "2026-04_products_inventory-"
MADE = "2025-01_products_product-"
LATER = "2026-04_products_"
FILE = "2026-04_media_"
_TWO_ERRORS = "of two errors of one mistake the second is not told"
# Recording → places where the sandbox answers otherwise, and why that is well so.
RECORDINGS: dict[str, dict[str, str]] = {
    f"{BULK}run-mutation-allowed-roots": dict.fromkeys(
        [f"/cases/{name}/success/statusPolls[0]" for name in ("customerCreate", "metaobjectDefinitionCreate")]
        + ["/cases/metafieldsSet/success/statusPolls[0]"],
        "its line is another, and slow",
    ),
    f"{BULK}run-mutation-client-identifier-validation": {"/observations/runQueryWithClientIdentifier": _TWO_ERRORS},
    f"{BULK}run-mutation-concurrency-limit": {},
    f"{BULK}run-mutation-connection-validators": {},
    f"{BULK}run-mutation-created-status": dict.fromkeys(
        ["/success/statusPolls[0]", "/success/statusPolls[1]", "/success/downstreamRead"],
        "its line makes a product by a mutation that is not held, and is slow",
    ),
    f"{BULK}run-mutation-empty-file": {},
    f"{BULK}run-mutation-no-such-file-precedence": {},
    f"{BULK}run-mutation-user-errors": {},
    f"{BULK}run-mutation-validators": {},
    f"{BULK}name-independent-run-roots": {},
    f"{BULK}storage-byte-limit": {},
    f"{FIELDS}duplicate-input-parity": {},
    f"{FIELDS}invalid-compare-digest-parity": {},
    f"{FIELDS}missing-type-parity": {},
    f"{FIELDS}null-create-parity": {},
    f"{MADE}set-duplicate-variants-parity": {},
    f"{MADE}set-input-length-validation": {},
    f"{MADE}set-parity": {"/preExistingUpdate/id/hydrate": "what was asked of the nodes was not kept"},
    f"{MADE}variants-bulk-update-parity": {},
    f"{MADE}variants-bulk-validation-atomicity": dict.fromkeys(["/cases[19]", "/cases[20]"], _TWO_ERRORS),
    f"{TEXT}handle-translation-validation": {},
    f"{TEXT}translation-updated-at": {},
    f"{TEXT}translations-invalid-key": {},
    f"{TEXT}translations-mutation-noop-validation": {
        "/disabledLocaleRemove/registerAfterDisable": "no call here takes a language away"
    },
    f"{TEXT}translations-unknown-resource": {"/setupRead": "two languages of the shop are others"},
    f"{TEXT}translations-value-matches-original": {},
    f"{FILE}files-upload-live-capture": {},
    f"{FILE}media-staged-uploads-create-non-merchandising": {},
    f"{FIELD}delete-type-guard-no-metafields": {},
    f"{FIELD}update-delete-preconditions": {},
    f"{FIELD}validation-affects-values": {
        "/setTooLongAfterUpdate": "the definition that forbids it was changed by a call that is not held"
    },
    f"{FIELD}validation-job": {},
    f"{STOCK}deactivate-validation-2026-04": {},
    f"{STOCK}quantity-contracts-2026-04": {
        "/missingSetIdempotency": "what was asked was not kept: it is asked here with the key that was missing"
    },
    f"{STOCK}reason-validation": {},
    f"{LATER}publication-mutation-contract": {
        "/cases/createdPublicationRead": "it was made by a call that is not held"
    },
    f"{HOOK}address-byte-size-validation": {},
    f"{HOOK}api-version-projection": dict.fromkeys(
        [f"/lifecycle/{each}" for each in ("create", "update", "listAfterCreate", "listAfterUpdate")]
        + ["/lifecycle/detailAfterCreate", "/lifecycle/detailAfterUpdate"],
        "the app that registered was of another version",
    ),
    f"{HOOK}cloud-uri-validation": {},
    f"{HOOK}conformance": {},
    f"{HOOK}filter-byte-size-validation": {},
    f"{HOOK}list-connection": {},
    f"{HOOK}metafield-namespaces-resolution": {},
    f"{HOOK}metafields-lifecycle": {"/omittedCleanup": "what it deletes was made by a call that was not kept"},
    f"{HOOK}topic-enum-validation": {},
    f"{HOOK}topic-format-name-validation": {
        "/validation/createXmlOnJsonOnlyTopicRejected": "which topics know no XML is written nowhere; we ask for JSON"
    },
    f"{HOOK}uri-whitespace": {},
}
_NOT_KEPT = "what was asked was not kept, or in no form that can be asked again"
_OLD = "inputs of a version that is no more"
# Recordings that are not asked again, and why. The hub speaks of none of it.
OUT_OF_SCOPE: dict[str, str] = {
    **dict.fromkeys(
        [f"{FIELDS}{each}-parity" for each in ("missing-key", "missing-owner", "missing-value")]
        + [f"{FIELDS}malformed-existing-digest", f"{TEXT}disable-clears-translations"]
        + [f"{TEXT}locale-translation-fixture", f"{TEXT}translatable-resource-absence"]
        + [f"{FIELD}capability-eligibility", f"{FIELD}create-with-pin-guards"]
        + [f"{LATER}product-variants-bulk-update-allow-partial-and-error-order"],
        _NOT_KEPT,
    ),
    **dict.fromkeys(["2025-01_products_inventorySetQuantities-name-validation"], _OLD),
    **dict.fromkeys(
        [f"{MADE}create-{each}" for each in ("input-validation", "media-parity", "with-options-parity")]
        + [f"{MADE}create-with-options-multi-value-parity", f"{MADE}create-then-bulk-create-price-range-parity"]
        + [f"{MADE}variants-bulk-create-parity", f"{LATER}product-create-parity", f"{LATER}product-relationship-roots"]
        + [
            f"2025-01_products_productVariantsBulkCreate-strategy-{each}-standalone"
            for each in ("default-custom", "default-default", "remove-custom", "remove-default")
        ]
        + [f"{LATER}productVariantsBulkCreate-omitted-strategy-default-standalone"]
        + [f"{LATER}product-change-status-unknown-product-parity"]
        + [f"{MADE}variants-bulk-reorder-validation-resequence"],
        "products and variants are made and ordered by productSet alone",
    ),
    **dict.fromkeys([f"{LATER}product-delete-async-operation"], "products are archived, never deleted"),
    **dict.fromkeys(
        [f"{MADE}delete-media-parity", f"{LATER}product-media-missing-media-aggregation"]
        + [f"{LATER}product-variant-media-validation"],
        "media come and go with productSet; the calls of older versions are not used",
    ),
    **dict.fromkeys(
        [f"{FILE}media-file-create-{each}" for each in (
            "batch-size-limit", "input-validation", "large-batch-timestamps", "references-authorization",
            "then-image-read", "validation-branches", "validation-precedence",
        )]
        + [f"{FILE}media-file-update-{each}" for each in (
            "filename-extension-aggregation", "mixed-batch-partial-success", "simultaneous-source-conflict",
            "validation-branches", "validation-ordering",
        )]
        + [f"{FILE}file-{each}" for each in (
            "acknowledge-update-failed-local-staging", "update-missing-id-coercion",
            "update-product-reference-local-staging",
        )]
        + [f"{FILE}media-file-delete-typed-gid-roundtrip", f"{FILE}media-file-interface-fields"]
        + [f"{FILE}files-query-sort-saved-searches"],
        "the shop's library of files is its people's; pictures of products come with productSet",
    ),
    f"{FILE}staged-upload-targets-parity": "what was asked was not kept; the places have its shapes",
    **dict.fromkeys(
        [f"{BULK}cancel-preserves-fields", f"{BULK}run-query-validators"], "no questions are asked in bulk",
    ),
    "2026-04_bulk-operations_bulk-operations-sort-key": "lists what the shop did in weeks before",
    **dict.fromkeys(
        [f"{TEXT}shop-locale-{each}" for each in (
            "enable-web-presence-sync", "market-web-presence-filter", "primary-guards",
        )],
        "languages and web presences are the shop's settings",
    ),
    f"{TEXT}parent-observation-preservation": "texts of collections are the shop's",
    f"{TEXT}translatable-resources-reverse": "products are read one by one",
    f"{TEXT}translations-market-scoped": "a market is a channel of its own; texts are registered for all",
    f"{FIELDS}owner-expansion-parity": "metafields of collections are the shop's",
    f"{FIELD}lifecycle-mutations": "definitions are made, never changed or deleted",
    "2026-04_metafields_metafieldsSet-type-from-definition": "each metafield is sent with its type",
    **dict.fromkeys(
        [f"{LATER}collection-{each}" for each in (
            "create-products-ruleset-validation", "product-membership-job-parity", "reorder-products-manual-sort",
            "top-level-staged-read", "update-missing-id", "update-ruleset-job-parity",
        )],
        "collections are made and ordered in the shop; products join them by productUpdate",
    ),
    **dict.fromkeys(
        [f"{STOCK}adjust-{each}" for each in ("ledger-document-validation", "name-allowlist", "zero-delta-noop")],
        "quantities are set, never adjusted",
    ),
    **dict.fromkeys(
        [f"{STOCK}inactive-level-lifecycle-2026-04", f"{STOCK}item-levels-connection-windowing-2026-04"],
        "places are made, and goods taken from them, in the shop",
    ),
    f"{LATER}product-contextual-pricing-price-list-parity": "price lists of markets are the shop's",
    f"{MADE.removesuffix('product-')}publishable-publish-shop-count-parity": "asks how many sales channels there are",
    **dict.fromkeys(
        [f"{LATER}selling-plan-group-{each}" for each in (
            "add-remove-validation", "input-validation", "lifecycle", "update-delete-to-zero",
        )],
        "subscriptions of customers are the shop's",
    ),
    **dict.fromkeys(
        ["2026-04_webhooks_eventbridge-cloud-format-json-only", f"{HOOK}dedicated-cloud-destinations"]
        + [f"{HOOK}pub-sub-required-fields"],
        "messages are sent to the hub by HTTPS, into no other cloud",
    ),
}  # fmt: skip
# Documents that an older version took.
_OF_ANOTHER_VERSION = {"undefinedField", "undefinedType", "argumentNotAccepted", "missingRequiredArguments"}

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the recordings are not here: they have no licence")


@pytest.mark.parametrize("name", RECORDINGS)
def test_the_sandbox_answers_as_the_shop_did(strict: Sandbox, name: str) -> None:
    """Call by call. What the sandbox does not hold it says; it never answers otherwise."""
    strict.control("settings", channel="shopify", bulk_seconds=5)  # they were under way when they were asked for
    replay, same, otherwise = Replay(held=things(FOLDER / f"{name}.json")), 0, {}
    for asked in calls(FOLDER / f"{name}.json"):
        answer = replay.ask(strict, asked)
        codes = {str((each.get("extensions") or {}).get("code")) for each in answer.get("errors") or []}
        if "SANDBOX_UNSUPPORTED" in codes or (codes & _OF_ANOTHER_VERSION and not asked.answer.get("errors")):
            continue
        if judgement(asked.answer) == judgement(answer):
            same += 1
        else:
            otherwise[asked.place] = (judgement(asked.answer), judgement(answer))
    assert same, "no call of the recording was asked"
    assert otherwise.keys() == RECORDINGS[name].keys(), otherwise


def test_no_recording_is_passed_over_in_silence() -> None:
    assert RECORDINGS.keys().isdisjoint(OUT_OF_SCOPE)
    assert RECORDINGS.keys() | OUT_OF_SCOPE.keys() == {path.stem for path in FOLDER.glob("*.json")}
