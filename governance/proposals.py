"""Propose values, and take them or turn them down: merged with what was written since, never over it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from catalog import change_sets, events
from catalog.access.tokens import SPEAK
from catalog.change_sets import current_act
from catalog.intake.messages import read_stock_line
from catalog.models import Product, User
from catalog.products.changes import ChangeError, ProductChange, VariantChange
from catalog.products.guards import Diverted
from catalog.products.load import load_states
from catalog.products.parts import is_figure
from catalog.products.state import Flat, flatten, is_part
from catalog.products.wire import BadForm, read_offer_fields
from catalog.products.write import write_products
from governance import proposed_parts as parts
from governance.copywriting import drafts
from governance.copywriting.drafts import CannotDecide as CannotDecide
from governance.models import Proposal
from governance.ownership.rules import load_rules, owner_words
from pimhub.foundation import audit
from pimhub.foundation.jsonvalue import JSON

Wanted = Mapping[str, Mapping[str, JSON]]  # {SKU, or "" for the product: {value key: value}}
# A proposal is for those whom these refuse.
NOT_THEIRS = ("owned", "archived", "forbidden", "proposed", "overridden")
S = Proposal.State


def waiting() -> QuerySet[Proposal]:
    """What is to be decided: those of products in the trash come back with them."""
    return Proposal.objects.filter(state=S.OPEN, product__trashed_at=None)


class CannotPropose(Exception):
    """Values that cannot be, each with its reason."""

    def __init__(self, errors: list[ChangeError]) -> None:
        super().__init__("; ".join(e.message for e in errors[:3]))
        self.errors = errors


def propose(*, product: Product, wanted: Wanted, reason: str = "", overlong: bool = False) -> list[Proposal]:
    """Propose values that differ from those of now; an earlier open proposal of the same person for the same
    value is replaced. With `overlong`, one that is too long for its attribute waits as it is, to be shortened by
    whoever takes it. Call it inside `acting(…)`. Raises CannotPropose."""
    with transaction.atomic():
        try:
            change = _change(product, wanted)
        except BadForm as error:
            raise CannotPropose(error.errors) from error
        (result,) = write_products([change], dry_run=True)
        errors = [e for e in result.errors if e.code not in NOT_THEIRS]
        errors += [
            _not_a_value(row, key)
            for row, keys in wanted.items()
            for key in keys
            if not _proposable(key) and (row or not parts.is_proposable(key))
        ]
        if overlong and errors and all(e.code == "too_long" for e in errors):
            now = flatten(load_states(ids=[product.pk], lock=False)[product.code_key])
            found = [Diverted(r, k, now.get(r, {}).get(k), v) for r, row in wanted.items() for k, v in row.items()]
            return _made(product, found, reason)
        if errors:
            raise CannotPropose(errors)
        found = [Diverted(sku, key, *pair[:2]) for sku, row in result.changes.items() for key, pair in row.items()]
        found += [d for each in result.aside.values() for d in each]
        if wanted_parts := _parts(wanted.get("", {})):
            # These as one part each, not as whole lists.
            found = [each for each in found if each.key not in ("media", "categories")]
            content = parts.content_now(product)
            pairs = [(key, _part_now(content, key), value) for key, value in wanted_parts.items()]
            found += [Diverted("", key, old, value) for key, old, value in pairs if old != value]
        return _made(product, found, reason)


def divert(product: Product, values: Sequence[Diverted]) -> None:
    """What somebody wrote who does not own it becomes a proposal."""
    _made(product, values, current_act().reason)


def _made(product: Product, values: Sequence[Diverted], reason: str) -> list[Proposal]:
    act, made = current_act(), []
    for value in values:
        mine = Proposal.objects.filter(product=product, sku=value.sku, key=value.key, state=S.OPEN)
        mine.filter(proposed_by=act.user, system=act.system).update(state=S.REPLACED)
        made.append(
            Proposal(
                product=product,
                sku=value.sku,
                key=value.key,
                base=value.old,
                value=value.new,
                proposed_by=act.user,
                system=act.system,
                source=act.source,
                reason=reason.strip()[:1000],
            )
        )
    return Proposal.objects.bulk_create(made)


def _parts(row: Mapping[str, JSON]) -> dict[str, JSON]:
    return {key: value for key, value in row.items() if parts.is_proposable(key)}


def _part_now(content: Flat, key: str) -> JSON:
    """Raises CannotPropose for a picture that is not the product's."""
    try:
        return parts.now(content, key)
    except parts.Gone as error:
        raise CannotPropose([ChangeError(key, "gone", str(error))]) from error


def _now(content: Flat, row: Proposal) -> JSON:
    """Raises CannotDecide for a picture that is gone."""
    if not parts.is_proposable(row.key):
        return content.get(row.sku, {}).get(row.key)
    try:
        return parts.now(content, row.key)
    except parts.Gone as error:
        raise CannotDecide("overtaken", f"{error} Turn this down.", 409) from error


def _change(product: Product, wanted: Wanted) -> ProductChange:
    wanted_parts = _parts(wanted.get("", {}))
    change = parts.change(product, wanted_parts) if wanted_parts else ProductChange(code=product.code)
    own = {key: value for key, value in wanted.get("", {}).items() if not is_part(key)}
    variants = tuple(_variant(sku, values) for sku, values in wanted.items() if sku)
    return replace(change, values=own, variants=variants)


