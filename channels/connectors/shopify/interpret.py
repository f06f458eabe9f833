"""From an answer to an outcome: the verdict, the ids learnt, and what a person has to mend."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from channels.connectors.base import Operation
from channels.connectors.outcome import Issue, Outcome, Verdict
from channels.connectors.shopify import canonical, errors, wire
from channels.connectors.shopify.fields import METAFIELD, VARIANT_METAFIELD
from channels.connectors.shopify.settings import (
    API_VERSION,
    COLLECTION,
    DEFINITION,
    DIGEST,
    DIGESTS,
    LOOKED,
    OPERATION,
    PRODUCT,
    SENDING,
    SHOP_COLLECTION,
    TAG,
    THEIR_COLLECTION,
    THEIR_MEDIA,
    THEIR_TAG,
    THEIRS,
    inventory_link,
    media_link,
    published_link,
    variant_link,
)
from pimhub.foundation.http import Response
from pimhub.foundation.jsonvalue import JSON

DEFAULT_WAIT = 2.0  # seconds, when a throttled answer does not say


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
        return (_looked if "look" in operation.context else _read_ids)(operation, response, body)
    if operation.name == "translatableRead":
        return _digests(operation, response, body)
    if operation.name == "collectionRead":
        return _collection(operation, response, body)
    if operation.name == "productOperation":
        return _settled(operation, response, body, payload)
    if payload is None:
        return _outcome(operation, response, body, errors.LOST, [_issue("empty", "Shopify answered nothing.")])
    return _judged(operation, response, body, payload)


def _judged(operation: Operation, response: Response, body: dict[str, JSON], payload: Mapping[str, Any]) -> Outcome:
    found: list[Mapping[str, Any]] = payload.get("userErrors") or []
    verdicts = [errors.user_error(operation.name, str(e.get("code") or ""), e["message"]) for e in found]
    verdict = errors.strongest([*verdicts, Verdict.ACCEPTED])
    if _is_there_already(operation, found):
        return _outcome(operation, response, body, Verdict.STALE, [])
    if verdict is not Verdict.ACCEPTED:
        issues = [_user_issue(operation, error) for error in found]
        dropped = _dropped(operation, verdict, found)
        return _outcome(operation, response, body, verdict, issues, dropped=dropped)
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
        return _outcome(operation, response, body, Verdict.STALE, [], dropped=[OPERATION])
    if payload["status"] != "COMPLETE":
        return _outcome(operation, response, body, Verdict.WORKING, [])
    asked = replace(operation, name="productSet")
    if "skus" not in operation.context:  # the record of what was sent is gone
        return _outcome(operation, response, body, Verdict.STALE, [], dropped=[OPERATION])
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
            return _outcome(operation, response, body, Verdict.WORKING, [], links=started)
        if payload.get("product") is None:
            nothing = _issue("empty", "Shopify neither made the product nor said why not.")
            return _outcome(operation, response, body, errors.LOST, [nothing])
        links = {**variant_links(payload["product"], context["skus"]), PRODUCT: payload["product"]["id"]}
        dropped = [link(sku) for sku in context["removed"] for link in (variant_link, inventory_link)]
        if "look" in context:
            links[LOOKED] = context["look"]  # a new product holds nothing of others
        media = _media_links(payload["product"], context)
        if media is None:
            issues.append(
                _issue(
                    "media_unmatched",
                    "Shopify took the product but not every picture; what it shows is read back.",
                    field="media",
                    severity="warning",
                )
            )
        links |= media or {}
        if media is not None:
            dropped += [SENDING + key for key in context["files"]]
    elif operation.name == "metafieldDefinitionCreate":
        links = {context.get("defines", DEFINITION): str((payload.get("createdDefinition") or {}).get("id") or "taken")}
    elif operation.name == "publishablePublish":
        links = {published_link(x): x for x in context["publications"]}
    elif operation.name == "publishableUnpublish":
        dropped = [published_link(x) for x in context["publications"]]
    links |= context.get("taken", {})
    dropped += context.get("ended", [])
    return _outcome(operation, response, body, Verdict.ACCEPTED, issues, links=links, dropped=dropped)


def variant_links(product: Mapping[str, Any], skus: Sequence[str]) -> dict[str, str]:
    """Ids of variants and their inventory items, by SKU."""
    ours = set(skus)
    links = {}
    for node in product["variants"]["nodes"]:
        if node["sku"] in ours:
            links[variant_link(node["sku"])] = node["id"]
            links[inventory_link(node["sku"])] = node["inventoryItem"]["id"]
    return links


def _media_links(product: Mapping[str, Any], context: Mapping[str, JSON]) -> dict[str, str] | None:
    """Media ids by key: Shopify answers in the order of `files`. None when the two do not tally."""
    keys: list[str] = context["files"]
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
        return _outcome(operation, response, body, Verdict.GONE, [], dropped=gone)
    links = variant_links(product, operation.context["skus"])
    complete = all(variant_link(sku) in links for sku in operation.context["skus"])
    verdict = Verdict.ACCEPTED if complete else Verdict.STALE
    return _outcome(operation, response, body, verdict, [], links=links)


def _looked(operation: Operation, response: Response, body: dict[str, JSON]) -> Outcome:
    """What others put on the product, of the lists that are about to be written."""
    product = (body.get("data") or {}).get("productByIdentifier")
    context = operation.context
    if product is None:
        return _outcome(operation, response, body, Verdict.GONE, [], dropped=context["links"])
    held: Mapping[str, str] = context["held"]
    ours = media_keys(held, product["media"]["nodes"])
    shown = {tag.casefold() for tag in product["tags"]}
    links = {LOOKED: context["look"], **variant_links(product, context["skus"])}
    links |= {media_link(key): gid for gid, key in ours.items()}
    for place, node in enumerate(product["media"]["nodes"]):
        if node["id"] not in ours:
            links[THEIR_MEDIA + node["id"]] = str(place)
    for tag in context["tags"]:
        if tag.casefold() in shown and TAG + tag.casefold() not in held:
            links[THEIR_TAG + tag.casefold()] = tag
    for node in product["collections"]["nodes"]:
        wanted = node["handle"] in context["collections"]
        if wanted and COLLECTION + node["id"] not in held:
            links[THEIR_COLLECTION + node["id"]] = node["handle"]
    sent = [key for key in held if key.startswith(SENDING)]  # found or not, nothing is on its way any more
    gone = [key for key in held if key.startswith(THEIRS) and key not in links]
    return _outcome(operation, response, body, Verdict.ACCEPTED, [], links=links, dropped=[*sent, *gone])


def _digests(operation: Operation, response: Response, body: dict[str, JSON]) -> Outcome:
    resource = (body.get("data") or {}).get("translatableResource")
    if resource is None:
        return _outcome(operation, response, body, Verdict.GONE, [], dropped=operation.context["links"])
    links = {DIGEST + row["key"]: row["digest"] for row in resource["translatableContent"] if row["digest"]}
    links[DIGESTS] = operation.context["digests"]
    gone = [key for key in operation.context["links"] if key.startswith(DIGEST) and key not in links]
    return _outcome(operation, response, body, Verdict.ACCEPTED, [], links=links, dropped=gone)


def _collection(operation: Operation, response: Response, body: dict[str, JSON]) -> Outcome:
    """The id of a collection; one that is not there, or fills itself by rules, is refused in words."""
    handle = operation.context["handle"]
    found = (body.get("data") or {}).get("collectionByIdentifier")
    if found is None:
        words = (
            f"The shop has no collection with the handle “{handle}”. Make it in Shopify, or correct the handle; then "
            "publish again."
        )
        issue = _issue("no_collection", words, field="collections")
        return _outcome(operation, response, body, Verdict.REJECTED, [issue])
    if any((source.get("inclusion") or {}).get("conditions") for source in found["sources"]):
        words = (
            f"The collection “{found['title']}” ({handle}) fills itself by its conditions, so no product can be put in "
            "it. Take it out here, and let its conditions match the product."
        )
        issue = _issue("smart_collection", words, field="collections")
        return _outcome(operation, response, body, Verdict.REJECTED, [issue])
    return _outcome(operation, response, body, Verdict.ACCEPTED, [], links={SHOP_COLLECTION + handle: found["id"]})


def media_keys(links: Mapping[str, str], files: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Our key by id, of the media shown that are ours; also of those whose ids were lost with an answer.

    The latter are neither known nor seen as others' just before, and carry the texts that we sent, in that order.
    """
    known = {gid: key.removeprefix("media:") for key, gid in links.items() if key.startswith("media:")}
    ours = {file["id"]: known[file["id"]] for file in files if file["id"] in known}
    lost: list[tuple[int, str, str]] = []
    shown = {file["id"] for file in files}
    for key, said in links.items():
        if key.startswith(SENDING) and links.get(media_link(key.removeprefix(SENDING))) not in shown:
            place, _, text = said.partition(":")
            lost.append((int(place), key.removeprefix(SENDING), text))
    for file in files:
        if file["id"] in ours or THEIR_MEDIA + file["id"] in links:
            continue
        alt = canonical.text(file["alt"])
        match = next((one for one in sorted(lost) if alt[: len(one[2])] == one[2] and (one[2] or not alt)), None)
        if match is not None:
            lost.remove(match)
            ours[file["id"]] = match[1]
    return ours


