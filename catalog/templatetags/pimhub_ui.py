"""The building blocks of every page. templates/components/README.md shows each with a line of usage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from html import escape

from django import forms, template
from django.forms import BoundField
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from catalog.attributes.diff import word_diff as compare_words
from catalog.attributes.spec import AttributeSpec
from catalog.attributes.types import type_of
from catalog.templatetags.states import look
from pimhub.foundation.html import sanitize
from pimhub.foundation.jsonvalue import JSON, canonical

register = template.Library()

NOTHING = mark_safe(
    '<span class="nothing"><span aria-hidden="true">—</span><span class="visually-hidden">empty</span></span>'
)
BAR_WIDTH = 1000  # units of the state bar's drawing
MARKS = {
    "equal": "{}",
    "insert": '<ins><span class="visually-hidden">added: </span>{}</ins>',
    "delete": '<del><span class="visually-hidden">removed: </span>{}</del>',
}
THINNEST = 6  # one failure among ten thousand must still be seen


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """A drawing from static/icons.svg. It says nothing to a screen reader: put words beside it."""
    return _drawing(static("icons.svg"), name, css)


@lru_cache(maxsize=500)
def _drawing(file: str, name: str, css: str) -> SafeString:
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>', css, file, name
    )


@register.simple_tag
def badge(state: str, label: str = "") -> SafeString:
    """A state with its icon and words, e.g. `{% badge product.state %}`; `label` replaces the words."""
    tone, name, words = look(str(state))
    return format_html('<span class="state" data-tone="{}">{}{}</span>', tone, icon(name), label or words)


@register.simple_tag
def breadcrumbs(*steps: str) -> SafeString:
    """Words and addresses in turn, the current page's words last: `{% breadcrumbs "Products" url code %}`."""
    *links, current = steps
    pairs = list(zip(links[::2], links[1::2], strict=True))
    return format_html(
        '<nav class="breadcrumbs" aria-label="Breadcrumb"><ol>{}<li aria-current="page">{}</li></ol></nav>',
        format_html_join("", '<li><a href="{1}">{0}</a></li>', pairs),
        current,
    )


@register.inclusion_tag("components/empty_state.html")
def empty_state(
    title: str, text: str, action_url: str = "", action_label: str = "", icon: str = "inbox"
) -> dict[str, str]:
    """What to show instead of nothing: why it is empty and what to do next."""
    return {"title": title, "text": text, "url": action_url, "label": action_label, "icon": icon}


@register.inclusion_tag("components/completeness.html")
def completeness(percent: int, missing: Iterable[str] = ()) -> dict[str, object]:
    """How complete (0 to 100) and which labels are missing."""
    names = [str(name) for name in missing]
    return {"percent": percent, "names": names, "complete": percent >= 100 and not names}


@register.inclusion_tag("components/progress.html")
def progress_bar(done: int | None, total: int | None, label: str) -> dict[str, object]:
    """A running job. Without `done` or `total` it only says that something is going on."""
    known = done is not None and bool(total)
    return {"done": done, "total": total, "label": label, "known": known}


@register.inclusion_tag("components/stat.html")
def stat(label: str, value: object, url: str = "", tone: str = "neutral", hint: str = "") -> dict[str, object]:
    """One number with its name; with `url` the whole card is a link. None of something is nothing to worry about."""
    return {"label": label, "value": value, "url": url, "tone": tone if value else "neutral", "hint": hint}


@register.inclusion_tag("components/pager.html")
def pager(previous_url: str = "", next_url: str = "", shown: str = "") -> dict[str, str]:
    """Pages by key: there is a page before, a page after, or neither; no page numbers."""
    return {"previous_url": previous_url, "next_url": next_url, "shown": shown}


@register.inclusion_tag("components/state_bar.html")
def state_bar(counts: Mapping[str, int], label: str, url: str = "") -> dict[str, object]:
    """Counts by state as one bar and as words. `url` is completed with the state: "?channel=x&state="."""
    total = sum(counts.values())
    segments, start = [], 0
    for state, count in counts.items():
        width = max(round(BAR_WIDTH * count / total), THINNEST) if count else 0
        segments.append({"state": state, "count": count, "look": look(state), "x": start, "width": width})
        start += width
    return {"segments": segments, "label": label, "url": url, "width": max(start, 1), "total": total}


