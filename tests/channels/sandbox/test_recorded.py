"""What a real shop once answered, the sandbox answers as well. Skipped where the recordings do not lie beside it."""

from __future__ import annotations

import pytest

from tests.channels.sandbox.fixtures import Sandbox
from tests.channels.sandbox.recorded import FOLDER, Replay, calls, judgement

BULK = "2026-04_bulk-operations_bulk-operation-"
HOOK = "2026-04_webhooks_webhook-subscription-"
# Recording → places where the sandbox answers otherwise, and why that is well so.
RECORDINGS: dict[str, dict[str, str]] = {
    f"{BULK}run-mutation-allowed-roots": dict.fromkeys(
        [f"/cases/{name}/success/statusPolls[0]" for name in ("customerCreate", "metaobjectDefinitionCreate")]
        + ["/cases/metafieldsSet/success/statusPolls[0]"],
        "its line is another, and slow",
    ),
    f"{BULK}run-mutation-client-identifier-validation": {
        "/observations/runQueryWithClientIdentifier": "of two errors of one mistake the second is not told"
    },
    f"{BULK}run-mutation-concurrency-limit": {},
    f"{BULK}run-mutation-connection-validators": {},
    f"{BULK}run-mutation-empty-file": {},
    f"{BULK}run-mutation-no-such-file-precedence": {},
    f"{BULK}run-mutation-user-errors": {},
    f"{BULK}run-mutation-validators": {},
    f"{BULK}name-independent-run-roots": {},
    "2025-01_products_product-set-duplicate-variants-parity": {},
    "2025-01_products_product-set-input-length-validation": {},
    f"{HOOK}address-byte-size-validation": {},
    f"{HOOK}conformance": {},
    f"{HOOK}filter-byte-size-validation": {},
    f"{HOOK}metafield-namespaces-resolution": {},
    f"{HOOK}metafields-lifecycle": {"/omittedCleanup": "what it deletes was made by a call that was not kept"},
    f"{HOOK}topic-enum-validation": {},
    f"{HOOK}topic-format-name-validation": {
        "/validation/createXmlOnJsonOnlyTopicRejected": "which topics know no XML is written nowhere; we ask for JSON"
    },
    f"{HOOK}uri-whitespace": {},
}
# Documents that an older version took.
_OF_ANOTHER_VERSION = {"undefinedField", "undefinedType", "argumentNotAccepted", "missingRequiredArguments"}

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the recordings are not here: they have no licence")


@pytest.mark.parametrize("name", RECORDINGS)
def test_the_sandbox_answers_as_the_shop_did(strict: Sandbox, name: str) -> None:
    """Call by call. What the sandbox does not hold it says; it never answers otherwise."""
    strict.control("settings", channel="shopify", bulk_seconds=5)  # they were under way when they were asked for
    replay, same, otherwise = Replay(), 0, {}
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
