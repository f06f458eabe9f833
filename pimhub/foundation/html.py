"""HTML of product descriptions: what may stay, and the same as plain text."""

from __future__ import annotations

import html as entities
import re
from functools import lru_cache
from html.parser import HTMLParser

import nh3

TAGS = frozenset({
    "a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "col", "colgroup", "dd", "del", "div",
    "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "li", "mark", "ol", "p",
    "q", "s", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead",
    "tr", "u", "ul",
})  # fmt: skip
# Their content is code, drawing or a foreign page, not text.
VANISH = frozenset({
    "audio", "button", "canvas", "embed", "iframe", "math", "noscript", "object", "script", "select",
    "style", "svg", "template", "textarea", "title", "video",
})  # fmt: skip
ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "abbr": {"title"},
    "*": {"dir", "lang"},
}
PASSES = 4
MAX_TAGS = 20_000  # parsers need time by tags × depth; no description comes near

BLOCKS = frozenset({
    "blockquote", "caption", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol",
    "p", "table", "tr", "ul",
})  # fmt: skip
PARAGRAPHS = frozenset({
    "blockquote", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "table", "ul",
})  # fmt: skip
BULLET = "\x1c"  # counts as white space, so no text brings its own


def sanitize(html: str) -> str:
    """HTML with nothing but the text structure of a description. Idempotent.

    Scripts, styles, handlers, classes and foreign elements go; links lead to http, https or mailto;
    pictures come by https. Addresses relative to some shop go too: they would point at whoever shows them.

    Raises ValueError for more than MAX_TAGS tags; what it returned is never refused.
    """
    for _ in range(PASSES):
        if (tags := html.count("<")) > MAX_TAGS:
            raise ValueError(f"The text has {tags} tags; at most {MAX_TAGS} are possible.")
        cleaned = _cleaner.clean(html)
        if cleaned == html:
            return cleaned
        html = cleaned
    # Broken nesting that settles into no stable form is worth no more than its words.
    return _cleaner.clean(entities.escape(_text(html), quote=False))


@lru_cache(maxsize=256)  # a product's text is asked for once per variant, field and channel
def to_text(html: str) -> str:
    """The words alone: a line per block, an empty line between paragraphs, "- " before list items.

    Raises ValueError as `sanitize` does.
    """
    return _text(sanitize(html))


def _attribute(tag: str, name: str, value: str) -> str | None:
    if tag == "img" and name == "src":
        # Browsers load an http picture in an https page by https or not at all.
        secure = re.sub(r"(?i)^\s*(http:)?//", "https://", value)
        return secure if secure.lower().startswith("https://") else None
    return value


def _relative(url: str) -> str | None:
    return f"https:{url}" if re.match(r"//[^/\\]", url) else None


_cleaner = nh3.Cleaner(
    tags=set(TAGS),
    clean_content_tags=set(VANISH),
    attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
    attribute_filter=_attribute,
    url_schemes={"http", "https", "mailto"},
    url_relative=_relative,
    link_rel="noopener noreferrer nofollow",
)


class _Words(HTMLParser):
    """Collects the text of clean HTML, with line feeds where blocks begin and end."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self.parts.append("\n")
        elif tag in ("td", "th"):
            self.parts.append(" ")
        self._edge(tag)
        if tag == "li":
            self.parts.append(BULLET)

    def handle_endtag(self, tag: str) -> None:
        self._edge(tag)

    def handle_data(self, data: str) -> None:
        self.parts.append(re.sub(r"\s+", " ", data))

    def _edge(self, tag: str) -> None:
        if tag in BLOCKS:
            self.parts.append("\f" if tag in PARAGRAPHS else "\v")


def _text(html: str) -> str:
    words = _Words()
    words.feed(html)
    words.close()
    text = re.sub(" {2,}", " ", "".join(words.parts))
    text = re.sub(r" ?([\n\v\f]) ?", r"\1", text)
    text = re.sub(rf"{BULLET}\s*", "- ", text)
    return re.sub(r"[\n\v\f]+", _break, text).strip()


def _break(found: re.Match[str]) -> str:
    """\\f: a paragraph ends here; \\v: a line does; \\n: the author's own line feed."""
    return "\n\n" if "\f" in found[0] or found[0].count("\n") > 1 else "\n"
