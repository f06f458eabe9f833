"""Which revision is in force where: the live one, or under an embargo the one that was shown before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db.models import BigAutoField, Case, Exists, F, OuterRef, QuerySet, Subquery, When
from django.utils import timezone

from catalog import change_sets, events
from catalog.models import Product, Scope, User
from governance.models import Embargo, Revision, Standing


def in_force(standing: Standing, scope: Scope) -> Revision | None:
    """What a scope shows of a product now; None: nothing."""
    return in_force_of([standing], scope).get(standing.product_id)


def in_force_of(standings: Iterable[Standing], scope: Scope) -> dict[int, Revision]:
    """The same of many products, by id; those of which nothing is shown are left out."""
    found = {s.product_id: s.live for s in standings}
    held = Embargo.objects.filter(product_id__in=found, scope=scope).select_related("shown")
    found |= {e.product_id: e.shown for e in held}
    return {pk: revision for pk, revision in found.items() if revision is not None}


def shown_in(scope: Scope) -> QuerySet[Standing]:
    """Standings of the products of which a scope shows something, each with `shown_id`, its revision.

    One statement: between two, an embargo could end with the product archived, and what was held back would show.
    """
    held = Embargo.objects.filter(product=OuterRef("product"), scope=scope)
    shown = Case(
        When(Exists(held), then=Subquery(held.values("shown_id")[:1])),
        default=F("live_id"),
        output_field=BigAutoField(),
    )
    rows = Standing.objects.filter(product__trashed_at__isnull=True).select_related("product")
    return rows.annotate(shown_id=shown).filter(shown_id__isnull=False)


def keep(standing: Standing, *, scope: Scope | None, until: dt.datetime, user: User) -> None:
    """Begin an embargo, or move its end where there is one. Call it with the standing locked.

    Without a scope, of every one; one that is held back for longer stays so.
    """
    for each in [scope] if scope is not None else Scope.objects.all():
        row, made = Embargo.objects.get_or_create(
            product=standing.product,
            scope=each,
            defaults={"shown": standing.live, "until": until, "set_by": user},
        )
        if not made and (scope is not None or until > row.until):
            row.until, row.set_by = until, user
            row.save(update_fields=["until", "set_by"])


def everywhere(product: Product) -> bool:
    """Whether every scope is under an embargo."""
    return not Scope.objects.exclude(embargo__product=product).exists()


def end(embargo: Embargo, standing: Standing) -> None:
    """What was approved last is in force there from now on. Call it with the standing locked, inside `acting(…)`."""
    embargo.delete()
    if standing.live is not None:
        events.append(
            type="revision.live",
            product=standing.product,
            data={
                "state": standing.state,
                "revision": standing.live.number,
                "scope": embargo.scope.code,
            },
            change_set_id=change_sets.change_set().pk,
        )


def due() -> list[int]:
    """Embargoes whose time has come."""
    return list(Embargo.objects.filter(until__lte=timezone.now()).values_list("pk", flat=True)[:1000])


def lock(pk: int) -> Embargo | None:
    """The embargo if it is still due, with its product locked first. Call it inside a transaction."""
    product = Embargo.objects.filter(pk=pk).values_list("product_id", flat=True).first()
    if product is None:
        return None
    Product.everything.select_for_update(of=("self",)).get(pk=product)
    rows = Embargo.objects.select_for_update(of=("self",)).select_related("scope", "product")
    return rows.filter(pk=pk, until__lte=timezone.now()).first()
