"""Conditions on values, asked of the typed side table."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db.models import Q
from django.utils import timezone

from catalog.attributes.spec import AttributeSpec, ValueProblem
from catalog.attributes.types import type_of
from catalog.attributes.types.base import PRODUCTS, AttributeType, IndexValue
from catalog.attributes.values import ValueKey
from catalog.models import (
    Attribute,
    AttributeOption,
    Locale,
    Product,
    ReferenceRecord,
    Scope,
    ValueIndex,
    Variant,
)
from catalog.models.codes import code_key
from catalog.products.derive import OVERLAP, PIECE
from catalog.search import operators as op
from catalog.search.filters import Condition
from pimhub.foundation.jsonvalue import JSON

BEGINNING = Q(number__isnull=True)  # of a text that takes several rows
BY_COLUMN = {
    "text": (op.EQUAL, op.UNEQUAL, op.IN, op.NOT_IN, op.STARTS, op.CONTAINS, op.LACKS),
    "number": (op.EQUAL, op.UNEQUAL, *op.ORDER, op.IN, op.NOT_IN, op.BETWEEN, op.NOT_BETWEEN),
    "date": (op.EQUAL, op.UNEQUAL, *op.ORDER, op.BETWEEN, op.NOT_BETWEEN, op.LAST_DAYS),
    "boolean": (op.EQUAL, op.UNEQUAL),
}


def condition(asked: Condition, key: ValueKey, attribute: Attribute) -> Q:
    """Products that hold such a value themselves or at one of their variants.

    Negative operators turn the positive one round; `!=` also wants a value to be there.
    """
    spec = attribute.spec()
    if attribute.localizable and not key.locale:
        raise asked.fail(f"“{key.attribute}” needs a language: write {key.attribute}@en_US.")
    if (key.locale and not attribute.localizable) or (key.scope and not attribute.scopable):
        raise asked.fail(f"“{key.attribute}” has no {'languages' if key.locale else 'scopes'}.")
    asked.known(Locale.objects, key.locale or "", "language")
    asked.known(Scope.objects, key.scope or "", "scope")
    if asked.op in (op.EMPTY, op.NOT_EMPTY):
        filled = _filled(key, attribute)
        return filled if asked.op == op.NOT_EMPTY else ~filled
    if not (attribute.filterable or attribute.unique or type_of(attribute.type).points):
        raise asked.fail(
            f"“{key.attribute}” is not kept for filters. Mark the attribute as filterable, or ask whether it is empty.",
            "not_filterable",
        )
    kind = type_of(attribute.type)
    allowed = BY_COLUMN[kind.index_column]
    if asked.op not in allowed:
        raise asked.fail(f"“{key.attribute}” is asked with {', '.join(allowed)}, empty or not empty.", "bad_operator")
    if asked.op == op.UNEQUAL:
        return _held(_where(asked, op.EQUAL, kind, spec, attribute), key, attribute, negative=True) & _filled(
            key, attribute
        )
    positive = op.OPPOSITE.get(asked.op)
    return _held(
        _where(asked, positive or asked.op, kind, spec, attribute), key, attribute, negative=positive is not None
    )


def _held(where: Q, key: ValueKey, attribute: Attribute, *, negative: bool = False) -> Q:
    rows = ValueIndex.objects.filter(where, attribute=attribute, locale=key.locale or "", scope=key.scope or "")
    found = Q(pk__in=rows.values("product_id"))
    return ~found if negative else found


def _filled(key: ValueKey, attribute: Attribute) -> Q:
    """Whether a value is there at all; null counts as empty."""
    if attribute.filterable or attribute.unique or type_of(attribute.type).points:
        return _held(Q(), key, attribute)
    name = str(key)
    own = Product.objects.filter(values__has_key=name).exclude(**{f"values__{name}": None})
    variants = Variant.objects.filter(values__has_key=name).exclude(**{f"values__{name}": None})
    return Q(pk__in=own.values("pk")) | Q(pk__in=variants.values("product_id"))


def _where(asked: Condition, how: str, kind: AttributeType, spec: AttributeSpec, attribute: Attribute) -> Q:
    column = kind.index_column
    if how in (op.STARTS, op.CONTAINS):
        if len(asked.word()) > OVERLAP:
            raise asked.fail(f"{len(asked.word())} characters; at most {OVERLAP} can be looked for.", "bad_value")
        found = op.worded("text", how, asked.word())
        return found & BEGINNING if how == op.STARTS else found
    if how == op.LAST_DAYS:
        if isinstance(asked.value, bool) or not isinstance(asked.value, int) or not 0 <= asked.value <= 36_500:
            raise asked.fail("Give a number of days.", "bad_value")
        return Q(date__gte=timezone.localdate() - dt.timedelta(days=asked.value))
    if how == op.BETWEEN:
        if not isinstance(asked.value, list) or len(asked.value) != 2:
            raise asked.fail("Give a list of two: from and to.", "bad_value")
        low, high = (_typed(asked, each, kind, spec) for each in asked.value)
        if low[2:] != high[2:]:
            raise asked.fail("Between two currencies nothing lies. Give both amounts in one currency.", "bad_value")
        return Q(**{f"{column}__gte": low[1], f"{column}__lte": high[1]}) & _unit(low)
    if how == op.IN:
        if not isinstance(asked.value, list) or not asked.value:
            raise asked.fail("Give a list of values.", "bad_value")
        asked.texts() if column == "text" and not kind.has_options else None
        return _any(asked, kind, spec, attribute)
    if (kind.has_options or kind.points) and how == op.EQUAL:
        return _any(asked, kind, spec, attribute)
    typed = _typed(asked, asked.value, kind, spec)
    suffix = f"__{op.ORDER[how]}" if how in op.ORDER else ""
    if column == "text":
        return Q(text=typed[1]) & BEGINNING
    return Q(**{f"{column}{suffix}": typed[1]}) & _unit(typed)


def _any(asked: Condition, kind: AttributeType, spec: AttributeSpec, attribute: Attribute) -> Q:
    items = asked.value if isinstance(asked.value, list) else [asked.value]
    if kind.points:
        return Q(text__in=_codes(asked, spec))
    if not kind.has_options:
        typed = [_typed(asked, each, kind, spec) for each in items]
        found = Q()
        for unit in dict.fromkeys(each[2:] for each in typed):  # the prices of each currency
            same = [each for each in typed if each[2:] == unit]
            found |= Q(**{f"{kind.index_column}__in": [each[1] for each in same]}) & _unit(same[0])
        return found
    codes = asked.texts()
    known = AttributeOption.everything.filter(attribute=attribute)
    held = set(known.filter(code__in=codes).values_list("code", flat=True))
    # People type what they read: a label does as well as its code.
    by_label = dict(known.filter(label_key__in=[code_key(c) for c in codes]).values_list("label_key", "code"))
    return Q(text__in=[c if c in held else by_label.get(code_key(c), c) for c in codes])


def _codes(asked: Condition, spec: AttributeSpec) -> list[str]:
    """The codes of products or records as they are kept: nobody need know their case."""
    to = spec.limits.get("to", PRODUCTS)
    rows = Product.everything if to == PRODUCTS else ReferenceRecord.objects.filter(entity__code=to)
    keys = {code_key(code): code for code in asked.texts()}
    known = dict(rows.filter(code_key__in=list(keys)).values_list("code_key", "code"))
    return [known.get(key, code) for key, code in keys.items()]


def _typed(asked: Condition, raw: JSON, kind: AttributeType, spec: AttributeSpec) -> IndexValue:
    """A value of the filter as the side table holds it."""
    try:
        several = list(kind.sought(raw, spec))
        found = several[0] if several else None
    except ValueProblem as problem:
        raise asked.fail(str(problem), problem.code) from problem
    if found is None:
        raise asked.fail("Give a value; to look for none, ask with “empty”.", "bad_value")
    if len(several) > 1:
        raise asked.fail("These are several. Ask for one at a time, and join them with “any” or “all”.", "bad_value")
    value = found[1]
    if isinstance(value, str) and len(value) > PIECE:
        text = f"A text of {len(value)} characters cannot be compared. Ask for its beginning, or for what it contains."
        raise asked.fail(text, "bad_value")
    if isinstance(value, Decimal) and abs(value) >= Decimal(10) ** 16:
        raise asked.fail(f"{value} is too large.", "bad_value")
    return (found[0], value, *found[2:])


def _unit(typed: IndexValue) -> Q:
    """Prices are kept with their currency, in the column for text."""
    return Q(text=typed[2]) if len(typed) > 2 else Q()
