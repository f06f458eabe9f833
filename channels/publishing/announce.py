"""Say when a product's state on a channel is another one: `listing.state`, once for each change."""

from __future__ import annotations

from django.db import transaction

from catalog import events
from channels.fields import worst
from channels.models import Placement
from channels.publishing import leased


def announce(placement: Placement) -> None:
    """Call it before the lease is released: killed in between, the row is due again and it is said then."""
    if worst([x.state for x in leased.listings(placement)]) == placement.state:
        return
    with transaction.atomic():
        held = Placement.objects.select_for_update().get(pk=placement.pk)
        state = worst(list(placement.listings.values_list("state", flat=True)))
        if state == held.state:
            return
        Placement.objects.filter(pk=placement.pk).update(state=state)
        events.append(
            type="listing.state",
            product=placement.product,
            data={"channel": placement.channel.code, "state": state, "before": held.state},
        )
