"""The rows of the grid as HTML. Fifty rows through the template engine cost more than all queries of the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from html import escape  # Django's own is the same, after two looks at whether the text is a promise
from urllib.parse import quote

from django.urls import reverse
from django.utils.http import RFC3986_SUBDELIMS
from django.utils.safestring import SafeString, mark_safe

from catalog.products.grid import Row
from catalog.templatetags.pimhub_ui import ago, badge, icon
from catalog.views.pictures import thumbnail

UNQUOTED = RFC3986_SUBDELIMS + "/~:@"  # as in Django's addresses


def rows_html(rows: Sequence[Row], *, pick: bool) -> SafeString:
    """Table rows; with `pick`, each with a box to select it. Everything from the catalogue is escaped."""
    address = _address()
    check, states = icon("check"), {state: badge(state) for state in {row.state for row in rows} if state}
    return mark_safe("".join(_row(row, address, check, states, pick=pick) for row in rows))  # noqa: S308 # escaped below


def _address() -> Callable[[str], str]:
    """Where a product is, by its code: `reverse` asked once, as it quotes."""
    before, after = reverse("product_detail", kwargs={"code": "CODE"}).split("CODE")
    return lambda code: escape(f"{before}{quote(code, safe=UNQUOTED)}{after}")


def _row(row: Row, address: Callable[[str], str], check: str, states: dict[str, SafeString], *, pick: bool) -> str:
    product = row.product
    code, name, url = escape(product.code), escape(row.name), address(product.code)
    shown = escape(thumbnail(*row.picture))
    image = f'<img class="thumb" src="{shown}" alt="" loading="lazy" width="40" height="40">' if shown else ""
    box = f'<input type="checkbox" class="form-check-input" name="code" value="{code}" aria-label="Select {code}">'
    return (
        "<tr>" + (f'<td class="pick">{box}</td>' if pick else "") + f'<td class="media">{image}</td>'
        f'<th scope="row"><a href="{url}" dir="auto">{name}</a><br><span class="quiet code">{code}</span></th>'
        f'<td data-label="State">{states.get(row.state, "")}</td>'
        f'<td data-label="Complete">{_complete(row, check)}</td>'
        f'<td class="num" data-label="Variants">{row.variants}</td>'
        f'<td class="num" data-label="Price">{escape(price_range(row.lowest, row.highest)) or "—"}</td>'
        f'<td class="num" data-label="Stock">{"—" if row.stock is None else row.stock}</td>'
        f'<td class="nowrap" data-label="Changed">{ago(product.updated_at)}</td></tr>'
    )


def _complete(row: Row, check: str) -> str:
    """As in templates/components/completeness.html."""
    names = escape(", ".join(row.missing))
    whole = row.complete >= 100 and not row.missing
    if whole:
        words = f"<span>{check} Complete</span>"
    else:
        lacking = f' · {len(row.missing)} missing<span class="visually-hidden">: {names}</span>' if names else ""
        words = f"<span>{row.complete} %{lacking}</span>"
    more = ""
    if not row.current:
        title = "The family's requirements changed; this is being measured anew."
        more = f' <span class="quiet" title="{escape(title)}">being measured</span>'
    elif row.variants > 1 and row.variants_complete < row.variants:
        more = f' <span class="quiet">{row.variants_complete} of {row.variants} variants</span>'
    title = f' title="Missing: {names}"' if names else ""
    return (
        f'<span class="completeness{" is-complete" if whole else ""}"{title}>'
        f'<progress max="100" value="{row.complete}" aria-hidden="true"></progress>{words}</span>{more}'
    )


def price_range(lowest: Decimal | None, highest: Decimal | None) -> str:
    if lowest is None or highest is None:
        return ""
    low, high = f"{lowest:.2f}", f"{highest:.2f}"
    return low if low == high else f"{low} – {high}"