@register.inclusion_tag("components/field.html")
def field(bound: BoundField, **attributes: str | int) -> dict[str, object]:
    """A form field with label, help, errors and their ARIA. `rows=4` and the like become attributes."""
    widget = bound.field.widget
    box, many = isinstance(widget, forms.CheckboxInput), bound.use_fieldset
    attrs: dict[str, str | bool] = {
        name.replace("_", "-"): value if isinstance(value, bool) else str(value) for name, value in attributes.items()
    }
    if not many:  # a group would repeat the class on the box around it
        css = "form-check-input" if box else "form-select" if isinstance(widget, forms.Select) else "form-control"
        attrs["class"] = f"{css} {attrs.get('class', '')}".strip()
    return {"field": bound, "control": bound.as_widget(attrs=attrs), "box": box, "many": many}


@register.simple_tag
def word_diff(old: JSON, new: JSON, type: str = "", labels: Mapping[str, str] | None = None) -> SafeString:
    """Two values as one text, what went struck out and what came underlined, each also said in words.

    `type` is the attribute's, `labels` its options' (code → label); without a type values are plain text.
    """
    pieces = (
        format_html(MARKS[operation], text)
        for operation, text in compare_words(_words(old, type, labels), _words(new, type, labels))
    )
    return format_html('<span class="diff" dir="auto">{}</span>', SafeString("".join(pieces)))


@register.simple_tag
def value_display(value: JSON, type: str = "", labels: Mapping[str, str] | None = None) -> SafeString:
    """A catalog value for reading; `type` and `labels` as in `word_diff`."""
    if value is None or value == "" or value == [] or value == {}:
        return NOTHING
    if isinstance(value, list):
        known = labels or {}
        items = format_html_join("", "<li>{}</li>", ((known.get(_plain(item), _plain(item)),) for item in value))
        return format_html('<ul class="chips" dir="auto">{}</ul>', items)
    if type == "rich_text" and isinstance(value, str):
        return format_html('<div class="prose" dir="auto">{}</div>', SafeString(sanitize(value)))
    text = _words(value, type, labels)
    if type == "url" and text.startswith(("https://", "http://")):
        return format_html('<a href="{0}" rel="noreferrer noopener" target="_blank">{0}</a>', text)
    return format_html('<span class="value" dir="auto">{}</span>', text)


@register.simple_tag
def ago(moment: datetime | None) -> SafeString:
    """How long since (or until) a moment; the exact time is in the title."""
    if moment is None:
        return NOTHING
    title, words = f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S %Z}", escape(_distance(moment, timezone.now()))
    return SafeString(f'<time data-ago datetime="{moment.isoformat()}" title="{escape(title)}">{words}</time>')


def _distance(moment: datetime, now: datetime) -> str:
    seconds = int((now - moment).total_seconds())
    if abs(seconds) < 45:
        return "just now"
    for size, unit, limit in ((60, "min", 60), (3600, "h", 24), (86400, "d", 7)):
        count = round(abs(seconds) / size)
        if count < limit:
            return f"{max(count, 1)} {unit} ago" if seconds > 0 else f"in {max(count, 1)} {unit}"
    local = timezone.localtime(moment)
    return date_format(local, "j M" if local.year == now.year else "j M Y")


def _words(value: JSON, type: str, labels: Mapping[str, str] | None) -> str:
    """The value as its type tells it."""
    if not type:
        return _plain(value)
    try:
        return type_of(type).display(value, AttributeSpec(code="", type=type), labels=labels or None)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError):
        # The journal also holds values from before their attribute had this type.
        return _plain(value)


def _plain(value: JSON) -> str:
    """A value whose type is not known, as text."""
    if value is None:
        return ""
    return value if isinstance(value, str) else canonical(value).decode()
