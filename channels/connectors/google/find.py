"""What an account has of a product before our first call for it: the offer id is the offer's identity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from channels.connectors.abilities import Found, FoundVariant
from channels.connectors.base import Connection, Facet, Rendered
from channels.connectors.google import canonical, errors, names, read, settings, wire
from channels.connectors.google.settings import offer_link
from pimhub.foundation.http import Request, Response


def find(rendered: Rendered, connection: Connection) -> list[Request]:
    # What a supplemental source adds to is another's by design.
    return [] if settings.read(connection).supplements else read.read(rendered, connection)


def read_matches(rendered: Rendered, responses: Sequence[Response]) -> list[Found]:
    variants, titles, sources = [], [], set()
    for (row, bodies), response in zip(rendered.bodies.items(), responses, strict=False):
        answer = wire.decode(response)
        refused = errors.refusal(answer)
        if refused is not None and refused.status == "NOT_FOUND":
            continue
        if response.status != 200 or answer is None or refused is not None:
            raise ValueError(refused.message if refused else response.error or f"status {response.status}")
        content = bodies[Facet.CONTENT]
        shown = canonical.from_answer("ProductAttributes", answer.get("productAttributes") or {})
        gtins = shown.get("gtins") or [""]
        variants.append(FoundVariant(str(answer.get("name") or ""), str(content["offerId"]), str(gtins[0]), row))
        titles.append(str(shown.get("title") or ""))
        sources |= _other_source(answer, content)
    if not variants:
        return []
    return [Found(variants[0].id, "custom id", titles[0], tuple(variants), doubt=_told(sources))]


def links_of_found(rendered: Rendered, found: Found) -> dict[str, str]:
    return {offer_link(v.row): names.address(rendered.bodies[v.row][Facet.CONTENT]) for v in found.variants}


def _other_source(answer: Any, content: Any) -> set[str]:
    source = str(answer.get("dataSource") or "")
    return {source} if source and source != content["dataSource"] else set()


def _told(sources: set[str]) -> str:
    if not sources:
        return ""
    return (
        f"It comes from another data source ({', '.join(sorted(sources))}). Sent from here as well, the two would "
        "overwrite each other: end the other one first."
    )
