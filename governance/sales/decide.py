"""What waits for a word, and the word."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from catalog import change_sets, events
from catalog.access.reach import seen, sight
from catalog.models import JournalEntry, Offer, Product, User
from governance.models import SaleDecision, SalePolicy
from governance.sales.windows import SALE, policed, windows, with_word
from pimhub.foundation import audit
from pimhub.foundation.jsonvalue import JSON

CONFIRM = "catalog.confirm_price"


class CannotDecide(Exception):
    """The decision was refused. `code` for machines, the text for people, `status` as HTTP speaks."""

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


def sales(state: str = "waiting") -> QuerySet[Offer]:
    """Sales that are on or to come, where a policy asks for a word: waiting, approved or refused ones, as far as the
    person acting may decide."""
    rows = seen(_asked().filter(variant__product__trashed_at__isnull=True), "variant__product", CONFIRM)
    word = Q(**{"word__isnull": True}) if state == "waiting" else Q(**{"word": state == "approved"})
    return (
        with_word(rows)
        .filter(word)
        .select_related("variant__product", "price_list__currency")
        .order_by("sale_from", "pk")
    )


def of_product(product: Product) -> list[Offer]:
    """Its sales that are on or to come and need a word, each with the `word` on it."""
    rows = with_word(_asked().filter(variant__product=product))
    return list(rows.select_related("variant", "price_list__currency").order_by("variant__position", "pk"))


def _asked() -> QuerySet[Offer]:
    on = Q(sale_to__isnull=True) | Q(sale_to__gt=timezone.now())
    return Offer.objects.filter(on, sale_price__isnull=False, price_list__in=policed())


def window_of(offer: Offer) -> str:
    """The sale as one text, which a decision is bound to."""
    price = f"{offer.sale_price.normalize():f}" if offer.sale_price is not None else ""
    return " ".join([price, *(m.isoformat() if m else "-" for m in (offer.sale_from, offer.sale_to))])


def decide(*, offer: Offer, window: str, user: User, approve: bool, comment: str = "") -> SaleDecision:
    """Approve a sale, or refuse it with a reason. Call it inside `acting(…)`. Raises CannotDecide."""
    with transaction.atomic():
        rows = Offer.objects.select_for_update(of=("self",)).select_related("variant__product", "price_list")
        row = rows.get(pk=offer.pk)
        policy = windows([row.price_list_id]).policies.get(row.price_list_id)
        _check(row, policy, window, user, approve=approve, comment=comment)
        decided = SaleDecision.objects.create(
            variant=row.variant,
            price_list=row.price_list,
            approved=approve,
            comment=comment.strip()[:500],
            decided_by=user,
            **{name: getattr(row, name) for name in SALE},
        )
        product, about = row.variant.product, f"product:{row.variant.product.code}"
        told: dict[str, JSON] = {"sku": row.variant.sku, "price_list": row.price_list.code}
        kind = "sale.approved" if approve else "sale.refused"
        audit.record(kind, about, by=user.pk, window=window, policy=policy.code if policy else "", **told)
        events.append(
            type="sale.decided",
            product=product,
            data=told | {"approved": approve},
            change_set_id=change_sets.change_set().pk,
        )
        return decided


def _check(offer: Offer, policy: SalePolicy | None, window: str, user: User, *, approve: bool, comment: str) -> None:
    product, sku = offer.variant.product, offer.variant.sku
    reached = sight(CONFIRM, user=user)
    if not user.has_perm(CONFIRM) or not reached.shows(product.pk, f"offers.{offer.price_list.code}.sale_price"):
        raise CannotDecide("forbidden", "You do not have the right to confirm this product's prices.", 403)
    if policy is None:
        raise CannotDecide("not_asked", f"Sales on {offer.price_list.code} need nobody's word.", 409)
    if offer.sale_price is None or window != window_of(offer):
        message = f"The sale of {sku} was changed after you opened it. Look at it as it is now, then decide."
        raise CannotDecide("content_changed", message, 409)
    if not may_decide(policy, user):
        message = f"Sales on {offer.price_list.code} are approved by {approvers(policy)} (policy {policy.code})."
        raise CannotDecide("not_entitled", message, 403)
    if not approve and not comment.strip():
        raise CannotDecide("comment_missing", "Say why the sale is refused, so that its owner can act on it.", 422)
    if approve and settings.PIMHUB_TWO_PERSON and user.pk in writers(offer):
        raise CannotDecide("two_person", f"You entered the sale of {sku}, so somebody else must approve it.", 403)


def may_decide(policy: SalePolicy, user: User) -> bool:
    if policy.approvers.filter(pk=user.pk).exists():
        return True
    return policy.roles.filter(pk__in=user.groups.values("pk")).exists()


def approvers(policy: SalePolicy) -> str:
    """Who may decide, in words."""
    names = [person.display_name for person in policy.approvers.order_by("username")]
    return " or ".join([*names, *policy.roles.order_by("name").values_list("name", flat=True)])


def writers(offer: Offer) -> set[int]:
    """Who entered the price of the sale, its beginning and its end, as they are now."""
    found = set()
    entries = JournalEntry.objects.filter(product=offer.variant.product, sku=offer.variant.sku).order_by("-pk")
    for name in SALE:
        key = f"offers.{offer.price_list.code}.{name}"
        entry = entries.filter(changes__has_key=key).select_related("change_set").first()
        if entry is not None and entry.change_set.user_id is not None:
            found.add(entry.change_set.user_id)
    return found