def _variant(sku: str, wanted: Mapping[str, JSON]) -> VariantChange:
    """Raises BadForm for a figure that is none."""
    values, stock = {k: v for k, v in wanted.items() if not is_part(k)}, {}
    offers: dict[str, dict[str, JSON]] = {}
    for key, value in wanted.items() if len(values) < len(wanted) else ():
        part, _, rest = key.partition(".")
        place, _, name = rest.rpartition(".")
        if part == "stock":
            stock[place] = read_stock_line({"sku": sku, "location": place, "available": value}).available or 0
        elif part == "offers":
            offers.setdefault(place, {})[name] = value
    return VariantChange(
        sku=sku, values=values, stock=stock, offers={place: read_offer_fields(given) for place, given in offers.items()}
    )


def _proposable(key: str) -> bool:
    return is_figure(key) or not is_part(key)


def _not_a_value(sku: str, key: str) -> ChangeError:
    return ChangeError(key, "not_a_value", "Only values of attributes, prices and stock can be proposed.", sku=sku)


def accept(*, proposal: Proposal, user: User, instead: JSON = None, edited: bool = False, comment: str = "") -> None:
    """Write the proposed value, or with `edited` another one, as the person who accepts. Raises CannotDecide when
    the value was changed since it was proposed for, or the write door refuses.

    Call it inside `acting(…)`.
    """
    with transaction.atomic():
        row = _open(proposal, user)
        value = instead if edited else row.value
        draft = drafts.check_take(row, value, comment=comment)
        state = load_states(ids=[row.product_id], lock=True)[row.product.code_key]
        now = _now(flatten(state), row)
        if now != value:
            if now != row.base:
                message = f"{row.key} was changed since this was proposed: it is {now!r} now. Look at it anew."
                raise CannotDecide("overtaken", message, 409)
            with _on_behalf_of_the_owner(row, user):
                (result,) = write_products([_change(row.product, {row.sku: {row.key: value}})])
            if result.status == "rejected":
                raise CannotDecide("refused", "; ".join(e.message for e in result.errors), 422, result.errors)
            row.change_set_id = change_sets.change_set().pk
            stored = result.changes.get(row.sku, {}).get(row.key, (None, value))[1]  # as the door made it
            drafts.taken(draft, row, stored)
        _decide(row, user, S.ACCEPTED, comment=comment)


@contextmanager
def _on_behalf_of_the_owner(row: Proposal, user: User) -> Iterator[None]:
    """Who accepts writes for the owner of the value; of a system's value, that is a right of its own."""
    act, rules = current_act(), load_rules()
    rule = rules.of(row.key, family=row.product.family.code) if rules is not None else None
    before = act.system
    if rule is not None and rule.owner is not None and rule.owner.code != act.system:
        if not user.has_perm(SPEAK):
            message = f"It belongs to {owner_words(rule)}: whoever may write for other systems decides ({SPEAK})."
            raise CannotDecide("owned", message, 403)
        change_sets.change_set()  # the act stays a person's: nobody trusts it as the system's own
        act.system = rule.owner.code
    try:
        yield
    finally:
        act.system = before


def assign(*, proposal: Proposal, to: User | None) -> None:
    """Say who shall decide; None takes it back. Raises CannotDecide."""
    if to is not None and not to.has_perm("catalog.change_product"):
        raise CannotDecide("cannot_decide", f"{to.display_name} may not change products. Choose somebody who may.", 422)
    if not Proposal.objects.filter(pk=proposal.pk, state=S.OPEN).update(assigned_to=to):
        raise CannotDecide("decided", "This proposal is decided already.", 409)


def reject(*, proposal: Proposal, user: User, why: str, comment: str = "") -> None:
    """Turn it down with a reason. Raises CannotDecide."""
    if why not in Proposal.Why.values:
        raise CannotDecide("bad_reason", f"Say why: {', '.join(Proposal.Why.values)}.", 422)
    with transaction.atomic():
        _decide(_open(proposal, user), user, S.REJECTED, comment=comment, why=why)


def _open(proposal: Proposal, user: User) -> Proposal:
    if not user.has_perm("catalog.change_product"):
        raise CannotDecide("forbidden", "You do not have the right to change products.", 403)
    # The product first, as the write door does.
    Product.everything.select_for_update(of=("self",)).get(pk=proposal.product_id)
    row = Proposal.objects.select_for_update(of=("self",)).select_related("product").get(pk=proposal.pk)
    if row.state != S.OPEN:
        raise CannotDecide("decided", f"This proposal is {row.get_state_display()} already.", 409)
    return row


def _decide(row: Proposal, user: User, state: str, *, comment: str, why: str = "") -> None:
    row.state, row.why, row.comment = state, why, comment.strip()[:1000]
    row.decided_by, row.decided_at = user, timezone.now()
    row.save()
    audit.record(
        f"proposal.{state}", f"product:{row.product.code}", by=user.pk, proposal=row.pk, sku=row.sku, key=row.key
    )
    events.append(
        type=f"proposal.{state}",
        product=row.product,
        data={"proposal": row.pk, "sku": row.sku, "key": row.key},
        change_set_id=row.change_set_id,
    )
