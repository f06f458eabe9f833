"""What survives of the HTML in product files."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pimhub.foundation.html import TAGS, sanitize, to_text

REL = ' rel="noopener noreferrer nofollow"'


@pytest.mark.parametrize(
    "html",
    [
        "<p>Warm <strong>wool</strong> and <em>silk</em><br>by hand</p>",
        "<h2>Care</h2><ul><li>Wash cold</li><li>Dry flat</li></ul><ol><li>one</li></ol>",
        '<table><tbody><tr><th colspan="2">Size</th></tr><tr><td>S</td><td>36</td></tr></tbody></table>',
        f'<a href="https://example.com/a?b=1&amp;c=2"{REL}>more</a>',
        f'<a href="mailto:shop@example.com"{REL}>write</a>',
        '<img src="https://cdn.example.com/a.png" alt="A scarf">',
        "Fish &amp; chips, 3 &lt; 4",
    ],
)
def test_the_structure_of_a_description_stays(html: str) -> None:
    assert sanitize(html) == html


@pytest.mark.parametrize(
    ("html", "clean"),
    [
        ("a<script>alert(1)</script>b", "ab"),
        ("a<script>alert(1)", "a"),
        ("<SCRIPT SRC=//evil.example/x.js></SCRIPT>a", "a"),
        ("<style>p{display:none}</style><p>a</p>", "<p>a</p>"),
        ('<p onclick="x()" style="color:red" class="c" id="i" data-mce="1">a</p>', "<p>a</p>"),
        ("<p/onmouseover=alert(1)>a", "<p>a</p>"),
        ('<iframe src="https://video.example">film</iframe>a', "a"),
        ("<svg onload=alert(1)><path d='M0'/></svg>a", "a"),
        ("<svg><script>alert(1)</script></svg>a", "a"),
        ("<!-- secret -->a", "a"),
        ("<meta charset='utf-8'><p>a</p>", "<p>a</p>"),
        ('<widget type="x">a</widget>', "a"),
        ("<form action=/><input name=x>a</form>", "a"),
        ("<p>a<p>b", "<p>a</p><p>b</p>"),
        ("<b>a<i>b</b>c</i>", "<b>a<i>b</i></b><i>c</i>"),
        (f'<a href="javascript:alert(1)"{REL}>a</a>', f"<a{REL}>a</a>"),
        ('<a href="java\nscript:alert(1)">a</a>', f"<a{REL}>a</a>"),
        ('<a href="&#106;avascript:alert(1)">a</a>', f"<a{REL}>a</a>"),
        ('<a href="data:text/html,x">a</a>', f"<a{REL}>a</a>"),
        ('<a href="/cart">a</a>', f"<a{REL}>a</a>"),
        (
            '<a href="https://x.example" target="_blank" rel="opener">a</a>',
            f'<a href="https://x.example"{REL}>a</a>',
        ),
        ('<img src="//cdn.example/a.png">', '<img src="https://cdn.example/a.png">'),
        ('<img src="http://cdn.example/a.png">', '<img src="https://cdn.example/a.png">'),
        ('<img src="data:image/svg+xml;base64,AAAA" alt="x">', '<img alt="x">'),
        ('<img src="x" onerror="alert(1)">', "<img>"),
        ('<img src="mailto:a@b.example">', "<img>"),
        ("a\x00b", "ab"),
        ("", ""),
    ],
)
def test_everything_else_goes(html: str, clean: str) -> None:
    assert sanitize(html) == clean


class Seen(HTMLParser):
    """Which tags and attributes are really there."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


FRAGMENTS = st.sampled_from(
    [
        "<p>",
        "</p>",
        "<b>",
        "</b>",
        "<a href='https://x.example'>",
        "</a>",
        "<table>",
        "<tr>",
        "<td>",
        "</table>",
        "<ul>",
        "<li>",
        "</ul>",
        "<svg>",
        "<math>",
        "<style>",
        "</style>",
        "<script>",
        "</script>",
        "<!--",
        "-->",
        "<img src=x onerror=alert(1)>",
        "<mtext>",
        "<title>",
        "<pre>",
        "\n",
        "\r",
        "&lt;",
        "&amp;lt;",
        "&#13;",
        "&#1;",
        "&nbsp;",
        "<select>",
        "<option>",
        "<form>",
        "<template>",
        "<noscript>",
        '"',
        "'",
        "<",
        ">",
        "&",
        "text ",
    ]
)


@settings(max_examples=100, deadline=None)
@given(st.lists(FRAGMENTS | st.text(max_size=5), max_size=15).map("".join))
@example("<pre>\n\n\n\n\n\n\n\nx</pre>")
@example('<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">')
def test_cleaning_twice_is_cleaning_once(html: str) -> None:
    once = sanitize(html)
    assert sanitize(once) == once
    seen = Seen()
    seen.feed(once)
    seen.close()
    assert seen.tags <= TAGS
    assert seen.attributes <= {"href", "rel", "src"}


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two<br>lines</p>", "One\n\nTwo\nlines"),
        (
            "<h2>Care</h2><ul>\n <li>Wash  cold</li>\n <li><p>Dry flat</p></li>\n</ul>after",
            "Care\n\n- Wash cold\n- Dry flat\n\nafter",
        ),
        ("<div>a</div><div>b</div>", "a\nb"),
        ("<table><tr><td>S</td><td>36</td></tr><tr><td>M</td><td>38</td></tr></table>", "S 36\nM 38"),
        ("Fish &amp; chips &lt;b&gt; &eacute;&nbsp;x", "Fish & chips <b> é x"),
        ("x<br><br>y", "x\n\ny"),
        ("a<b>b</b>c", "abc"),
        ("a<script>alert(1)</script>", "a"),
        ("", ""),
    ],
)
def test_text_keeps_lines_and_words(html: str, text: str) -> None:
    assert to_text(html) == text


def test_too_many_tags_are_refused_before_they_cost_time() -> None:
    with pytest.raises(ValueError, match="100000 tags; at most 20000"):
        sanitize("<div>" * 100_000)


def test_absurd_nesting_is_no_trap() -> None:
    deep = "<div>" * 5_000 + "x" + "</div>" * 5_000
    assert to_text(deep) == "x"
    assert to_text("<table><tr>" + "<td></td>" * 5_000 + "<td>x</table>") == "x"


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="<&"), max_size=40))
def test_plain_words_stay_as_they_are(words: str) -> None:
    assert to_text(words) == " ".join(words.split())
