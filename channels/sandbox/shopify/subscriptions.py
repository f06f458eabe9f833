"""Webhook subscriptions of the app: which topics are told, and to whom.

Rules: shopify.dev, webhookSubscriptionCreate, and the user errors that the shop answers with. The shop takes https
addresses only; the sandbox takes http of its own computer as well, for it tells nobody else.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from channels.sandbox.shopify.graph import (
    Arguments,
    Context,
    Info,
    Refused,
    UserError,
    answers,
    connection,
    mutation,
    number_of,
    unsupported,
    user_error,
)
from channels.sandbox.shopify.metafields import namespace_of
from channels.sandbox.store import Document, Store
from channels.sandbox.world import SHOPIFY_VERSION

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_GIVES_UP_AFTER = 8  # messages in a row that were not taken
_PLACE = ["webhookSubscription", "callbackUrl"]
_NAME = re.compile(r"[\w-]+", re.ASCII)
_LONGEST_ADDRESS = 65_535
_LONGEST_FILTER = 65_535


@mutation("webhookSubscriptionCreate", "webhookSubscription")
def create(_: Any, info: Info, args: Arguments) -> Document:
    context: Context = info.context
    given = args["webhookSubscription"]
    _check(context, given, topic=args["topic"], old=None)
    subscription: Document = {
        "__typename": "WebhookSubscription",
        "id": context.new_id("WebhookSubscription"),
        "topic": args["topic"],
        "uri": _address(given),
        "format": given.get("format") or "JSON",
        "filter": given.get("filter"),
        "includeFields": given.get("includeFields") or [],
        "metafieldNamespaces": [namespace_of(each) for each in given.get("metafieldNamespaces") or []],
        "metafields": given.get("metafields") or [],
        "name": given.get("name"),
        "createdAt": context.stamp,
        "updatedAt": context.stamp,
        "_failures": 0,
    }
    context.store.put("subscription", subscription["id"], subscription)
    return {"webhookSubscription": subscription, "userErrors": []}


@mutation("webhookSubscriptionUpdate", "webhookSubscription")
def update(_: Any, info: Info, args: Arguments) -> Document:
    context: Context = info.context
    old = _held(context, args["id"])
    given = args["webhookSubscription"]
    _check(context, given, topic=old["topic"], old=old)
    named = ("format", "filter", "includeFields", "metafieldNamespaces", "metafields", "name")
    subscription = old | {name: given[name] for name in named if name in given}
    subscription["metafieldNamespaces"] = [namespace_of(each) for each in subscription["metafieldNamespaces"]]
    subscription |= {"uri": _address(given) or old["uri"], "updatedAt": context.stamp, "_failures": 0}
    context.store.put("subscription", subscription["id"], subscription)
    return {"webhookSubscription": subscription, "userErrors": []}


@mutation("webhookSubscriptionDelete", "deletedWebhookSubscriptionId")
def delete(_: Any, info: Info, args: Arguments) -> Document:
    held = _held(info.context, args["id"])
    info.context.store.delete("subscription", held["id"])
    return {"deletedWebhookSubscriptionId": held["id"], "userErrors": []}


@answers("QueryRoot", "webhookSubscription")
def webhook_subscription(_: object, info: Info, args: Arguments) -> Document | None:
    found: Document | None = info.context.store.get("subscription", args["id"])
    return found


@answers("QueryRoot", "webhookSubscriptions")
def webhook_subscriptions(_: object, info: Info, args: Arguments) -> Document:
    return connection(_wanted(info.context.store, args), args)


@answers("QueryRoot", "webhookSubscriptionsCount")
def webhook_subscriptions_count(_: object, info: Info, args: Arguments) -> Document:
    return {"count": len(_wanted(info.context.store, args)), "precision": "EXACT"}


def _wanted(store: Store, args: Arguments) -> list[Document]:
    every = store.all("subscription")
    if args.get("topics"):
        every = [each for each in every if each["topic"] in args["topics"]]
    if uri := args.get("uri") or args.get("callbackUrl"):
        every = [each for each in every if each["uri"] == uri]
    for term in str(args.get("query") or "").split():
        name, _sep, value = term.partition(":")
        if name != "id":
            raise unsupported(f"webhookSubscriptions(query: {term!r})")
        every = [each for each in every if number_of(each["id"]) == value]
    return every


@answers("WebhookSubscription", "endpoint")
def endpoint(source: Document, info: Info, args: Arguments) -> Document:
    return {"__typename": "WebhookHttpEndpoint", "callbackUrl": source["uri"]}


@answers("WebhookSubscription", "callbackUrl")
def callback_url(source: Document, info: Info, args: Arguments) -> Any:
    return source["uri"]


@answers("WebhookSubscription", "apiVersion")
def api_version(source: Document, info: Info, args: Arguments) -> Document:
    return {"handle": SHOPIFY_VERSION, "displayName": SHOPIFY_VERSION, "supported": True}


@answers("WebhookSubscription", "legacyResourceId")
def legacy_resource_id(source: Document, info: Info, args: Arguments) -> str:
    return number_of(source["id"])


# ---- telling -----------------------------------------------------------------------------------------


def subscribers(store: Store, topic: str) -> list[Document]:
    """Those of a topic as messages name it, such as products/update."""
    name = topic.upper().replace("/", "_")
    return [each for each in store.all("subscription") if each["topic"] == name]


def took(store: Store, id: str, *, taken: bool) -> None:
    """Count what was not taken; the shop deletes a subscription whose messages nobody takes."""
    with store.transaction():
        found = store.get("subscription", id)
        if found is None:
            return
        found["_failures"] = 0 if taken else found["_failures"] + 1
        if found["_failures"] >= _GIVES_UP_AFTER:
            store.delete("subscription", id)
        else:
            store.put("subscription", id, found)


# ---- what is refused ---------------------------------------------------------------------------------


def _held(context: Context, id: str) -> Document:
    found = context.store.get("subscription", id)
    if found is None:
        raise Refused(user_error(["id"], "Webhook subscription does not exist"))
    return found


def _address(given: Arguments) -> str:
    return str(given.get("uri") or given.get("callbackUrl") or "").strip()


def _check(context: Context, given: Arguments, *, topic: str, old: Document | None) -> None:
    found: list[UserError] = []
    if old is None or "uri" in given or "callbackUrl" in given:
        found += _address_problems(_address(given))
    if (name := given.get("name")) is not None:
        place = ["webhookSubscription", "name"]
        if not name:
            found.append(user_error(place, "Name is too short (minimum is 1 character)"))
        if not _NAME.fullmatch(name):
            words = "Name name field can only contain alphanumeric characters, underscores, and hyphens"
            found.append(user_error(place, words))
        others = [each for each in context.store.all("subscription") if old is None or each["id"] != old["id"]]
        if name and any((each["name"] or "").lower() == name.lower() for each in others):
            found.append(user_error(place, "Name already exists, no duplicate allowed"))
    if len((given.get("filter") or "").encode()) > _LONGEST_FILTER:
        words = "The specified filter exceeds the maximum allowed size."
        found.append(user_error(["webhookSubscription"], words))
    if given.get("filter") and ":" not in given["filter"]:
        words = "The specified filter is invalid, please ensure you specify the field(s) you wish to filter on."
        found.append(user_error(["webhookSubscription"], words))
    same = [
        each
        for each in context.store.all("subscription")
        if (each["topic"], each["uri"], each["filter"] or "", each["format"])
        == (topic, _address(given), given.get("filter") or "", given.get("format") or "JSON")
        and (old is None or each["id"] != old["id"])
    ]
    if same and not found:
        found.append(user_error(_PLACE, "Address for this topic has already been taken"))
    if found:
        raise Refused(*found)


def _address_problems(address: str) -> list[UserError]:
    if not address:
        return [user_error(_PLACE, "Address can't be blank")]
    if len(address.encode()) > _LONGEST_ADDRESS:
        return [user_error(_PLACE, "Address is too big (maximum is 64 KB)")]
    parts = urlsplit(address)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        return []
    if parts.scheme in ("pubsub", "arn"):
        raise unsupported(f"webhook addresses of {parts.scheme}")
    found = [user_error(_PLACE, f"Address protocol {parts.scheme}:// is not supported")]
    if parts.scheme == "kafka":
        found.append(user_error(_PLACE, "Address is not a valid kafka topic"))
    return found
