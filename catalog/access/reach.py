"""How far the roles of the person acting reach: which products, and which of their values and parts.

A role's limits bound every right that it gives. A person has the rights of all their roles: what any of them
reaches, the person reaches. Whoever is not acting as a person (workers, the command line) reaches everything.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet, Value
from django.db.models.functions import Concat

from catalog.access import roles
from catalog.attributes.spec import ValueProblem
from catalog.attributes.values import ValueKey
from catalog.models import (
    Attribute,
    AttributeGroup,
    Category,
    ChangeSet,
    JournalEntry,
    Locale,
    MediaAsset,
    MediaLink,
    Product,
    Scope,
    User,
)
from catalog.models.codes import code_key
from catalog.products import parts
from catalog.products.state import is_part
from pimhub.foundation import actor
from pimhub.foundation.among import Compiled, among

VIEW, CHANGE = "catalog.view_product", "catalog.change_product"
CATEGORY, LOCALE, GROUP, SCOPE, PART = "category", "locale", "group", "scope", "part"
VALUES = frozenset({LOCALE, GROUP, SCOPE, PART})  # what bounds the values and parts within a product
# What every page of a limited role asks.
_PLACED = Compiled(
    lambda ids: Product.categories.through.objects.filter(among("product_id", ids)).values_list(
        "product_id", "category_id"
    )
)
_NODES = Compiled(
    lambda keys: Category.objects.filter(among("code_key", keys)).order_by().values_list("pk", "path", "numchild")
)
M = TypeVar("M", bound=Model)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of limit: what people call it, and what there is of it, as (code, label)."""

    label: str
    choices: Callable[[], Sequence[tuple[str, str]]]


kinds: dict[str, Kind] = {}  # higher floors add theirs


@dataclass(frozen=True, slots=True)
class Reach:
    """What one role reaches; a kind that is not among its limits is not limited.

    `places`: ids of its categories, with all below.
    """

    role: str
    limits: Mapping[str, frozenset[str]]
    places: frozenset[int] = frozenset()

    def has(self, kind: str, code: str) -> bool:
        return kind not in self.limits or code in self.limits[kind]

    def covers(self, placed: Iterable[int]) -> bool:
        """Whether a product in these categories, by id, is within."""
        return CATEGORY not in self.limits or not self.places.isdisjoint(placed)

    def holds(self, key: str, groups: Mapping[str, str]) -> bool:
        """Whether a value key or part is within; `groups` are those of the attributes."""
        if not key or is_part(key):
            part, _ = parts.part_of(key)
            return not part or self.has(PART, part)
        try:
            parsed = ValueKey.parse(key)
        except ValueProblem:
            return True  # is refused for what it is
        if parsed.locale and not self.has(LOCALE, parsed.locale):
            return False
        if parsed.scope and not self.has(SCOPE, parsed.scope):
            return False
        return self.has(GROUP, groups.get(parsed.attribute, ""))


@dataclass(slots=True)
class Sight:
    """What a person reaches with one right. `reaches` None: everything."""

    reaches: tuple[Reach, ...] | None
    groups: Mapping[str, str] = field(default_factory=dict)
    _known: dict[int, tuple[Reach, ...]] = field(default_factory=dict)
    _ids: QuerySet[Any] | None = None

    @property
    def everything(self) -> bool:
        return self.reaches is None

    def ids(self) -> QuerySet[Any] | None:
        """Ids of the products that are reached; None: all."""
        if self.reaches is None or any(CATEGORY not in reach.limits for reach in self.reaches):
            return None
        if self._ids is None:  # a page asks for them several times
            places = frozenset[int]().union(*(reach.places for reach in self.reaches))
            rows = Product.categories.through.objects.filter(among("category_id", sorted(places)))
            self._ids = rows.values("product_id")
        return self._ids

    def on(self, product_id: int) -> tuple[Reach, ...]:
        """The reaches that the product is within."""
        if product_id not in self._known:
            self.learn([product_id])
        return self._known[product_id]

    def learn(self, ids: Iterable[int], *, seen: bool = False) -> None:
        """Look up many products at once, for `on` and `shows`. Those that were `seen` are within one reach at least:
        who has but one has it on each of them."""
        wanted = [pk for pk in ids if pk not in self._known]
        if self.reaches is None or not wanted:
            return
        if seen and len(self.reaches) == 1:
            self._known |= dict.fromkeys(wanted, self.reaches)
            return
        placed: dict[int, list[int]] = {pk: [] for pk in wanted}
        if any(CATEGORY in reach.limits for reach in self.reaches):
            for pk, category in _PLACED(wanted):
                placed[pk].append(category)
        self._known |= {pk: self.at(categories) for pk, categories in placed.items()}

    def at(self, categories: Collection[int]) -> tuple[Reach, ...]:
        """The reaches that a product in these categories, by id, is within."""
        return tuple(reach for reach in self.reaches or () if reach.covers(categories))

    def shows(self, product_id: int, key: str) -> bool:
        """Whether a value or part of a product is within."""
        return self.reaches is None or self.among(self.on(product_id), key)

    def among(self, reaches: Sequence[Reach], key: str) -> bool:
        return any(reach.holds(key, self.groups) for reach in reaches)

    def whole(self, product_id: int) -> bool:
        """Whether all values and parts of a product are within."""
        return self.reaches is None or any(VALUES.isdisjoint(reach.limits) for reach in self.on(product_id))

    def anywhere(self, key: str) -> bool:
        """Whether a value or part is within, of any product."""
        return self.reaches is None or self.among(self.reaches, key)

    def visible(self, product_id: int, row: Mapping[str, T]) -> Mapping[str, T]:
        """Of values and parts by key, those that are within."""
        if self.reaches is None:
            return row
        return {key: value for key, value in row.items() if self.shows(product_id, key)}

    def limited(self, kind: str) -> frozenset[str] | None:
        """All codes of a kind that are within anywhere; None: not limited."""
        if self.reaches is None or any(kind not in reach.limits for reach in self.reaches):
            return None
        return frozenset().union(*(reach.limits[kind] for reach in self.reaches))


