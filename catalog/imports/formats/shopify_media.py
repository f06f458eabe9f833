"""A product's pictures, gathered from many rows: in order, each once."""

from __future__ import annotations

from dataclasses import dataclass, field

from catalog.products.changes import MediaChange


@dataclass
class Gallery:
    """Pictures of the product by position (those without one follow their neighbour), then of variants."""

    alt: dict[str, str] = field(default_factory=dict)  # URL → text
    _places: dict[str, int] = field(default_factory=dict)
    _shown: dict[tuple[str, str], None] = field(default_factory=dict)  # (URL, SKU), in order
    _last: int = 0

    def add(self, url: str, position: int | None, alt: str) -> None:
        """A picture of the product. Of one URL the first position and the first text count."""
        self._last = self._last if position is None else position
        self._places.setdefault(url, self._last)
        if alt and not self.alt.get(url):
            self.alt[url] = alt

    def show(self, url: str, sku: str) -> None:
        """The picture that shows this variant; often one of the product's."""
        self._shown[url, sku] = None

    def changes(self, locale: str) -> tuple[MediaChange, ...]:
        product = [(url, "") for url in sorted(self._places, key=lambda url: self._places[url])]
        return tuple(
            MediaChange(url=url, alt={locale: self.alt[url]} if url in self.alt else {}, sku=sku)
            for url, sku in [*product, *self._shown]
        )
