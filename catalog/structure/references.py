"""Codes by which other systems know our categories, options and locations (products and variants: the door)."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from catalog import change_sets
from catalog.models import AttributeOption, Category, ExternalReference, ExternalSystem, Location
from catalog.models.codes import code_key, code_problem
from catalog.structure.problems import cannot

KINDS = ("category", "option", "location")


def target(kind: str, name: str) -> Any:
    """The row that a name means: a category's or location's code, an option as "attribute/code". Raises CannotBe."""
    found: Any = None
    if kind == "category":
        found = Category.objects.filter(code_key=code_key(name), trashed_at__isnull=True).first()
    elif kind == "location":
        found = Location.objects.filter(code=name).first()
    elif kind == "option":
        attribute, _, code = name.partition("/")
        found = AttributeOption.objects.filter(attribute__code=attribute, code=code).first()
    if found is None:
        raise cannot("target", "unknown_target", f"There is no {kind} “{name}”.")
    return found


def assign(*, system: ExternalSystem, kind: str, code: str, name: str) -> tuple[ExternalReference, bool]:
    """From now on, the system's `code` is that thing; whether anything changed.

    The code that the thing had before ends now, and still finds it until the system gives it to something else.
    Raises CannotBe while the code is held by another.
    """
    if problem := code_problem(code):
        raise cannot("code", "bad_code", problem)
    row, now = target(kind, name), timezone.now()
    try:
        with transaction.atomic():
            here = ExternalReference.objects.select_for_update().filter(system=system, kind=kind, valid_to=None)
            held = here.filter(**{kind: row}).first()
            if held is not None and held.code == code:
                return held, False
            if other := here.filter(code_key=code_key(code)).exclude(**{kind: row}).first():
                message = f"In {system.code}, “{code}” is {getattr(other, kind)}. End it there first."
                raise cannot("code", "reference_taken", message)
            if held is not None:
                held.valid_to = now
                held.save(update_fields=["valid_to"])
            made = ExternalReference.objects.create(
                system=system,
                kind=kind,
                code=code,
                valid_from=now,
                change_set_id=change_sets.change_set().pk,
                **{kind: row},
            )
    except IntegrityError as error:  # somebody gave the same code at this very moment
        raise cannot("code", "reference_taken", f"In {system.code}, “{code}” was just given to another.") from error
    return made, True


def end(reference: ExternalReference) -> None:
    ExternalReference.objects.filter(pk=reference.pk, valid_to=None).update(valid_to=timezone.now())
