"""What a token may be used for. A person's own rights bound it further."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

READ, WRITE = "read", "write"
# Resource → what it is. Higher floors add theirs.
resources: dict[str, str] = {
    "audit": "the audit and the stories of products",
    "proposals": "proposed values",
    "policies": "what an approval needs",
    "rules": "what texts must not say, and must",
    "ownership": "who owns which values",
    "channels": "channels, their listings, calls and problems",
    "people": "roles, their rights and limits",
    "published": "what is live of products, prices and stock; drafts never",
    "products": "products, variants, their values, pictures and associations",
    "offers": "prices",
    "stock": "stock",
    "media": "pictures",
    "categories": "category trees",
    "structure": "attributes, options, families, association types, reference entities",
    "settings": "locales, currencies, scopes, markets, price lists, locations, systems",
    "changes": "change sets, plans and undo",
    "views": "saved views",
    "rejects": "messages of sources that could not be taken",
    "sources": "where data comes from, and what came",
    "mappings": "what fills the fields of channels",
    "events": "the change feed",
    "tokens": "own tokens",
}


class BadScope(ValueError):
    """There is no such scope; the text names the likely one."""


def check(scopes: Iterable[str]) -> list[str]:
    """The scopes, sorted, each once. Raises BadScope."""
    known = [READ, WRITE, *(f"{r}:{verb}" for r in resources for verb in (READ, WRITE))]
    found = sorted(set(scopes))
    for scope in found:
        if scope not in known:
            near = difflib.get_close_matches(scope, known, n=1)
            hint = f"Did you mean “{near[0]}”?" if near else "Use read, write, or a resource such as products:read."
            raise BadScope(f"There is no scope “{scope}”. {hint}")
    if not found:
        raise BadScope("Name at least one scope: read, write, or a resource such as products:read.")
    return found


def allow(scopes: Iterable[str], *, resource: str, verb: str) -> bool:
    """Whether the scopes cover a verb on a resource. `write` includes `read`."""
    given = set(scopes)
    enough = {WRITE, f"{resource}:{WRITE}"}
    if verb == READ:
        enough |= {READ, f"{resource}:{READ}"}
    return bool(given & enough)


def narrower(wanted: Iterable[str], given: Iterable[str]) -> list[str]:
    """Those of the wanted scopes that the given ones cover; raises BadScope for one they do not."""
    found = check(wanted)
    held = list(given)
    for scope in found:
        resource, _, verb = scope.rpartition(":")
        if not allow(held, resource=resource or "*", verb=verb):
            raise BadScope(f"The token does not have the scope “{scope}”.")
    return found
