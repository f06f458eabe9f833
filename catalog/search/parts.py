"""Fields of the filter language that are no values: what a product is called, where it stands, who touched it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from catalog.models import (
    Association,
    AssociationType,
    Category,
    Completeness,
    ExternalReference,
    ExternalSystem,
    Family,
    JournalEntry,
    Locale,
    Location,
    MediaLink,
    Offer,
    PriceList,
    Product,
    Scope,
    StockLevel,
    Variant,
)
from catalog.models.codes import code_key
from catalog.search import operators as op
from catalog.search.filters import Condition, part
from pimhub.foundation.jsonvalue import JSON
from pimhub.foundation.numbers import written_out

WORDS = (op.EQUAL, op.UNEQUAL, op.IN, op.NOT_IN, op.STARTS, op.CONTAINS, op.LACKS)
NUMBERS = (op.EQUAL, op.UNEQUAL, *op.ORDER, op.BETWEEN, op.NOT_BETWEEN)


def _words(asked: Condition, column: str) -> Q:
    """A column that holds codes as they are compared."""
    how = op.OPPOSITE.get(asked.op, asked.op)
    if how in (op.EQUAL, op.UNEQUAL, op.IN):
        found = Q(**{f"{column}__in": [code_key(t) for t in asked.texts()]})
    else:
        found = Q(**{f"{column}__{'startswith' if how == op.STARTS else 'contains'}": code_key(asked.word())})
    return ~found if how != asked.op or asked.op == op.UNEQUAL else found


def _number(asked: Condition) -> int:
    if isinstance(asked.value, bool) or not isinstance(asked.value, int) or abs(asked.value) >= 2**31:
        raise asked.fail("Give a whole number.", "bad_value")
    return asked.value


def pair(asked: Condition) -> tuple[JSON, JSON]:
    """From and to."""
    if not isinstance(asked.value, list) or len(asked.value) != 2:
        raise asked.fail("Give a list of two: from and to.", "bad_value")
    return asked.value[0], asked.value[1]


def numbers(asked: Condition) -> tuple[int, int]:
    """The whole number that is asked for, or the two it is to lie between."""
    if asked.op not in (op.BETWEEN, op.NOT_BETWEEN):
        return _number(asked), _number(asked)
    low, high = (_number(replace(asked, value=each)) for each in pair(asked))
    return low, high


def _compared(asked: Condition, column: str) -> Q:
    if asked.op in (op.BETWEEN, op.NOT_BETWEEN):
        found = Q(**{f"{column}__range": numbers(asked)})
        return ~found if asked.op == op.NOT_BETWEEN else found
    number = _number(asked)
    if asked.op == op.UNEQUAL:
        return ~Q(**{column: number})
    return Q(**{f"{column}__{op.ORDER[asked.op]}" if asked.op in op.ORDER else column: number})


def moment(asked: Condition, given: JSON) -> dt.datetime:
    """A moment or a day (its beginning, UTC)."""
    try:
        text = given if isinstance(given, str) else ""
        found = parse_datetime(text) or parse_date(text)
    except ValueError:
        found = None
    if found is None:
        raise asked.fail("Give a day or a moment, such as 2026-11-27 or 2026-11-27T06:00:00Z.", "bad_value")
    if not isinstance(found, dt.datetime):
        found = dt.datetime(found.year, found.month, found.day, tzinfo=dt.UTC)
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def _times(asked: Condition, column: str) -> Q:
    if asked.op == op.LAST_DAYS:
        days = _number(asked)
        if not 0 <= days <= 36_500:
            raise asked.fail("Give a number of days.", "bad_value")
        return Q(**{f"{column}__gte": timezone.now() - dt.timedelta(days=days)})
    if asked.op in (op.BETWEEN, op.NOT_BETWEEN):
        low, high = (moment(asked, each) for each in pair(asked))
        found = Q(**{f"{column}__gte": low, f"{column}__lte": high})
        return ~found if asked.op == op.NOT_BETWEEN else found
    at = moment(asked, asked.value)
    if asked.op in (op.EQUAL, op.UNEQUAL):
        whole_day = isinstance(asked.value, str) and len(asked.value) <= len("2026-11-27")
        end = at + (dt.timedelta(days=1) if whole_day else dt.timedelta(microseconds=1))
        found = Q(**{f"{column}__gte": at, f"{column}__lt": end})
        return ~found if asked.op == op.UNEQUAL else found
    return Q(**{f"{column}__{op.ORDER[asked.op]}": at})


TIMES = (op.EQUAL, op.UNEQUAL, *op.ORDER, op.BETWEEN, op.NOT_BETWEEN, op.LAST_DAYS)


@part("code", "Code", *WORDS)
def code(asked: Condition) -> Q:
    return _words(asked, "code_key")


@part("sku", "SKU", *WORDS)
def sku(asked: Condition) -> Q:
    return _of_variants(asked, "sku_key")


@part("gtin", "GTIN", *WORDS, op.EMPTY, op.NOT_EMPTY)
def gtin(asked: Condition) -> Q:
    if asked.op in (op.EMPTY, op.NOT_EMPTY):
        return Q(pk__in=Variant.objects.filter(gtin__isnull=asked.op == op.EMPTY).values("product_id"))
    return _of_variants(asked, "gtin")


def _of_variants(asked: Condition, column: str) -> Q:
    found = _words(asked, column)
    if found.negated:  # no variant at all is like that, rather than one that is not
        return ~Q(pk__in=Variant.objects.filter(~found).values("product_id"))
    return Q(pk__in=Variant.objects.filter(found).values("product_id"))


@part("family", "Family", op.EQUAL, op.UNEQUAL, op.IN, op.NOT_IN, kind="choice")
def family(asked: Condition) -> Q:
    codes = [asked.known(Family.objects, code_key(code), "family") for code in asked.texts()]
    found = Q(family__code__in=codes)
    return ~found if asked.op in (op.UNEQUAL, op.NOT_IN) else found


@part(
    "category",
    "Category",
    *(op.EQUAL, op.IN, op.NOT_IN, op.IN_CHILDREN, op.NOT_IN_CHILDREN, op.IN_OR_NONE, op.UNCLASSIFIED),
    words=("tree",),
)
def category(asked: Condition) -> Q:
    """`tree` (a root's code) bounds “unclassified” to one tree."""
    through = Product.categories.through.objects
    if asked.op == op.UNCLASSIFIED:
        return _unclassified(asked)
    keys = {code_key(t): t for t in asked.texts()}
    nodes = list(Category.objects.filter(code_key__in=list(keys)))
    if lost := [code for key, code in keys.items() if key not in {n.code_key for n in nodes}]:
        raise asked.fail(f"There is no category “{lost[0]}”.", "bad_value")
    if asked.op in (op.IN_CHILDREN, op.NOT_IN_CHILDREN):
        below = Q()
        for node in nodes:
            below |= Q(category__path__startswith=node.path)
        rows = through.filter(below) if nodes else through.none()
    else:
        rows = through.filter(category_id__in=[n.pk for n in nodes])
    found = Q(pk__in=rows.values("product_id"))
    if asked.op == op.IN_OR_NONE:
        return found | _unclassified(asked)
    return ~found if asked.op in (op.NOT_IN, op.NOT_IN_CHILDREN) else found


def _unclassified(asked: Condition) -> Q:
    rows = Product.categories.through.objects.all()
    if tree := asked.text("tree"):
        root = Category.objects.filter(code_key=code_key(tree)).first()
        if root is None:
            raise asked.fail(f"There is no category tree “{tree}”.", "bad_value")
        rows = rows.filter(category__path__startswith=root.path)
    return ~Q(pk__in=rows.values("product_id"))


@part("created", "Created", *TIMES, kind="date")
def created(asked: Condition) -> Q:
    return _times(asked, "created_at")


@part("updated", "Changed", *TIMES, kind="date")
def updated(asked: Condition) -> Q:
    return _times(asked, "updated_at")


@part("version", "Version", *NUMBERS, kind="number")
def version(asked: Condition) -> Q:
    return _compared(asked, "version")


# The two say the same. The index has the first; of the second the planner knows how often it is so, where of two
# columns it guesses a third, and then looks at every product for the few that lack something.
LACKING = Q(filled__lt=F("required")) & ~Q(missing=[])


@part("completeness", "Completeness", *NUMBERS, words=("scope", "locale"), kind="number")
def completeness(asked: Condition) -> Q:
    """Percent of what is required. `locale`: one, “any” (the default) or “all”; `scope`: one or “any”."""
    low, high = numbers(asked)
    enough, more = _at_least(low), _at_least(high + 1)
    where = {
        op.MORE_EQUAL: enough,
        op.LESS: ~enough,
        op.MORE: more,
        op.LESS_EQUAL: ~more,
        op.EQUAL: enough & ~more,
        op.UNEQUAL: ~(enough & ~more),
        op.BETWEEN: enough & ~more,
        op.NOT_BETWEEN: ~(enough & ~more),
    }[asked.op]
    rows = _measured(asked)
    if asked.text("locale", "any") == "all":
        return Q(pk__in=rows.values("product_id")) & ~Q(pk__in=rows.filter(~where).values("product_id"))
    return Q(pk__in=rows.filter(where).values("product_id"))


def _at_least(percent: int) -> Q:
    """Rows that reach the percentage; where nothing is required, all of it is there."""
    if percent == 100:  # as the index has it
        return ~LACKING
    found = Q(hundredfold__gte=F("required") * percent)
    return found if percent <= 100 else found & Q(required__gt=0)


def _measured(asked: Condition) -> QuerySet[Completeness]:
    rows = Completeness.objects.annotate(hundredfold=F("filled") * 100)
    asked.known(Scope.objects, asked.text("scope", "any"), "scope", "any")
    asked.known(Locale.objects, asked.text("locale", "any"), "language", "any", "all")
    if (scope := asked.text("scope", "any")) != "any":
        rows = rows.filter(scope__code=scope)
    if (locale := asked.text("locale", "any")) not in ("any", "all"):
        rows = rows.filter(locale=locale)
    return rows


@part("missing", "Lacks a required value", op.EQUAL, op.IN, op.NOT_EMPTY, op.EMPTY, words=("scope", "locale"))
def missing(asked: Condition) -> Q:
    """Value keys that are required and not there, e.g. "name@de_DE"; “not empty” finds whatever lacks anything."""
    rows = _measured(asked)
    if asked.op in (op.EMPTY, op.NOT_EMPTY):
        found = Q(pk__in=rows.filter(LACKING).values("product_id"))
        return found if asked.op == op.NOT_EMPTY else ~found
    wanted = Q()
    for key in asked.texts():
        wanted |= Q(missing__icontains=f'"{asked.key(key)}"')
    return Q(pk__in=rows.filter(wanted, LACKING).values("product_id"))


@part("override", "A variant differs from its product", op.NOT_EMPTY, op.EMPTY, op.EQUAL, op.IN)
def override(asked: Condition) -> Q:
    """Value keys at which a variant holds another value than its product; “not empty” means any."""
    rows = Variant.objects.exclude(overrides="")
    if asked.op in (op.EQUAL, op.IN):
        wanted = Q()
        for key in asked.texts():
            wanted |= Q(overrides__contains=f" {asked.key(key)} ")
        rows = rows.filter(wanted)
    found = Q(pk__in=rows.values("product_id"))
    return ~found if asked.op == op.EMPTY else found


@part("changed_by", "Changed by", op.EQUAL, op.IN, words=("since", "key"))
def changed_by(asked: Condition) -> Q:
    """User names; `since` a moment, `key` a value key or part that was changed."""
    rows = JournalEntry.objects.filter(change_set__user__username__in=asked.texts())
    if "since" in asked.given:
        rows = rows.filter(change_set__created_at__gte=moment(asked, asked.given["since"]))
    if key := asked.text("key"):
        rows = rows.filter(changes__has_key=asked.shown(key))
    return Q(pk__in=rows.values("product_id"))


@part("changed_since", "Changed since", op.EQUAL, words=("key",), kind="date")
def changed_since(asked: Condition) -> Q:
    """A moment; `key` narrows it to one value key or part, as the journal has it."""
    since = moment(asked, asked.value)
    if not (key := asked.text("key")):
        return Q(updated_at__gte=since)
    rows = JournalEntry.objects.filter(change_set__created_at__gte=since, changes__has_key=asked.shown(key))
    return Q(pk__in=rows.values("product_id"))


@part("change_set", "Touched by change set", op.EQUAL)
def change_set(asked: Condition) -> Q:
    try:
        wanted = UUID(asked.word())
    except ValueError as error:
        raise asked.fail("Give the id of a change set.", "bad_value") from error
    return Q(pk__in=JournalEntry.objects.filter(change_set_id=wanted).values("product_id"))


@part("media", "Pictures", op.EMPTY, op.NOT_EMPTY)
def media(asked: Condition) -> Q:
    found = Q(pk__in=MediaLink.objects.values("product_id"))
    return found if asked.op == op.NOT_EMPTY else ~found


@part("price", "Price", *NUMBERS, op.EMPTY, op.NOT_EMPTY, words=("price_list",), kind="number")
def price(asked: Condition) -> Q:
    asked.shown("offers.any.price")
    rows = Offer.objects.filter(variant__trashed_at__isnull=True)
    if price_list := asked.known(PriceList.objects, asked.text("price_list"), "price list"):
        rows = rows.filter(price_list__code=price_list)
    if asked.op == op.NOT_EMPTY:
        return Q(pk__in=rows.filter(price__isnull=False).values("variant__product_id"))
    if asked.op == op.EMPTY:
        return Q(
            pk__in=Variant.objects.exclude(pk__in=rows.filter(price__isnull=False).values("variant_id")).values(
                "product_id"
            )
        )
    if asked.op in (op.BETWEEN, op.NOT_BETWEEN):
        low, high = (_sum(asked, each) for each in pair(asked))
        within = Q(price__range=(low, high))
        return Q(pk__in=rows.filter(~within if asked.op == op.NOT_BETWEEN else within).values("variant__product_id"))
    amount = _sum(asked, asked.value)
    where = Q(price=amount) if asked.op not in op.ORDER else Q(**{f"price__{op.ORDER[asked.op]}": amount})
    rows = rows.filter(~where if asked.op == op.UNEQUAL else where)
    return Q(pk__in=rows.values("variant__product_id"))


def _sum(asked: Condition, given: JSON) -> Decimal:
    try:
        amount = written_out(str(given))
        if isinstance(given, bool) or not amount.is_finite() or abs(amount) >= 10**12:
            raise InvalidOperation
    except InvalidOperation as error:
        raise asked.fail('Give an amount, such as "12.99".', "bad_value") from error
    return amount


@part("stock", "Stock", *NUMBERS, words=("location",), kind="number")
def stock(asked: Condition) -> Q:
    """Units available of any variant, at one location or at any."""
    asked.shown("stock")
    rows = StockLevel.objects.filter(_compared(asked, "available"), variant__trashed_at__isnull=True)
    if location := asked.known(Location.objects, asked.text("location"), "location"):
        rows = rows.filter(location__code=location)
    return Q(pk__in=rows.values("variant__product_id"))


@part("association", "Associations", op.EMPTY, op.NOT_EMPTY, op.EQUAL, op.IN, words=("type",))
def association(asked: Condition) -> Q:
    """Points to products (codes or SKUs); `type` narrows it."""
    rows = Association.objects.filter(to_product__trashed_at__isnull=True)
    if kind := asked.known(AssociationType.objects, asked.text("type"), "type of association"):
        rows = rows.filter(type__code=kind)
    if asked.op in (op.EQUAL, op.IN):
        keys = [code_key(t) for t in asked.texts()]
        rows = rows.filter(Q(to_product__code_key__in=keys) | Q(to_variant__sku_key__in=keys))
    found = Q(pk__in=rows.values("product_id"))
    return ~found if asked.op == op.EMPTY else found


@part("reference", "Code in another system", op.EQUAL, op.IN, op.EMPTY, op.NOT_EMPTY, words=("system",))
def reference(asked: Condition) -> Q:
    """Codes that other systems have for the product or a variant of it; `system` narrows it."""
    rows = ExternalReference.objects.filter(valid_to__isnull=True)
    if system := asked.known(ExternalSystem.objects, asked.text("system"), "system"):
        rows = rows.filter(system__code=system)
    if asked.op in (op.EQUAL, op.IN):
        rows = rows.filter(code_key__in=[code_key(t) for t in asked.texts()])
    own = rows.filter(product__isnull=False).values("product_id")
    found = Q(pk__in=own) | Q(pk__in=rows.filter(variant__isnull=False).values("variant__product_id"))
    return ~found if asked.op == op.EMPTY else found


@part("trashed", "In the trash", op.EQUAL, kind="flag")
def trashed(asked: Condition) -> Q:
    """Lists leave the trash out unless the filter asks for it."""
    if not isinstance(asked.value, bool):
        raise asked.fail("Ask with true or false.", "bad_value")
    return Q(trashed_at__isnull=not asked.value)
