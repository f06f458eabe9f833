"""The value key, which names a value everywhere, and the order in which values are read.

attribute[@locale][#scope]      color · name@en_US · description@de_DE#amazon_de
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from catalog.attributes.cells import shown
from catalog.attributes.spec import AttributeSpec, ValueProblem
from pimhub.foundation.jsonvalue import JSON
from pimhub.foundation.locales import LOCALE_PATTERN

CODE_PATTERN = r"[a-z][a-z0-9_]*"
# Names of product parts that are not values; an attribute of that name would be ambiguous in diffs and filters.
RESERVED_CODES = frozenset(
    {
        *("sku", "gtin", "code", "family", "axes", "categories", "media", "offers", "stock", "variants", "state"),
        *("associations", "references", "trashed", "completeness", "created", "updated", "version"),
    }
)
_KEY = re.compile(rf"({CODE_PATTERN})(?:@({LOCALE_PATTERN}))?(?:#({CODE_PATTERN}))?")


@dataclass(frozen=True, slots=True)
class ValueKey:
    """The name of one value. `locale` and `scope` are None where the value has none."""

    attribute: str
    locale: str | None = None
    scope: str | None = None

    @staticmethod
    def parse(text: str) -> ValueKey:
        """Raises ValueProblem for text that is not written as a value key."""
        return _parse(text)

    def __str__(self) -> str:
        locale = f"@{self.locale}" if self.locale else ""
        scope = f"#{self.scope}" if self.scope else ""
        return f"{self.attribute}{locale}{scope}"


def attribute_of(key: str) -> str:
    """The attribute in a value key; of anything else, what stands where one would."""
    return key.partition("@")[0].partition("#")[0]


@lru_cache(maxsize=16_384)
def _parse(text: str) -> ValueKey:
    found = _KEY.fullmatch(text)
    if found is None:
        raise ValueProblem(
            "bad_key",
            f"{shown(text)} is not a value key.",
            "Write attribute, attribute@locale or attribute@locale#scope, such as name@en_US.",
        )
    return ValueKey(*found.groups())


@dataclass(frozen=True, slots=True)
class Found:
    """A value that was read, under which key, and on which level (index into the levels)."""

    key: ValueKey
    value: JSON
    level: int


def resolve(
    levels: Sequence[Mapping[str, JSON]],
    attribute: str,
    *,
    scopes: Sequence[str | None] = (None,),
    locales: Sequence[str | None] = (None,),
) -> Found | None:
    """The value a reader gets: by level (variant, product), then scope, then locale, in this order.

    An absent key is inherited from the next place. None is a value, "deliberately empty", and ends
    the search. `scopes` and `locales` name every place to look: end them with None to include the
    value for all, e.g. scopes=("amazon_de", None), locales=("de_AT", "de", None).
    """
    places = _places(attribute, tuple(scopes), tuple(locales))
    for level, values in enumerate(levels):
        for text, key in places:
            if text in values:
                return Found(key, values[text], level)
    return None


@lru_cache(maxsize=16_384)
def _places(
    attribute: str, scopes: tuple[str | None, ...], locales: tuple[str | None, ...]
) -> tuple[tuple[str, ValueKey], ...]:
    keys = (ValueKey(attribute, locale, scope) for scope in scopes for locale in locales)
    return tuple((str(key), key) for key in keys)


def check_key(key: ValueKey, spec: AttributeSpec, *, locales: Collection[str], scopes: Collection[str]) -> None:
    """Refuse a key that its attribute cannot have, or with a locale or scope that there is not.

    A localizable attribute needs a locale. A scopable one may go without scope: for all scopes.
    Raises ValueProblem.
    """
    code = spec.code
    if key.locale and not spec.localizable:
        raise ValueProblem("not_localizable", f"“{code}” is the same in all languages.", f"Write {code} without @.")
    if spec.localizable and not key.locale:
        example = next(iter(sorted(locales)), "en_US")
        raise ValueProblem("locale_missing", f"“{code}” needs a language.", f"Write {code}@{example}.")
    if key.locale and key.locale not in locales:
        raise ValueProblem("unknown_locale", f"There is no language “{key.locale}”.", _known(locales))
    if key.scope and not spec.scopable:
        raise ValueProblem("not_scopable", f"“{code}” is the same in all scopes.", f"Write {code} without #.")
    if key.scope and key.scope not in scopes:
        raise ValueProblem("unknown_scope", f"There is no scope “{key.scope}”.", _known(scopes))


def _known(codes: Collection[str]) -> str:
    return f"Known: {', '.join(sorted(codes)) or 'none'}."