# ---- refused -----------------------------------------------------------------------------------


def _dropped(operation: Operation, verdict: Verdict, found: Sequence[Mapping[str, Any]]) -> list[str]:
    """Links that an error has shown to be dead."""
    if verdict is Verdict.GONE:
        return list(operation.context.get("links", []))
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
        if "collection" in message.lower():
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
        return _issue(code, words, field="translations")
    at, place = operation.context.get("at", []), errors.index_of(path, "metafields")
    if place is not None and place < len(at):
        sku, named = at[place]
        field = (VARIANT_METAFIELD if sku else METAFIELD) + named
    return _issue(code, f"Shopify refuses this: {error['message']}", field=field, sku=sku)


def _sku(operation: Operation, path: Sequence[JSON]) -> str:
    place = errors.index_of(path, "variants", "quantities")
    skus = operation.context.get("skus", [])
    return str(skus[place]) if place is not None and place < len(skus) else ""


def _top_level(operation: Operation, response: Response, body: dict[str, JSON]) -> Outcome:
    found: list[Mapping[str, Any]] = body["errors"]
    meanings = [
        errors.TOP_LEVEL.get(str((e.get("extensions") or {}).get("code")), errors.OTHER_TOP_LEVEL) for e in found
    ]
    verdict = errors.strongest([_verdict(meaning, operation) for meaning in meanings])
    issues = [
        _issue(
            str((e.get("extensions") or {}).get("code") or "error").lower(),
            f"Shopify: {e.get('message', '')}",
        )
        for e in found
    ]
    if verdict is Verdict.THROTTLED:
        return _outcome(operation, response, body, verdict, [], retry_after=_wait(body, response))
    dropped = list(operation.context.get("links", [])) if verdict is Verdict.GONE else []
    return _outcome(operation, response, body, verdict, issues, dropped=dropped)


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
    retry_after = _wait({}, response) if meaning is Verdict.THROTTLED else None
    code = "no_answer" if status == 0 else f"http_{status}"
    issues = [] if retry_after else [_issue(code, f"Shopify did not take the call ({said}).")]
    return _outcome(operation, response, body, meaning, issues, retry_after=retry_after)


