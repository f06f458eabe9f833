"""The bridge from GraphQL fields to functions: who answers which field, and how it refuses."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphql import GraphQLError, GraphQLResolveInfo

from channels.sandbox.journal import Record
from channels.sandbox.settings import settings
from channels.sandbox.store import Document, Store

Arguments = dict[str, Any]
UserError = dict[str, Any]

# Codes of user errors that no product data can cause: the client is at fault.
CLIENT_FAULTS = frozenset(
    {
        "ID_NOT_ALLOWED",
        "INPUT_MISMATCH",
        "MISSING_FIELD_REQUIRED",
        "METAFIELD_MISMATCH",
        "PRODUCT_OPTIONS_INPUT_MISSING",
        "VARIANTS_INPUT_MISSING",
        "NO_INVENTORY_QUANTITIES_ON_VARIANTS_UPDATE",
        "PRODUCT_VARIANT_ID_MISSING",
        "INVENTORY_QUANTITIES_LIMIT_EXCEEDED",
        "IDEMPOTENCY_KEY_PARAMETER_MISMATCH",
        "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR",
        "INVALID_NAME",
        "INVALID_REASON",
        "INVALID_REFERENCE_DOCUMENT",
    }
)

_FIELDS: dict[tuple[str, str], Callable[..., Any]] = {}


@dataclass(slots=True)
class Context:
    """What every resolver may use. `origin` is the server's own address, `http://127.0.0.1:PORT`."""

    store: Store
    record: Record
    now: dt.datetime
    origin: str

    @property
    def stamp(self) -> str:
        return self.now.strftime("%Y-%m-%dT%H:%M:%SZ")

    def setting(self, name: str) -> Any:
        return settings(self.store, "shopify")[name]

    def new_id(self, kind: str) -> str:
        return f"gid://shopify/{kind}/{1000 + self.store.next('gid')}"


Info: TypeAlias = GraphQLResolveInfo[Context]
Field: TypeAlias = Callable[[Any, Info, Arguments], Any]


class Refused(Exception):
    """A mutation that changes nothing and answers with user errors."""

    def __init__(self, *errors: UserError) -> None:
        super().__init__(errors[0]["message"])
        self.errors = list(errors)


def user_error(field: Sequence[str | int] | None, message: str, code: str | None = None) -> UserError:
    path = None if field is None else [str(part) for part in field]
    return {"field": path, "message": message, "code": code}


def blame(context: Context, name: str, errors: Sequence[UserError]) -> None:
    """Record as violations those errors that no product data can cause."""
    for error in errors:
        if error["code"] in CLIENT_FAULTS:
            context.record.violate(error["code"], f"{name}: {error['message']} at {error['field']}")


def api_error(message: str, code: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": code})


def unsupported(what: str) -> GraphQLError:
    return api_error(f"The sandbox does not hold {what}; the real shop may.", "SANDBOX_UNSUPPORTED")


def refuse_unsupported(given: Arguments, known: Collection[str], where: str) -> None:
    """Say loudly what the schema allows and the sandbox would otherwise silently forget."""
    for name in given:
        if name not in known:
            raise unsupported(f"{where}.{name}")


def words(text: str) -> tuple[str, ...]:
    """The words of `text`: how the long lists of the vendor's names are written here."""
    return tuple(text.split())


def answers(type_name: str, field_name: str) -> Callable[[Field], Field]:
    def register(function: Field) -> Field:
        _FIELDS[type_name, field_name] = function
        return function

    return register


def mutation(name: str, *blank: str) -> Callable[[Field], Field]:
    """Register a mutation: atomic, and with `blank` payload fields null when it is refused."""

    def register(function: Field) -> Field:
        def run(source: Any, info: Info, args: Arguments) -> Any:
            context: Context = info.context
            effects = list(context.record.effects)
            try:
                with context.store.transaction():
                    payload = function(source, info, args)
            except BaseException as error:
                context.record.effects = effects
                if not isinstance(error, Refused):
                    raise
                payload = dict.fromkeys(blank) | {"userErrors": error.errors, "shop": {}}
            blame(context, name, payload["userErrors"])
            return payload

        _FIELDS["Mutation", name] = run
        return run

    return register


def resolve(source: Any, info: Info, **args: Any) -> Any:
    """The field resolver of the execution: a registered function, else the document's own key."""
    function = _FIELDS.get((info.parent_type.name, info.field_name))
    if function is not None:
        return function(source, info, args)
    if isinstance(source, dict) and info.field_name in source:
        return source[info.field_name]
    raise unsupported(f"{info.parent_type.name}.{info.field_name}")


def connection(items: Sequence[Document], args: Arguments, *, largest: int = 250) -> Document:
    """A page of `items` as a connection with nodes, edges and pageInfo.

    Raises GraphQLError when neither first nor last is given or the page is larger than allowed.
    """
    first, last = args.get("first"), args.get("last")
    if (first is None) == (last is None):
        raise api_error("you must provide one of first or last", "BAD_REQUEST")
    size: int = first if first is not None else last  # type: ignore[assignment]
    if not 0 <= size <= largest:
        raise api_error(f"first or last must be between 0 and {largest}, not {size}", "BAD_REQUEST")
    ordered = list(reversed(items)) if args.get("reverse") else list(items)
    cursors = [_cursor(item, index) for index, item in enumerate(ordered)]
    start, end = 0, len(ordered)
    if args.get("after") is not None:
        start = _place(cursors, args["after"]) + 1
    if args.get("before") is not None:
        end = _place(cursors, args["before"])
    low, high = (start, min(end, start + size)) if first is not None else (max(start, end - size), end)
    page = ordered[low:high]
    return {
        "nodes": page,
        "edges": [{"cursor": cursors[low + index], "node": item} for index, item in enumerate(page)],
        "pageInfo": {
            "hasNextPage": high < len(ordered),
            "hasPreviousPage": low > 0,
            "startCursor": cursors[low] if page else None,
            "endCursor": cursors[high - 1] if page else None,
        },
    }


def _cursor(item: Document, index: int) -> str:
    return base64.urlsafe_b64encode(str(item.get("id", index)).encode()).decode()


def _place(cursors: list[str], cursor: str) -> int:
    if cursor not in cursors:
        raise api_error(f"Invalid cursor: {cursor!r}", "BAD_REQUEST")
    return cursors.index(cursor)


def number_of(gid: str) -> str:
    """`gid://shopify/Product/7` → `7`."""
    return gid.rpartition("/")[2]
