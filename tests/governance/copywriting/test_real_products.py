"""The checks on real products: what a hallucinating model changed is flagged, what an honest one wrote is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from channels.sandbox.openai import writing
from governance.copywriting.checks import Checked, checked
from governance.copywriting.claims.rules import pack
from governance.copywriting.facts import Facts
from governance.copywriting.providers.base import Sentence
from pimhub.foundation.jsonvalue import JSON
from tests.governance.copywriting.tables import rows_of

ICECAT = Path(settings.BASE_DIR).parent / "shared/data/akeneo_icecat/products.csv"
RULES = [rule for code in ("eu_green_claims", "health_claims", "superlatives") for rule in pack(code)]
UNITS = {"GRAM": "g", "KILOGRAM": "kg", "INCH": "in", "CENTIMETER": "cm", "MILLIMETER": "mm"}
NO_FACTS = ("sku", "enabled", "picture", "image", "groups", "categories", "family", "parent", "ean")

pytestmark = pytest.mark.skipif(not ICECAT.exists(), reason="the real products are not here")


def products() -> Iterator[tuple[str, Facts]]:
    for row in rows_of(ICECAT, delimiter=";"):
        found: dict[str, JSON] = {}
        for key, value in row.items():
            if not value or key in NO_FACTS or key.endswith("-unit") or "description" in key or key.isupper():
                continue
            if "-products" in key or "-groups" in key or "release" in key:
                continue
            unit = row.get(f"{key}-unit")
            said: JSON = {"amount": value, "unit": UNITS.get(unit, unit.lower())} if unit else value.replace("_", " ")
            found[key.replace("-", "_")] = said
        if len(found) >= 3:
            yield row["sku"], Facts(found, {}, {})


def check(said: list[dict[str, JSON]], facts: Facts) -> Checked:
    sentences = [Sentence(str(each["text"]), tuple(each["facts"])) for each in said]  # type: ignore[arg-type]
    text = " ".join(sentence.text for sentence in sentences)
    return checked(text, locale="en_US", facts=facts, sentences=sentences, rules=RULES)


def test_what_a_model_made_up_is_flagged_and_what_it_was_told_is_not() -> None:
    caught = told = false = 0
    missed = []
    for sku, facts in products():
        said, mutation = writing.hallucinated(dict(facts.values), seed=sku)
        assert mutation
        if check(said, facts).flags:
            caught += 1
        else:
            missed.append((mutation.before, mutation.after))
        told += 1
        false += bool(check(writing.sentences(dict(facts.values)), facts).flags)
    assert told > 500
    assert caught >= 0.98 * told, missed
    assert false <= 0.05 * told
