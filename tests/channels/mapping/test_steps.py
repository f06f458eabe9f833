"""What steps make of values: templates, units, rounding, conditions."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.mapping import numbers, templates
from channels.mapping.expressions import BadExpression, parse, write
from channels.mapping.rules import Reader
from governance.revisions.read import Document, FrozenVariant

VALUES = {
    "name@de_DE": "Hemd",
    "brand": "Acme",
    "weight": {"amount": "1.25", "unit": "kg"},
    "gender": "unisex",
    "tags": ["a", "b"],
    "cost": "12.31",
}
ATTRIBUTES = {"name": True, "brand": False, "weight": False, "gender": False, "tags": False, "cost": False}


def yields(expression, **values):
    document = Document(1, "tee", "default", (), {}, {**VALUES, **values}, (), (), {}, {})
    reader = Reader(document=document, scope="default", locales=("de_DE",), attributes=ATTRIBUTES)
    rule = parse(expression)
    assert parse(write(rule)) == rule
    found = reader.field(rule, FrozenVariant("tee-1", "", {"brand": "Own"}, 0))
    return found.value if found else None


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ('name | template: "{{ value }} von {{ brand }}"', "Hemd von Own"),
        ("name | template: \"{% if gender == 'unisex' %}{{ value | upcase }}{% endif %}\"", "HEMD"),
        ('tags | template: "{% for t in value %}<{{ t }}>{% endfor %}"', "<a><b>"),
        ('name | template: "{{ nothing }}"', None),
        ('weight | template: "{{ value.amount }} {{ value.unit }}"', "1.25 kg"),
        ('$sku | template: "{{ value }}/{{ name }}"', "tee-1/Hemd"),
        ('weight | convert: "g"', {"amount": "1250", "unit": "g"}),
        ('weight | convert: {"to": "lb", "places": 2} | number', "2.76"),
        ('weight | convert: "cm"', None),
        ('name | convert: "g"', None),
        ('cost | round: "0.05"', "12.3"),
        ('cost | round: {"ending": "0.99", "mode": "up"}', "12.99"),
        ('cost | round: {"ending": "0.99", "mode": "down"}', "11.99"),
        ('weight | round: {"step": "0.5", "mode": "up"}', {"amount": "1.5", "unit": "kg"}),
        ('name | when: {"attribute": "gender", "is": ["male", "unisex"]}', "Hemd"),
        ('name | when: {"attribute": "gender", "is": "male"}', None),
        ('name | when: {"attribute": "gender", "is_not": "male"}', "Hemd"),
        ('name | when: {"attribute": "tags", "is": "b"}', "Hemd"),
        ('name | when: {"attribute": "color"}', None),
        ('name | when: {"attribute": "color"} | default: "none"', "none"),
    ],
)
def test_a_step_yields(expression, value):
    assert yields(expression) == value


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ('name | template: "{{ value"', "The template cannot be read"),
        ("name | template: \"{% include 'x' %}\"", "The template cannot be read"),
        ("name | template: \"{% render 'x' %}\"", "The template cannot be read"),
        (f'name | template: "{"x" * 4001}"', "4001 characters"),
        ('weight | convert: "stone-ish"', "is no unit"),
        ('weight | convert: {"to": "g", "places": -1}', "from 0 to 9"),
        ('cost | round: "0"', "above zero"),
        ('cost | round: {"mode": "sideways"}', "no way of rounding"),
        ('cost | round: {"ending": "7"}', "part of its step"),
        ('name | when: {"is": "x"}', "reads an attribute"),
        ("name | when", "needs a table"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(expression, words):
    with pytest.raises(BadExpression, match=words):
        parse(expression)


@pytest.mark.parametrize(
    "text",
    [
        "{% for a in (1..100000) %}x{% endfor %}",
        "{% for a in (1..900) %}{% for b in (1..900) %}x{% endfor %}{% endfor %}",
        "{% assign a = value %}{% for i in (1..60) %}{% assign a = a | append: a %}{% endfor %}{{ a }}",
        "{% for i in (1..900) %}{{ value }}{{ value }}{% endfor %}",
    ],
)
def test_a_template_stays_within_its_bounds(text):
    with pytest.raises(templates.BadTemplate):
        templates.write(text, "x" * 100, lambda source: None)


def test_a_template_reaches_nothing_but_values():
    for text in ("{{ value.__class__ }}", "{{ settings }}", "{{ value.__init__.__globals__ }}"):
        assert templates.write(text, "x", lambda source: None) == ""


@given(
    st.decimals("0.01", "9999", places=2),
    st.sampled_from(["0.01", "0.05", "1", "5"]),
    st.sampled_from(list(numbers.MODES)),
)
def test_rounding_goes_to_the_step_and_no_further(amount, step, mode):
    found = numbers.rounded(amount, {"step": step, "mode": mode})
    assert found % Decimal(step) == 0
    assert found > 0
    assert abs(found - amount) < Decimal(step) or found == Decimal(step)


def test_the_rule_is_told():
    assert numbers.told({"ending": "0.99", "mode": "up"}) == "up to the next amount that ends in .99"
    assert numbers.told({"step": "0.05"}) == "to the nearest multiple of 0.05"
