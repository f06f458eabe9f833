"""What a kind of plan answers: which products, and what would be done to each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, TypeVar

from django.db.models import QuerySet

from catalog.models import ChangeSet, Product
from catalog.products.changes import ChangeError, ProductChange
from catalog.products.state import ProductState
from pimhub.foundation.jsonvalue import JSON
from pimhub.foundation.registry import Registry

What = Mapping[str, JSON]


class BadPlan(ValueError):
    """The plan cannot be made; `key` is the part of its description at fault."""

    def __init__(self, key: str, message: str, code: str = "bad_plan") -> None:
        super().__init__(message)
        self.key = key
        self.code = code


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be done to one product. `left` are parts that are left alone, each with its reason."""

    change: ProductChange | None
    left: Sequence[ChangeError] = field(default_factory=list)


class PlanKind(ABC):
    """One kind. Instances have no state."""

    name: ClassVar[str]
    drops_values: ClassVar[bool] = False  # what cannot be written is told, and the rest is written

    @abstractmethod
    def check(self, what: What) -> str:
        """The title of such a plan. Raises BadPlan."""

    @abstractmethod
    def products(self, what: What) -> QuerySet[Product]:
        """Those that the plan may touch."""

    @abstractmethod
    def wanted(self, what: What, states: Sequence[ProductState]) -> list[Wanted]:
        """What is to be done to each of them."""

    def undoes(self, what: What) -> ChangeSet | None:
        """The change set that is taken back, if that is what the plan does."""
        return None


K = TypeVar("K", bound=PlanKind)
plan_kinds: Registry[PlanKind] = Registry("kind of plan")


def plan_kind(cls: type[K]) -> type[K]:
    """Make a kind known by its name."""
    plan_kinds.add(cls.name, cls())
    return cls
