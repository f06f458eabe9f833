"""The connector as the registry holds it, and the mapping that a new channel starts with."""

from __future__ import annotations

import datetime as dt

from catalog.defaults import ATTRIBUTES
from channels.connectors.base import Facet, Level
from channels.connectors.google.attributes import CONTENT, Form
from channels.connectors.google.fields import BY_CODE, DEFAULT_RULES, TARGET_FIELDS
from channels.connectors.google.schema import document
from channels.connectors.registry import connectors, load
from channels.mapping.transforms import transforms

MADE = {"identifier_exists", "item_group_title", "variant_option", "shipping"}
MADE |= {"structured_title", "structured_description"}


def test_it_registers_itself():
    load()
    google = connectors.get("google")
    assert (google.key, google.api_version) == ("google", "v1")
    assert google.facets == dict.fromkeys((Facet.CONTENT, Facet.OFFER, Facet.STOCK), Level.VARIANT)
    assert google.refresh_after < dt.timedelta(days=30)


def test_every_field_is_of_the_variant_and_names_its_source():
    assert len(BY_CODE) == len(TARGET_FIELDS)
    for field in TARGET_FIELDS:
        assert field.level is Level.VARIANT
        assert field.source.startswith("support.google.com/merchants/answer/")


def test_fields_and_attributes_are_the_same_but_for_what_is_made():
    assert {a.code for a in CONTENT} - MADE == BY_CODE.keys() - {"tracked", "availability"}


def test_choices_are_googles_own():
    known = document()["schemas"]["ProductAttributes"]["properties"]
    for attribute in CONTENT:
        if attribute.form is Form.CHOICE:
            choices = {choice.upper() for choice in BY_CODE[attribute.code].choices}
            assert choices == {name for name in known[attribute.api]["enum"] if not name.endswith("_UNSPECIFIED")}


def test_the_first_mapping_speaks_of_what_exists():
    attributes = {attribute.code for attribute in ATTRIBUTES}
    for code, rule in DEFAULT_RULES.items():
        assert code in BY_CODE
        sources = rule["from"] if isinstance(rule["from"], list) else [rule["from"]]
        assert {s for s in sources if not s.startswith("$")} <= attributes
        for step in rule.get("transforms", []):
            assert (step if isinstance(step, str) else step["name"]) in transforms
    assert {field.code for field in TARGET_FIELDS if field.required} <= DEFAULT_RULES.keys()
