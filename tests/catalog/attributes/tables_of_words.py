"""Spellings of texts, choices, addresses and files."""

from __future__ import annotations

from hypothesis import strategies as st

from catalog.attributes.cells import tidy_line
from tests.catalog.attributes.table import HASH, Table, decimal_text, spec, words

COLUMNS = [
    {"code": "nutrient", "type": "text", "labels": {"en_US": "Nutrient", "de_DE": "Nährstoff"}},
    {"code": "per_100g", "type": "measurement", "limits": {"unit_family": "mass", "default_unit": "g"}},
    {"code": "daily", "type": "integer", "limits": {"min": "0"}},
    {"code": "organic", "type": "boolean"},
    {"code": "grade", "type": "select", "options": ["a", "b"]},
]

WORDS: dict[str, Table] = {
    "text": Table(
        spec=spec("text", max_length=40),
        typed={
            "  Trail shoe\u00a0": "Trail shoe",
            "two\nlines": "two lines",
            "a\tb": "a b",
            "Cafe\u0301": "Café",
            "bell\x07\x00": "bell",
            "'0123": "0123",
            "'=SUM(A1)": "=SUM(A1)",
            "'t Hooft": "'t Hooft",
            "'t '5": "'t '5",
            "''123": "'123",
            "true": "true",
        },
        refused={"x" * 41: "too_long"},
        sent=[("a", "a"), (" a ", "a"), ("", None), (" \u00a0", None), ("'0123", "'0123"), ("\ud800x", "x")],
        not_sent=[(5, "not_text"), (["a"], "not_text"), (True, "not_text"), ({}, "not_text")],
        values=words,
        shown=[("a", "en_US", "a")],
        indexed=[("a", [("text", "a")])],
    ),
    "textarea": Table(
        spec=spec("textarea", max_length=100),
        typed={"one\r\n\r\ntwo  ": "one\n\ntwo", "a\rb": "a\nb", "Cafe\u0301": "Café", "'0123": "0123"},
        refused={"x" * 101: "too_long"},
        sent=[("a\nb", "a\nb"), ("\n", None)],
        not_sent=[(5, "not_text")],
        values=words,
        indexed=[("a\nb", [("text", "a\nb")])],
    ),
    "rich_text": Table(
        spec=spec("rich_text", max_length=400),
        typed={
            " <p>Warm</p>\n": "<p>Warm</p>",
            "plain": "plain",
            "<p onclick=x()>a<script>alert(1)</script></p>": "<p>a</p>",
            "<p>Cafe\u0301</p>": "<p>Café</p>",
            "<b>\u0338</b>": "<b>\u0338</b>",
            "<script>alert(1)</script>": None,
        },
        refused={f"<p>{'x' * 400}</p>": "too_long", "<p>" * 20_001: "too_many_tags"},
        sent=[("<p>a</p>", "<p>a</p>"), ("", None), ("a &#x65;&#x301;", "a é")],
        not_sent=[(5, "not_text")],
        values=st.lists(
            st.sampled_from(["<p>", "</p>", "<b>", "&#1;", "&#x338;", "<", "=", "\u0338", "\u037e", "&lt"]) | words,
            max_size=6,
        ).map("".join),
        shown=[("<p>a &amp; b</p><p>c</p>", "en_US", "a & b\n\nc")],
        indexed=[("<p>a</p>", [("text", "a")]), ('<img src="https://a.example">', [])],
    ),
    "select": Table(
        spec=spec("select"),
        typed={
            " Dark red\u00a0": "Dark red",
            "red": "red",
            "'42": "42",
            "a; b": "a; b",
            "two\nlines": "two lines",
        },
        refused={"x" * 256: "too_long"},
        sent=[("red", "red"), ("", None)],
        not_sent=[(5, "not_an_option"), (["red"], "not_an_option")],
        values=words,
        indexed=[("red", [("text", "red")])],
    ),
    "multi_select": Table(
        spec=spec("multi_select"),
        typed={
            "red, green": ["green", "red"],
            "red; green": ["green", "red"],
            "red|green|red": ["green", "red"],
            "a, b; c": ["a, b", "c"],
            "red\ngreen": ["green", "red"],
            '"a; b", c': ["a; b", "c"],
            "red": ["red"],
            ",": None,
            " ; red ;": ["red"],
            '5" pipe; 6" pipe': ['5" pipe', '6" pipe'],
            '"a ""b"""': ['a "b"'],
        },
        refused={"a;" + "x" * 256: "too_long"},
        sent=[(["b", "a", "b"], ["a", "b"]), ([], None), (["", " "], None)],
        not_sent=[("red", "not_a_list"), ([5], "not_an_option"), ({}, "not_a_list")],
        values=st.lists(words, max_size=4),
        indexed=[(["a", "b"], [("text", "a"), ("text", "b")])],
    ),
    "media": Table(
        spec=spec("media"),
        typed={
            f"sha256:{HASH}; url:{HASH}": [f"sha256:{HASH}", f"url:{HASH}"],
            f"url:{HASH}": [f"url:{HASH}"],
        },
        refused={"https://cdn.example/a.png": "not_a_media_key", "sha256:abc": "not_a_media_key"},
        sent=[
            ([f"url:{HASH}", f"sha256:{HASH}", f"url:{HASH}"], [f"url:{HASH}", f"sha256:{HASH}"]),
            ([], None),
        ],
        not_sent=[
            (f"url:{HASH}", "not_a_list"),
            ([5], "not_a_media_key"),
            ([f"sha256:{HASH}\n"], "not_a_media_key"),
        ],
        values=st.lists(st.integers(0, 10**9).map(lambda n: f"sha256:{n:064x}"), max_size=4),
        indexed=[([f"url:{HASH}"], [("text", f"url:{HASH}")])],
    ),
    "url": Table(
        spec=spec("url", max_length=60),
        typed={
            " https://Example.com/A?b=C#d ": "https://example.com/A?b=C#d",
            "www.example.com": "https://www.example.com",
            "HTTP://example.com": "http://example.com",
            "https://münchen.example/ä": "https://münchen.example/ä",
        },
        refused={
            "example.com": "not_a_url",
            "ftp://example.com": "not_a_url",
            "javascript:alert(1)": "not_a_url",
            "https://": "not_a_url",
            "https://a b.example": "not_a_url",
            "https://[::1": "not_a_url",
            "https://a.example:99999": "not_a_url",
            "https://a.example/" + "x" * 60: "too_long",
        },
        sent=[("https://example.com", "https://example.com"), ("", None)],
        not_sent=[(5, "not_a_url"), ("www.example.com", "not_a_url")],
        values=st.text(alphabet="abcXYZ0123456789/?&=#%.", max_size=30).map(lambda path: f"https://example.com/{path}"),
        indexed=[("https://a.example", [("text", "https://a.example")])],
    ),
    "reference": Table(
        spec=spec("reference", to="products"),
        typed={
            "tee; Mug": ["tee", "Mug"],
            "mug, tee": ["mug", "tee"],
            "tee\nmug\ntee": ["tee", "mug"],
            '"a;b"; "c, d"': ["a;b", "c, d"],
            "'0042": ["0042"],
            " tee\u00a0;": ["tee"],
            ";": None,
        },
        refused={"tee;" + "x" * 256: "too_long", ";".join(map(str, range(201))): "too_many"},
        sent=[(["b", "a", "b "], ["b", "a"]), ([], None), (["", " "], None), (["'0042"], ["'0042"])],
        not_sent=[("tee", "not_a_list"), ([5], "not_a_code"), ([["tee"]], "not_a_code"), ({}, "not_a_list")],
        values=st.lists(words, max_size=4),
        shown=[(["tee", "mug"], "de_DE", "tee, mug")],
        indexed=[(["tee", "mug"], [("text", "tee"), ("text", "mug")])],
    ),
    "table": Table(
        spec=spec("table", columns=COLUMNS, max_rows=3),
        typed={
            "nutrient;per_100g;daily\nsalt;1.2 g;20": [
                {"nutrient": "salt", "per_100g": {"amount": "1.2", "unit": "g"}, "daily": 20}
            ],
            "Nährstoff\tdaily\nSalz\t20\n\t\nFett\t": [{"nutrient": "Salz", "daily": 20}, {"nutrient": "Fett"}],
            'nutrient;organic\n"a;b";yes': [{"nutrient": "a;b", "organic": True}],
            'nutrient\n"two\nlines"': [{"nutrient": "two lines"}],
            '[{"nutrient": "salt"}]': [{"nutrient": "salt"}],
            "nutrient;daily": None,
        },
        refused={
            "salt;1.2 g": "unknown_column",
            "nutrient;nutrient\nsalt;sugar": "unknown_column",
            "nutrient\nsalt;1": "too_many_cells",
            "nutrient;daily\nsalt;much": "not_a_number",
            "nutrient;daily\n;5": "cell_missing",
            "nutrient;grade\nsalt;d": "unknown_option",
            "nutrient\na\nb\nc\nd": "too_many_rows",
            "[{": "not_a_table",
        },
        sent=[
            ([{"nutrient": " salt ", "daily": None}, {}], [{"nutrient": "salt"}]),
            ([], None),
            ([{"nutrient": "salt", "grade": "a"}], [{"nutrient": "salt", "grade": "a"}]),
        ],
        not_sent=[
            ("salt", "not_a_table"),
            (["salt"], "not_a_row"),
            ([{"nutrient": "salt", "sugar": 1}], "unknown_column"),
            ([{"nutrient": "salt", "organic": "perhaps"}], "not_a_boolean"),
            ([{"daily": 5}], "cell_missing"),
        ],
        values=st.lists(
            st.fixed_dictionaries(
                {"nutrient": words.filter(lambda text: tidy_line(text) != "")},
                optional={
                    "daily": st.integers(0, 100),
                    "organic": st.booleans(),
                    "grade": st.sampled_from(["a", "b"]),
                    "per_100g": st.integers(0, 10**6).map(lambda n: {"amount": decimal_text(n), "unit": "g"}),
                },
            ),
            max_size=3,
        ),
        shown=[([{"nutrient": "salt", "daily": 20}, {"nutrient": "fat"}], "de_DE", "salt · daily 20\nfat")],
        indexed=[([{"nutrient": "salt"}, {"nutrient": "fat", "daily": 1}], [("text", "salt"), ("text", "fat")])],
    ),
}
