"""What a rendering needs besides values: pictures, the words of options, categories and axes, as they are today."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.attributes.types import type_of
from catalog.attributes.values import ValueKey
from catalog.models import Attribute, AttributeOption, Category, MediaLink, Product
from catalog.products.state import PRODUCT_ROW, Flat, is_part
from pimhub.foundation.jsonvalue import JSON

Words = Mapping[str, str]  # by language


@dataclass(frozen=True, slots=True)
class Context:
    """`labels`: {attribute: {option: words}}; `categories`: {code: words of the path}; `axes`: {attribute: words};
    `media`: the pictures in order, pinned by their bytes where these are here, else by their address."""

    labels: Mapping[str, Mapping[str, Words]]
    categories: Mapping[str, list[Words]]
    axes: Mapping[str, Words]
    media: Sequence[Mapping[str, JSON]]

    def words(self) -> dict[str, JSON]:
        """One flat form, to compare two by: what a reviewer sees besides values."""
        found: dict[str, JSON] = {
            f"option {attribute} {code}": dict(words)
            for attribute, options in self.labels.items()
            for code, words in options.items()
        }
        found |= {f"category {code}": [dict(words) for words in path] for code, path in self.categories.items()}
        found |= {f"axis {code}": dict(words) for code, words in self.axes.items()}
        return found | {f"picture {m['id']}": m["sha256"] for m in self.media}


def context_of(product: Product, content: Flat) -> Context:
    """What belongs to this content of the product, as it is now."""
    own = content[PRODUCT_ROW]
    return Context(
        labels=_option_labels(content.values()),
        categories=_category_names(own["categories"]),
        axes={a.code: a.labels for a in Attribute.objects.filter(code__in=own["axes"])},
        media=_pinned(product, own["media"]),
    )


def _pinned(product: Product, chosen: list[dict[str, JSON]]) -> list[dict[str, JSON]]:
    links = MediaLink.objects.filter(product=product).select_related("asset", "variant").order_by("position", "pk")
    return [
        {
            **item,
            "key": link.asset.key,
            "url": link.asset.source_url,
            "sha256": link.asset.sha256,
            "extension": link.asset.extension,
            "mime": link.asset.mime,
            "width": link.asset.width,
            "height": link.asset.height,
        }
        for item, link in zip(chosen, links, strict=True)
    ]


def _option_labels(rows: Iterable[Mapping[str, JSON]]) -> dict[str, dict[str, dict[str, str]]]:
    """Labels of every option in use."""
    used: dict[str, set[str]] = {}
    values = [(ValueKey.parse(key).attribute, v) for row in rows for key, v in row.items() if not is_part(key)]
    kinds = dict(Attribute.objects.filter(code__in={a for a, _ in values}).values_list("code", "type"))
    for attribute, value in values:
        if value is not None and type_of(kinds[attribute]).has_options:
            used.setdefault(attribute, set()).update(value if isinstance(value, list) else [value])
    labels: dict[str, dict[str, dict[str, str]]] = {}
    options: Any = AttributeOption.objects.filter(attribute__code__in=used, code__in=set().union(*used.values()))
    for option in options.select_related("attribute") if used else ():
        if option.code in used[option.attribute.code]:
            labels.setdefault(option.attribute.code, {})[option.code] = option.labels or {"en_US": option.code}
    return labels


def _category_names(codes: list[str]) -> dict[str, list[Words]]:
    names: dict[str, list[Words]] = {}
    for category in Category.objects.filter(code__in=codes):
        path = [*Category.objects.get_ancestors(category), category]
        names[category.code] = [c.labels or {"en_US": c.code} for c in path]
    return names