# ---- shared ------------------------------------------------------------------------------------


def _outcome(
    operation: Operation,
    response: Response,
    body: JSON,
    meaning: errors.Meaning,
    issues: Sequence[Issue],
    *,
    links: Mapping[str, str] | None = None,
    dropped: Sequence[str] = (),
    retry_after: float | None = None,
) -> Outcome:
    return Outcome(
        verdict=_verdict(meaning, operation),
        issues=(*issues, *_version_alarm(response)),
        links=links or {},
        dropped_links=tuple(dropped),
        retry_after=retry_after,
        request_id=response.headers.get("x-request-id", ""),
        response=body,
    )


def _verdict(meaning: errors.Meaning, operation: Operation) -> Verdict:
    if isinstance(meaning, Verdict):
        return meaning
    return Verdict.TRANSIENT if operation.idempotent else Verdict.UNKNOWN


def _wait(body: Mapping[str, Any], response: Response) -> float:
    """Seconds until the bucket holds what the call costs; the header's word where there is no bucket."""
    cost = (body.get("extensions") or {}).get("cost") or {}
    bucket = cost.get("throttleStatus") or {}
    rate = float(bucket.get("restoreRate") or 0)
    if rate and cost.get("requestedQueryCost") is not None:
        lacking = float(cost["requestedQueryCost"]) - float(bucket.get("currentlyAvailable") or 0)
        return max(math.ceil(lacking / rate * 10) / 10, 0.1)
    try:
        return max(float(response.headers.get("retry-after", DEFAULT_WAIT)), 0.1)
    except ValueError:
        return DEFAULT_WAIT


def _version_alarm(response: Response) -> tuple[Issue, ...]:
    """Shopify serves the oldest version left when the one we ask for has ended."""
    served = response.headers.get("x-shopify-api-version", API_VERSION)
    if served == API_VERSION:
        return ()
    return (
        _issue(
            "api_version",
            f"Shopify answered as version {served}; this connector is written for {API_VERSION}. "
            "Update PIMHub before fields go missing.",
            severity="warning",
        ),
    )


def _issue(code: str, message: str, *, field: str = "", sku: str = "", severity: str = "error") -> Issue:
    return Issue(code=code, message=message, field=field, sku=sku, severity=severity)
