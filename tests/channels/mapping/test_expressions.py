"""Rules as people write them: read, written back, and refused in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.connectors.registry import connectors
from channels.demo.shop import AMAZON_RULES
from channels.mapping.expressions import BadExpression, parse, write


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("name", {"from": "name"}),
        (" seo_title , name ", {"from": ["seo_title", "name"]}),
        ("$gtin", {"from": "$gtin"}),
        ("name | plain_text | truncate: 150", {
            "from": "name", "transforms": ["plain_text", {"name": "truncate", "length": 150}],
        }),
        ('material | labels | default: "Cotton"', {"from": "material", "transforms": ["labels"], "default": "Cotton"}),
        ('condition | lookup: {"new": "new_new"}', {
            "from": "condition", "transforms": [{"name": "lookup", "table": {"new": "new_new"}}],
        }),
        ('a | lookup: {"table": {"x": 1}, "default": null}', {
            "from": "a", "transforms": [{"name": "lookup", "table": {"x": 1}, "default": None}],
        }),
        ('tags | labels | join: " | "', {"from": "tags", "transforms": ["labels", {"name": "join", "with": " | "}]}),
        ('"new | used"', {"const": "new | used"}),
        ("12.5", {"const": 12.5}),
        ("true", {"const": True}),
        ('["a", "b"]', {"const": ["a", "b"]}),
        ("", None),
    ],
)  # fmt: skip
def test_what_is_written_is_the_rule(text, rule):
    assert parse(text) == rule
    if rule is not None:
        assert parse(write(rule)) == rule


def test_every_rule_that_ships_can_be_written_and_read():
    rules = [rule for connector in connectors for rule in connector.default_rules.values()]
    for rule in [*rules, *AMAZON_RULES.values()]:
        again = parse(write(rule))
        assert again is not None
        assert write(again) == write(rule)
        assert {**again, "transforms": 0} == {**rule, "transforms": 0}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Name", "is no attribute"),
        ("name description", "is no attribute"),
        ("$price", "There are $code"),
        ("name | shout", "There is no step “shout”"),
        ("name |", "a step is missing"),
        ("name | truncate", "needs a length"),
        ('name | truncate: "x"', "needs a length"),
        ("name | truncate: 0", "needs a length"),
        ("name | upper: 3", "takes nothing"),
        ("name | lookup: {a: b}", "cannot be read"),
        ('name | lookup: {"table": {}, "else": 1}', "knows no “else”"),
        ("name | default", "needs a value"),
        ('name | default: "x" | upper', "Put the default last"),
        ("name | truncate: 5 upper", "Put a | between steps"),
        ('"new" | upper', "stands by itself"),
        ('"new', "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_told_in_words(text, words):
    with pytest.raises(BadExpression, match=words.replace("|", r"\|").replace("$", r"\$")):
        parse(text)


@given(st.text(max_size=60))
def test_nothing_that_people_type_breaks_it(text):
    try:
        rule = parse(text)
    except BadExpression:
        return
    assert rule is None or parse(write(rule)) == rule