EVERYTHING = Sight(None)


def sight(right: str = VIEW, *, user: User | None = None) -> Sight:
    """What the person acting, or another, reaches with a right. Looked up once per act."""
    act = actor.current.get()
    user = user or _acting()
    if user is None or user.is_superuser:
        return EVERYTHING
    kept = act.kept if act is not None else {}
    if (user.pk, right) not in kept:
        kept[user.pk, right] = _look_up(user, right, kept)
    found: Sight = kept[user.pk, right]
    return found


def _look_up(user: User, right: str, kept: dict[Any, Any]) -> Sight:
    if user.pk not in kept:
        kept[user.pk] = _roles(user)
    bounded: list[tuple[Reach, frozenset[str]]] | None = kept[user.pk]
    if bounded is None or right in user.get_user_permissions():
        return EVERYTHING
    found = tuple(reach for reach, rights in bounded if right in rights)
    if not all(reach.limits for reach in found):
        return EVERYTHING  # one of them is not limited
    grouped = any(GROUP in reach.limits for reach in found)
    groups = dict(Attribute.objects.values_list("code", "group__code")) if grouped else {}
    return Sight(found, groups)


def _roles(user: User) -> list[tuple[Reach, frozenset[str]]] | None:
    """What each role of a person reaches, with the rights it gives; None when none of them is limited."""
    held = roles.of(user)
    if not any(role.limits for role in held):
        return None
    return [(_reach(role.name, role.limits), role.rights) for role in held]


def _reach(role: str, limits: Mapping[str, frozenset[str]]) -> Reach:
    keys = [code_key(code) for code in limits.get(CATEGORY, ())]
    nodes = _NODES(keys) if keys else []
    places = {pk for pk, _, _ in nodes}
    if below := [Q(path__startswith=path) for _, path, children in nodes if children]:
        places |= set(Category.objects.filter(reduce(or_, below)).values_list("pk", flat=True))
    return Reach(role, limits, frozenset(places))


def seen(query: QuerySet[M], path: str = "pk", right: str = VIEW) -> QuerySet[M]:
    """The rows whose product, at `path`, the person acting reaches with a right."""
    ids = sight(right).ids()
    return query if ids is None else query.filter(**{f"{path}__in": ids})


def seen_acts(query: QuerySet[ChangeSet]) -> QuerySet[ChangeSet]:
    """Change sets that touched a product which is seen, and those of the person acting."""
    if (ids := sight().ids()) is None:
        return query
    touched = JournalEntry.objects.filter(product__in=ids).values("change_set_id")
    return query.filter(Q(pk__in=touched) | Q(user=_acting()))


def codes() -> QuerySet[Any] | None:
    """“product:<code>” of all products that are seen, for logs that name them so; None: all."""
    if sight().ids() is None:
        return None
    rows = seen(Product.everything.order_by()).annotate(named=Concat(Value("product:"), "code"))
    return rows.values("named")


def own(query: QuerySet[M]) -> QuerySet[M]:
    """Plans and imports, which tell of many products: whoever does not reach all of them sees their own."""
    return query if sight().everything else query.filter(user=_acting())


def pictures(query: QuerySet[MediaAsset]) -> QuerySet[MediaAsset]:
    """Pictures that a seen product shows, and those that none does."""
    if (ids := sight().ids()) is None:
        return query
    shown = MediaLink.objects.filter(product__in=ids).values("asset_id")
    return query.filter(Q(pk__in=shown) | Q(links__isnull=True))


def _acting() -> User | None:
    act = actor.current.get()
    return act.user if act is not None else None


def _categories() -> list[tuple[str, str]]:
    rows = Category.objects.filter(trashed_at__isnull=True).order_by("path")
    return [(node.code, f"{' ' * (node.depth - 1)}{node.label()}") for node in rows[:5000]]


kinds[CATEGORY] = Kind("Categories, with all below", _categories)
kinds[LOCALE] = Kind("Languages", lambda: [(code, code) for code in Locale.objects.values_list("code", flat=True)])
kinds[GROUP] = Kind("Attribute groups", lambda: [(g.code, g.label) for g in AttributeGroup.objects.all()])
kinds[SCOPE] = Kind("Scopes", lambda: [(s.code, s.label or s.code) for s in Scope.objects.all()])
kinds[PART] = Kind("Parts of products", lambda: list(parts.LABELS.items()))
