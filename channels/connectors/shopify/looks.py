"""Answers to questions that precede a write: what others put there, ids of collections, digests of texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from channels.connectors.base import Operation
from channels.connectors.outcome import Outcome, Verdict
from channels.connectors.shopify import canonical
from channels.connectors.shopify.outcomes import issue_of, outcome_of
from channels.connectors.shopify.settings import (
    COLLECTION,
    DIGEST,
    DIGESTS,
    LOOKED,
    SENDING,
    SHOP_COLLECTION,
    TAG,
    THEIR_COLLECTION,
    THEIR_MEDIA,
    THEIR_TAG,
    THEIRS,
    inventory_link,
    media_link,
    variant_link,
)
from pimhub.foundation.http import Response
from pimhub.foundation.jsonvalue import JSON


def looked(operation: Operation, response: Response, body: dict[str, JSON]) -> Outcome:
    """What others put on the product, of the lists that are about to be written."""
    product = (body.get("data") or {}).get("productByIdentifier")
    context = operation.context
    if product is None:
        return outcome_of(operation, response, body, Verdict.GONE, [], dropped=context["links"])
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
    return outcome_of(operation, response, body, Verdict.ACCEPTED, [], links=links, dropped=[*sent, *gone])


def digests(operation: Operation, response: Response, body: dict[str, JSON]) -> Outcome:
    resource = (body.get("data") or {}).get("translatableResource")
    if resource is None:
        return outcome_of(operation, response, body, Verdict.GONE, [], dropped=operation.context["links"])
    links = {DIGEST + row["key"]: row["digest"] for row in resource["translatableContent"] if row["digest"]}
    links[DIGESTS] = operation.context["digests"]
    gone = [key for key in operation.context["links"] if key.startswith(DIGEST) and key not in links]
    return outcome_of(operation, response, body, Verdict.ACCEPTED, [], links=links, dropped=gone)


def collection(operation: Operation, response: Response, body: dict[str, JSON]) -> Outcome:
    """The id of a collection; one that is not there, or fills itself by rules, is refused in words."""
    handle = operation.context["handle"]
    found = (body.get("data") or {}).get("collectionByIdentifier")
    if found is None:
        words = (
            f"The shop has no collection with the handle “{handle}”. Make it in Shopify, or correct the handle; then "
            "publish again."
        )
        issue = issue_of("no_collection", words, field="collections")
        return outcome_of(operation, response, body, Verdict.REJECTED, [issue])
    if any((source.get("inclusion") or {}).get("conditions") for source in found["sources"]):
        words = (
            f"The collection “{found['title']}” ({handle}) fills itself by its conditions, so no product can be put in "
            "it. Take it out here, and let its conditions match the product."
        )
        issue = issue_of("smart_collection", words, field="collections")
        return outcome_of(operation, response, body, Verdict.REJECTED, [issue])
    return outcome_of(operation, response, body, Verdict.ACCEPTED, [], links={SHOP_COLLECTION + handle: found["id"]})


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


def variant_links(product: Mapping[str, Any], skus: Sequence[str]) -> dict[str, str]:
    """Ids of variants and their inventory items, by SKU."""
    ours = set(skus)
    links = {}
    for node in product["variants"]["nodes"]:
        if node["sku"] in ours:
            links[variant_link(node["sku"])] = node["id"]
            links[inventory_link(node["sku"])] = node["inventoryItem"]["id"]
    return links
