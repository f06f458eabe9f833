"""What governance refuses at the write door."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db.models.signals import post_save

from catalog import events, stamp
from catalog.models import AttributeOption, Category, Product
from catalog.products.changes import ChangeError
from catalog.products.guards import Changes, Check, diversions, guards, listeners
from catalog.products.state import is_content
from governance import proposals
from governance.copywriting import origins
from governance.models import OwnershipRule, Standing
from governance.ownership import overrides
from governance.ownership.guard import OVERRIDDEN, PROPOSED, ownership
from pimhub.foundation.actor import Act
from pimhub.foundation.among import Compiled, among

_ARCHIVED = Compiled(
    lambda products: Standing.objects.filter(among("product_id", products), state=Standing.State.ARCHIVED).values_list(
        "product_id"
    )
)


def archived(act: Act, ids: Collection[int]) -> Check:
    """An archived product keeps its content until somebody reopens it."""
    resting = {pk for (pk,) in _ARCHIVED(ids)} if ids else set()

    def check(product: Product, changes: Changes, new: Collection[str]) -> Sequence[ChangeError]:
        if product.pk not in resting:
            return ()
        if not any(is_content(key) for row in changes.values() for key in row if key != "trashed"):
            return ()
        return (ChangeError("", "archived", f"{product.code} is archived. Reopen it first, then edit it."),)

    return check


def plug_in() -> None:
    stamp.WATCHED.append(OwnershipRule)  # the rules are kept between writes
    guards.add("governance.archived", archived)
    guards.add("governance.ownership", ownership)
    diversions.add(PROPOSED, proposals.divert)
    diversions.add(OVERRIDDEN, overrides.below)
    listeners.add("governance.overrides", overrides.listen)
    events.hooks.add("governance.overrides", overrides.keep)
    events.hooks.add("governance.text_origins", origins.follow)
    for model in (AttributeOption, Category):
        post_save.connect(origins.words_changed, sender=model, dispatch_uid=f"texts look at {model.__name__}")
