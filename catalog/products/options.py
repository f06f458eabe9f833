"""Labels become options, paths become categories, needs become attributes: what files speak of by name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

from catalog.models import Attribute, AttributeGroup, AttributeOption, Category, Family, FamilyAttribute
from catalog.models.codes import code_key
from pimhub.foundation.jsonvalue import JSON

CODE_LENGTH = 80


def slug(label: str) -> str:
    """A readable code for a label; "" when nothing readable is left."""
    text = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", text).strip("_")[:CODE_LENGTH].strip("_")


def codes_for(attribute: Attribute, value: JSON) -> JSON:
    """What a person typed for a choice, labels put into codes; what is neither stays, and is refused by name."""
    texts = [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]
    options = AttributeOption.objects.filter(attribute=attribute)
    codes = set(options.filter(code__in=texts).values_list("code", flat=True))
    by_label = dict(options.filter(label_key__in=[code_key(t) for t in texts]).values_list("label_key", "code"))

    def code(text: JSON) -> JSON:
        return text if text in codes or not isinstance(text, str) else by_label.get(code_key(text), text)

    return [code(text) for text in value] if isinstance(value, list) else code(value)


class OptionBook:
    """Option codes by label, looked up in bulk, made on demand; in a dry run only planned.

    The same labels give the same codes in dry run and apply, because codes are taken in the order of
    the file from what is free.
    """

    def __init__(self, *, locale: str, dry_run: bool) -> None:
        self.locale = locale
        self.dry_run = dry_run
        self._codes: dict[str, dict[str, str]] = {}  # attribute → label key → option code
        self._taken: dict[str, set[str]] = {}
        self.planned: dict[str, set[str]] = {}  # attribute → codes that exist only in this run

    def codes(self, attribute: Attribute | None, code: str, labels: Iterable[str]) -> dict[str, str]:
        """{label: option code}. `attribute` is None when it is itself only planned.

        Labels of a closed list that are not among its options are left out.
        """
        known = self._learn(attribute, code)
        taken = self._taken[code]
        found, new = {}, []
        for label in dict.fromkeys(labels):
            key = code_key(label)
            if key not in known:
                if attribute is not None and not attribute.open_options:
                    continue
                known[key] = _free(slug(label) or "option", taken)
                taken.add(known[key])
                self.planned.setdefault(code, set()).add(known[key])
                new.append((known[key], key, label))
            found[label] = known[key]
        if new and attribute is not None and not self.dry_run:
            AttributeOption.objects.bulk_create(
                [
                    AttributeOption(attribute=attribute, code=c, label_key=k, labels={self.locale: label})
                    for c, k, label in new
                ]
            )
        return found

    def _learn(self, attribute: Attribute | None, code: str) -> dict[str, str]:
        if code not in self._codes:
            rows = (
                # Those in the trash too: their codes and labels stay taken, and the door refuses them by name.
                AttributeOption.everything.filter(attribute=attribute).values_list("label_key", "code")
                if attribute
                else []
            )
            self._codes[code] = {}
            self._taken[code] = set()
            for key, option in rows:
                self._codes[code].setdefault(code_key(option), option)
                self._codes[code][key] = option
                self._taken[code].add(option)
        return self._codes[code]


def _free(code: str, taken: set[str]) -> str:
    number, candidate = 2, code
    while candidate in taken:
        candidate, number = f"{code}_{number}", number + 1
    return candidate


class CategoryBook:
    """Category codes by path ("A > B > C"), made on demand below the tree `products`; planned in a dry run."""

    TREE = "products"

    def __init__(self, *, locale: str, dry_run: bool) -> None:
        self.locale = locale
        self.dry_run = dry_run
        self._known: set[str] | None = None

    def code(self, path: str) -> str:
        """The code of the category at that path."""
        names = [n.strip() for n in path.split(">") if n.strip()]
        codes = [slug(n) or "category" for n in names]
        full = "/".join(codes)
        if self._known is None:
            self._known = set(Category.objects.values_list("code", flat=True))
        if full not in self._known and not self.dry_run:
            self._make(names, codes)
        self._known.add(full)
        return full

    def _make(self, names: list[str], codes: list[str]) -> None:
        node = Category.objects.filter(code=self.TREE).first() or Category.objects.add_root(
            {"code": self.TREE, "code_key": code_key(self.TREE), "labels": {"en_US": "Products"}}
        )
        for depth, name in enumerate(names):
            code = "/".join(codes[: depth + 1])
            child = Category.objects.filter(code=code).first()
            if child is None:
                child = Category.objects.add_child(
                    Category.objects.get(pk=node.pk),
                    {"code": code, "code_key": code_key(code), "labels": {self.locale: name}},
                )
            node = child


def ensure_attribute(
    *, code: str, type: str, label: str, group: str, on_variant: bool, locale: str, family: Family
) -> Attribute:
    """The attribute of that code, in the family, made if it is missing."""
    attribute = Attribute.objects.filter(code=code).first()
    if attribute is None:
        attribute = Attribute.objects.create(
            code=code,
            type=type,
            labels={locale: label, "en_US": label},
            group=AttributeGroup.objects.get_or_create(code=group, defaults={"label": group.capitalize()})[0],
            position=1000,
            filterable=type == "select",
        )
    FamilyAttribute.objects.get_or_create(
        family=family, attribute=attribute, defaults={"position": 1000, "on_variant": on_variant}
    )
    return attribute


def planned_attribute(*, code: str, type: str, labels: Mapping[str, str]) -> Attribute:
    """An attribute as it would be made, for a dry run."""
    return Attribute(code=code, type=type, labels=dict(labels))
