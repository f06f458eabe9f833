"""What needs nobody goes live by itself: what a trusted system wrote, and attributes that need no review."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from django.db import transaction

from catalog.change_sets import acting
from catalog.models import ChangeSet, DomainEvent, Product
from governance.models import Revision, Standing
from governance.revisions.freeze import freeze
from governance.revisions.pending import pending
from governance.workflow.base import locked, move_to
from governance.workflow.moves import MOVES
from governance.workflow.policies import anything_trusted, policies_of, trusted_keys

logger = logging.getLogger("pimhub.workflow")


def on_events(found: Sequence[DomainEvent]) -> None:
    """Consumer: products that changed, where any system is trusted at all."""
    changed = sorted({e.product_id for e in found if e.product_id and e.type == "product.changed"})
    if changed and anything_trusted():
        for product in Product.objects.filter(pk__in=changed).order_by("pk"):
            try:
                approve_trusted(product)
            except Exception:  # one product must not keep the others, and the log of events, waiting: people decide it
                logger.exception("a trusted change could not go live by itself", extra={"product": product.code})


def approve_trusted(product: Product) -> Revision | None:
    """Make what trusted systems wrote live beside what is live already; the rest waits for people.

    A product of which nothing was ever approved waits whole. The revision stands on the word of whoever set
    the policy.
    """
    with acting(source=ChangeSet.Source.SYSTEM, reason="trusted system"), transaction.atomic():
        standing = locked(product)
        move = MOVES["approve_trusted"]
        if standing.live is None or standing.state not in move.sources:
            return None
        now = pending(standing, lock=True)
        trusted = trusted_keys(policies_of(product), now)
        # What goes along with others (family, axes, variants that come or go) goes only when all of it is trusted.
        chosen = {key for key in trusted if now.whole([key]) <= set(trusted)}
        if not chosen:
            return None
        content, context = now.partly(chosen)
        policies = {p.code: p for key, p in trusted.items() if key in chosen and p is not None}
        by = sorted(policies)
        standing.live = revision = freeze(
            standing=standing,
            content=content,
            context=context,
            provenance=now.provenance(chosen),
            user=policies[by[0]].set_by if by else None,
            comment=f"By policy {', '.join(by)}." if by else "Values that need no review.",
        )
        same = revision.content_hash == standing.content_hash
        after = Standing.State.APPROVED if same else standing.state
        details = {"keys": sorted(map(list, chosen)), "policies": by}
        move_to(move, standing, None, revision.comment, target=after, revision=revision, details=details)
        return revision
