"""What governance does when a product changes, inside the same transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from catalog import change_sets, events
from catalog.events import ProductDelta
from governance.models import Proposal, Revision, Standing
from governance.scores import measure
from governance.workflow.auto import on_events
from governance.workflow.moves import MOVES
from pimhub.foundation.among import Compiled, among
from pimhub.foundation.bulk import append_objects, update_objects
from pimhub.foundation.jsonvalue import digest
from pimhub.foundation.rows import columns, fresh, stored

S = Standing.State
# What changes what is live.
OUTWARD = {
    "revision.live": frozenset({"revision", "scope"}),
    "review.archive": frozenset[str](),
    "review.take_back": frozenset[str](),
    "sale.decided": frozenset({"sku", "price_list", "approved"}),
    "sales.policy_changed": frozenset[str](),
    "text.confirmed": frozenset({"sku", "key"}),
    "text.policy_changed": frozenset({"prompt"}),
}
TYPES = {
    **{f"review.{verb}": f"a product was moved by “{verb}”; `state` is its state now" for verb in MOVES},
    "revision.approved": "a revision was approved, and waits until its embargo ends",
    "revision.live": "a revision is in force: what channels may get changed",
    **{
        f"proposal.{state}": f"a proposed value is {label}"
        for state, label in Proposal.State.choices
        if state != "open"
    },
    "sale.decided": "a sale price was approved, or refused",
    "sales.policy_changed": "who decides about sale prices of a product changed",
    "text.stale": "a text by AI rests on a fact that is another now",
    "text.confirmed": "somebody said that a stale text holds still",
    "text.policy_changed": "what is done with stale texts of a prompt changed",
}


def keep_standings(deltas: Sequence[ProductDelta]) -> None:
    """Record the new content hash and editor; an approved product whose content differs is a draft again.

    Prices and stock are no content: a delta without content changes nothing here, and an edit
    that restores the approved content restores the state.
    """
    deltas = [d for d in deltas if d.created or "content" in d.facets]
    if not deltas:
        return
    held = _held([d.product.pk for d in deltas])
    editor = change_sets.current_act().user
    new: list[Standing] = []
    changed: list[Standing] = []
    for delta in deltas:
        content_hash = digest(delta.content)
        standing = held.get(delta.product.pk)
        if standing is None:
            standing = fresh(
                Standing,
                product_id=delta.product.pk,
                content_hash=content_hash,
                last_editor_id=editor.pk if editor else None,
            )
            held[delta.product.pk] = standing
            new.append(standing)
        elif standing.content_hash != content_hash:
            standing.content_hash, standing.last_editor = content_hash, editor
            before, standing.state = standing.state, _state_after_edit(standing)
            if before != standing.state:
                delta.told["state"] = standing.state
            if standing.pk:
                changed.append(standing)
    append_objects(new)
    update_objects(changed, ["content_hash", "last_editor_id", "state"])


def _held(ids: Collection[int]) -> dict[int, Standing]:
    """The standings, locked, with as much of what is live as an edit is compared with."""
    found: dict[int, Standing] = {}
    for live, content_hash, *cells in _HELD(ids):
        row = stored(Standing, dict(zip(_STANDING, cells, strict=True)))
        row.live = stored(Revision, {"id": live, "content_hash": content_hash}) if live else None
        found[row.product_id] = row
    return found


_STANDING = columns(Standing)
_HELD = Compiled(
    lambda products: (
        Standing.objects.select_for_update(of=("self",))
        .filter(among("product_id", products))
        .order_by("pk")
        .values_list("live_id", "live__content_hash", *_STANDING)
    )
)


def _state_after_edit(standing: Standing) -> str:
    if standing.state in (S.APPROVED, S.DRAFT):
        return S.DRAFT if standing.has_unpublished_changes else S.APPROVED
    return standing.state


def plug_in() -> None:
    events.outward.update(OUTWARD)
    events.types.update(TYPES)
    events.hooks.add("governance.standing", keep_standings)
    events.consumers.add("governance.trusted", on_events)
    events.consumers.add("governance.scores", measure.on_events)
