"""Conditions on values, asked of the typed side table."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db.models import Q
from django.utils import timezone

from catalog.attributes.spec import AttributeSpec, ValueProblem
from catalog.attributes.types import type_of
from catalog.attributes.types.base import AttributeType, IndexValue
from catalog.attributes.values import ValueKey
from catalog.models import Attribute, AttributeOption, Product, ValueIndex, Variant
from catalog.models.codes import code_key
from catalog.search import operators as op
from catalog.search.filters import Condition
from pimhub.foundation.jsonvalue import JSON

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
        return Q(**{f"text__{'istartswith' if how == op.STARTS else 'icontains'}": asked.word()})
    if how == op.LAST_DAYS:
        if isinstance(asked.value, bool) or not isinstance(asked.value, int) or not 0 <= asked.value <= 36_500:
            raise asked.fail("Give a number of days.", "bad_value")
        return Q(date__gte=timezone.localdate() - dt.timedelta(days=asked.value))
    if how == op.BETWEEN:
        if not isinstance(asked.value, list) or len(asked.value) != 2:
            raise asked.fail("Give a list of two: from and to.", "bad_value")
        low, high = (_typed(asked, each, kind, spec) for each in asked.value)
        return Q(**{f"{column}__gte": low[1], f"{column}__lte": high[1]}) & _unit(low)
    if how == op.IN:
        if not isinstance(asked.value, list) or not asked.value:
            raise asked.fail("Give a list of values.", "bad_value")
        asked.texts() if column == "text" and not kind.has_options else None
        return _any(asked, kind, spec, attribute)
    if kind.has_options and how == op.EQUAL:
        return _any(asked, kind, spec, attribute)
    typed = _typed(asked, asked.value, kind, spec)
    suffix = f"__{op.ORDER[how]}" if how in op.ORDER else ""
    return Q(**{f"{column}{suffix}": typed[1]}) & _unit(typed)


def _any(asked: Condition, kind: AttributeType, spec: AttributeSpec, attribute: Attribute) -> Q:
    items = asked.value if isinstance(asked.value, list) else [asked.value]
    if not kind.has_options:
        found = [_typed(asked, each, kind, spec) for each in items]
        return Q(**{f"{kind.index_column}__in": [each[1] for each in found]}) & _unit(found[0])
    codes = asked.texts()
    known = AttributeOption.everything.filter(attribute=attribute)
    held = set(known.filter(code__in=codes).values_list("code", flat=True))
    # People type what they read: a label does as well as its code.
    by_label = dict(known.filter(label_key__in=[code_key(c) for c in codes]).values_list("label_key", "code"))
    return Q(text__in=[c if c in held else by_label.get(code_key(c), c) for c in codes])


def _typed(asked: Condition, raw: JSON, kind: AttributeType, spec: AttributeSpec) -> IndexValue:
    """A value of the filter as the side table holds it."""
    try:
        canonical = kind.parse(raw, spec) if isinstance(raw, str) else kind.validate(raw, kind.unlimited(spec))
        found = next(iter(kind.index_values(canonical, spec)), None)
    except ValueProblem as problem:
        raise asked.fail(str(problem), problem.code) from problem
    if found is None:
        raise asked.fail("Give a value; to look for none, ask with “empty”.", "bad_value")
    value = found[1][:255] if isinstance(found[1], str) else found[1]
    if isinstance(value, Decimal) and abs(value) >= Decimal(10) ** 16:
        raise asked.fail(f"{value} is too large.", "bad_value")
    return (found[0], value, *found[2:])


def _unit(typed: IndexValue) -> Q:
    """Prices are kept with their currency, in the column for text."""
    return Q(text=typed[2]) if len(typed) > 2 else Q()
