"""From an answer to an outcome: the verdict, the ids learnt, and what a person has to mend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from channels.connectors.base import Operation
from channels.connectors.outcome import Issue, Outcome, Verdict
from channels.connectors.shopify import bundles, errors, uploads, wire
from channels.connectors.shopify.fields import METAFIELD, VARIANT_METAFIELD
from channels.connectors.shopify.looks import collection, digests, looked, variant_links
from channels.connectors.shopify.outcomes import issue_of, outcome_of, verdict_of, wait
from channels.connectors.shopify.settings import (
    DEFINITION,
    LOOKED,
    OPERATION,
    PRODUCT,
    SENDING,
    inventory_link,
    media_link,
    published_link,
    variant_link,
)
from pimhub.foundation.http import Response
from pimhub.foundation.jsonvalue import JSON


def interpret(operation: Operation, response: Response) -> Outcome:
    """1. No answer, or one that is no GraphQL: by what was sent and the status code.
    2. Errors at the top: by their code. 3. User errors: by the table. 4. Else accepted, with ids."""
    body = wire.decode(response)
    if body is None or not ("data" in body or isinstance(body.get("errors"), list)):
        return _without_answer(operation, response, body)
    if body.get("errors"):
        return _top_level(operation, response, body)
    payload = (body.get("data") or {}).get(operation.name)
    if operation.name == "productRead":
        return (looked if "look" in operation.context else _read_ids)(operation, response, body)
    if operation.name == "translatableRead":
        return digests(operation, response, body)
    if operation.name == "collectionRead":
        return collection(operation, response, body)
    if operation.name == bundles.READ:
        return bundles.found(operation, response, body)
    if operation.name == "productOperation":
        return _settled(operation, response, body, payload)
    if payload is None:
        return outcome_of(operation, response, body, errors.LOST, [issue_of("empty", "Shopify answered nothing.")])
    if operation.name == uploads.NAME and not payload.get("userErrors"):
        return uploads.placed(operation, response, body)
    return _judged(operation, response, body, payload)


def _judged(operation: Operation, response: Response, body: dict[str, JSON], payload: Mapping[str, Any]) -> Outcome:
    found: list[Mapping[str, Any]] = payload.get("userErrors") or []
    verdicts = [errors.user_error(operation.name, str(e.get("code") or ""), e["message"]) for e in found]
    verdict = errors.strongest([*verdicts, Verdict.ACCEPTED])
    if _is_there_already(operation, found):
        return outcome_of(operation, response, body, Verdict.STALE, [])
    if verdict is not Verdict.ACCEPTED:
        issues = [_user_issue(operation, error) for error in found]
        dropped = _dropped(operation, verdict, found)
        return outcome_of(operation, response, body, verdict, issues, dropped=dropped)
    return _accepted(operation, response, body, payload)


def _is_there_already(operation: Operation, found: Sequence[Mapping[str, Any]]) -> bool:
    """The product was to be made, and one with our custom id exists: an earlier answer was lost. It is read.

    Its address is taken as well then, by itself; only once the shop was read is it known to be another's.
    """
    code = operation.context.get("creates")
    codes = {e.get("code") for e in found if e.get("code") != "CAPABILITY_VIOLATION" or f"'{code}'" in e["message"]}
    taken = "HANDLE_NOT_UNIQUE" in codes and not operation.context.get("absent")
    return code is not None and (taken or "CAPABILITY_VIOLATION" in codes)


def _settled(
    operation: Operation, response: Response, body: dict[str, JSON], payload: Mapping[str, Any] | None
) -> Outcome:
    """How a productSet came out that Shopify worked on by itself. One it knows nothing of is read back instead."""
    if payload is None:
        return outcome_of(operation, response, body, Verdict.STALE, [], dropped=[OPERATION])
    if payload["status"] != "COMPLETE":
        return outcome_of(operation, response, body, Verdict.WORKING, [])
    asked = replace(operation, name="productSet")
    if "skus" not in operation.context:  # the record of what was sent is gone
        return outcome_of(operation, response, body, Verdict.STALE, [], dropped=[OPERATION])
    outcome = _judged(asked, response, body, payload)
    return replace(outcome, dropped_links=(*outcome.dropped_links, OPERATION))


# ---- accepted ----------------------------------------------------------------------------------


def _accepted(operation: Operation, response: Response, body: dict[str, JSON], payload: Mapping[str, Any]) -> Outcome:
    context = operation.context
    links: dict[str, str] = {}
    dropped: list[str] = []
    issues: list[Issue] = []
    if operation.name == "productSet":
        if payload.get("product") is None and payload.get("productSetOperation"):
            started = {OPERATION: payload["productSetOperation"]["id"]}
            return outcome_of(operation, response, body, Verdict.WORKING, [], links=started)
        if payload.get("product") is None:
            nothing = issue_of("empty", "Shopify neither made the product nor said why not.")
            return outcome_of(operation, response, body, errors.LOST, [nothing])
        links = {**variant_links(payload["product"], context["skus"]), PRODUCT: payload["product"]["id"]}
        dropped = [link(sku) for sku in context["removed"] for link in (variant_link, inventory_link)]
        dropped += uploads.used(operation)
        if "look" in context:
            links[LOOKED] = context["look"]  # a new product holds nothing of others
        media = _media_links(payload["product"], context)
        if media is None:
            issues.append(
                issue_of(
                    "media_unmatched",
                    "Shopify took the product but not every picture; what it shows is read back.",
                    field="media",
                    severity="warning",
                )
            )
        links |= media or {}
        if media is not None and "media" in payload["product"]:
            dropped += [SENDING + key for key in context["files"]]
    elif operation.name == "metafieldDefinitionCreate":
        links = {context.get("defines", DEFINITION): str((payload.get("createdDefinition") or {}).get("id") or "taken")}
    elif operation.name == "publishablePublish":
        links = {published_link(x): x for x in context["publications"]}
    elif operation.name == "publishableUnpublish":
        dropped = [published_link(x) for x in context["publications"]]
    links |= context.get("taken", {})
    dropped += context.get("ended", [])
    return outcome_of(operation, response, body, Verdict.ACCEPTED, issues, links=links, dropped=dropped)


def _media_links(product: Mapping[str, Any], context: Mapping[str, JSON]) -> dict[str, str] | None:
    """Media ids by key: Shopify answers in the order of `files`. None when the two do not tally."""
    keys: list[str] = context["files"]
    if "media" not in product:
        return {}  # of a file of calls: the next read-back tells them apart by what was noted before it left
    ids = [node["id"] for node in product["media"]["nodes"]]
    if not keys:
        return {}
    known: list[str] = context["file_ids"]
    tally = len(ids) == len(keys) and all(old in ("", new) for old, new in zip(known, ids, strict=True))
    return {media_link(key): gid for key, gid in zip(keys, ids, strict=True)} if tally else None


def _read_ids(operation: Operation, response: Response, body: dict[str, JSON]) -> Outcome:
    product = (body.get("data") or {}).get("productByIdentifier")
    if product is None:
        gone = operation.context["links"]
        return outcome_of(operation, response, body, Verdict.GONE, [], dropped=gone)
    links = variant_links(product, operation.context["skus"])
    complete = all(variant_link(sku) in links for sku in operation.context["skus"])
    verdict = Verdict.ACCEPTED if complete else Verdict.STALE
    return outcome_of(operation, response, body, verdict, [], links=links)


# ---- refused -----------------------------------------------------------------------------------


def _dropped(operation: Operation, verdict: Verdict, found: Sequence[Mapping[str, Any]]) -> list[str]:
    """Links that an error has shown to be dead."""
    if verdict is Verdict.GONE:
        return list(operation.context.get("links", []))
    if verdict is Verdict.REJECTED and any(errors.index_of(e.get("field") or [], "files") is not None for e in found):
        return uploads.used(operation)  # it may have been forgotten there
    if verdict is not Verdict.STALE:
        return []
    dropped: list[str] = list(operation.context.get("stale", []))
    for error in found:
        path, code, message = error.get("field") or [], str(error.get("code") or ""), error["message"]
        if errors.user_error(operation.name, code, message) is not Verdict.STALE:
            continue
        sku = _sku(operation, path)
        if code in errors.VARIANT_GONE and sku:
            dropped += [variant_link(sku), inventory_link(sku)]
        if "collection" in message.lower() or code in errors.COMPONENT_GONE:
            dropped += operation.context.get("looked_up", [])
        files, place = operation.context.get("files", []), errors.index_of(path, "files")
        if place is not None and place < len(files):
            dropped.append(media_link(files[place]))
        if "metafield definition" in message.lower():
            dropped.append(DEFINITION)
    return list(dict.fromkeys(dropped))


def _user_issue(operation: Operation, error: Mapping[str, Any]) -> Issue:
    path = error.get("field") or []
    code = str(error.get("code") or "user_error").lower()
    field, sku = errors.field_of(path, error["message"]), _sku(operation, path)
    if code == "invalid_locale_for_shop":
        place = errors.index_of(path, "translations")
        rows = operation.context.get("translations", [])
        locale = rows[place][0] if place is not None and place < len(rows) else ", ".join(sorted({r[0] for r in rows}))
        words = (
            f"The shop does not take translations into “{locale}” ({error['message']}). Add the language in Shopify "
            "under Settings, Languages, or take it off the channel's settings; then publish again."
        )
        return issue_of(code, words, field="translations")
    at, place = operation.context.get("at", []), errors.index_of(path, "metafields")
    if place is not None and place < len(at):
        sku, named = at[place]
        field = (VARIANT_METAFIELD if sku else METAFIELD) + named
    return issue_of(code, f"Shopify refuses this: {error['message']}", field=field, sku=sku)


def _sku(operation: Operation, path: Sequence[JSON]) -> str:
    place = errors.index_of(path, "variants", "quantities")
    skus = operation.context.get("skus", [])
    return str(skus[place]) if place is not None and place < len(skus) else ""


def _top_level(operation: Operation, response: Response, body: dict[str, JSON]) -> Outcome:
    found: list[Mapping[str, Any]] = body["errors"]
    meanings = [
        errors.TOP_LEVEL.get(str((e.get("extensions") or {}).get("code")), errors.OTHER_TOP_LEVEL) for e in found
    ]
    verdict = errors.strongest([verdict_of(meaning, operation) for meaning in meanings])
    issues = [
        issue_of(
            str((e.get("extensions") or {}).get("code") or "error").lower(),
            f"Shopify: {e.get('message', '')}",
        )
        for e in found
    ]
    if verdict is Verdict.AUTH and operation.name == bundles.WRITE:
        # Of all calls only this one: the shop is none that may sell bundles.
        verdict = Verdict.REJECTED
        issues = [replace(issue, field=bundles.FIELD) for issue in issues]
    if verdict is Verdict.THROTTLED:
        return outcome_of(operation, response, body, verdict, [], retry_after=wait(body, response))
    dropped = list(operation.context.get("links", [])) if verdict is Verdict.GONE else []
    return outcome_of(operation, response, body, verdict, issues, dropped=dropped)


def _without_answer(operation: Operation, response: Response, body: JSON) -> Outcome:
    status = response.status
    if status == 0:
        meaning: errors.Meaning = errors.LOST if response.sent else Verdict.TRANSIENT
        said = response.error or "no answer"
    else:
        # A success that is no GraphQL is some proxy's page: nothing is known of the call.
        other = errors.SERVER_ERROR if status >= 500 or status < 400 else errors.OTHER_CLIENT_ERROR
        meaning = errors.STATUS.get(status, other)
        words = body.get("errors") if isinstance(body, dict) else None
        said = f"status {status}" + (f": {words}" if isinstance(words, str) else "")
    retry_after = wait({}, response) if meaning is Verdict.THROTTLED else None
    code = "no_answer" if status == 0 else f"http_{status}"
    issues = [] if retry_after else [issue_of(code, f"Shopify did not take the call ({said}).")]
    return outcome_of(operation, response, body, meaning, issues, retry_after=retry_after)
