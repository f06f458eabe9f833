"""`manage.py check_claims`, and the gates on labelled texts where they are at hand."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from django.conf import settings
from django.core.management import call_command

from benchmarks import mutations
from benchmarks.claims import Scored, rates, score
from governance.copywriting import checks
from governance.copywriting.claims.check import check_text
from governance.copywriting.claims.rules import pack, shipped_packs
from governance.copywriting.facts import Facts

SEED = Path(settings.BASE_DIR).parent / "shared/data/claims/claims_seed.jsonl"
MANY = Path(__file__).parents[2] / "data/claims/many_languages.jsonl"
ADVERSARIAL = MANY.with_name("adversarial.jsonl")
UNSEEN = MANY.with_name("unseen.jsonl")
STATEMENTS = MANY.with_name("statements.jsonl")
pytestmark = pytest.mark.django_db


def checked(path: Path, *arguments: str) -> list[dict[str, object]]:
    out = io.StringIO()
    call_command("check_claims", str(path), "--json", *arguments, stdout=out)
    return [orjson.loads(line) for line in out.getvalue().splitlines()]


def test_one_line_out_for_each_line_in(tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    lines = [
        {"id": "a", "text": "Weighs 3 kg.", "locale": "en_US", "facts": {"weight": "2 kg", "brand": "Alva"}},
        {"id": "b", "text": "Umweltfreundlich, wie Alva.", "locale": "de_DE", "facts": {"brand": "Nordlicht"}},
        {"id": "c", "text": "Just nice.", "lang": "en", "facts": {}},
    ]
    path.write_bytes(b"\n".join(map(orjson.dumps, lines)))
    first, second, third = checked(path)
    assert first == {
        "id": "a",
        "claims": [
            {
                "start": 7,
                "end": 11,
                "verdict": "contradicted",
                "fact": "weight",
                "kind": "number",
                "rule": None,
                "text": "3 kg",
            }
        ],
    }
    assert [(c["text"], c["verdict"], c["rule"]) for c in second["claims"]] == [  # type: ignore[attr-defined]
        ("Umweltfreundlich", "unsupported", "eu_green_claims.generic_environmental"),
        ("Alva", "contradicted", None),
    ]
    assert third["claims"] == []
    assert len(checked(path, "--packs", "")[1]["claims"]) == 1  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"id": 1', "Line 1 is no JSON"),
        ('{"text": "x"}', "Line 1 needs a text and facts"),
        ("[]", "Line 1 needs a text and facts"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(
    tmp_path: Path, content: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_text(content)
    with pytest.raises(SystemExit) as ended:
        call_command("check_claims", str(path), "--json")
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_an_unknown_pack_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        call_command("check_claims", str(tmp_path), "--packs", "nonsense")
    assert "There is no rule pack “nonsense”" in capsys.readouterr().err


def test_claims_in_many_languages_pass_the_gates_in_each_class_and_language() -> None:
    scored = list(score(MANY))
    assert len(scored) == 551
    assert len({s.language for s in scored}) >= 12
    for those in _groups(scored):
        precision, recall = rates(those)
        assert recall >= 0.98, those
        assert precision >= 0.95, those
    style = [s for s in scored if s.mutation == "style"]
    assert sum(s.flagged for s in style) <= 0.02 * len(style)


def test_claims_that_were_written_to_trip_it_up() -> None:
    """What a language counts by a name that no label and no list of ours has would still."""
    scored = list(score(ADVERSARIAL))
    assert len(scored) == 482
    precision, recall = rates(scored)
    assert recall >= 0.98
    assert precision >= 0.99
    for those in _groups(scored):
        precision, recall = rates(those)
        assert recall >= 0.88, those
        assert precision >= 0.95, those
    assert not any(s.flagged for s in scored if s.mutation == "style")


def test_claims_that_were_written_before_the_checker_was_looked_at() -> None:
    """One still trips it up: a pair, where the fact counts twelve."""
    scored = list(score(UNSEEN))
    assert len(scored) == 405
    precision, recall = rates(scored)
    assert recall >= 0.98
    assert precision >= 0.99
    for those in _groups(scored):
        precision, recall = rates(those)
        assert recall >= 0.95, those
        assert precision >= 0.95, those
    assert not any(s.flagged for s in scored if s.mutation == "style")


@pytest.mark.parametrize(
    ("name", "count", "least"),
    [("unseen_2.jsonl", 320, 0.97), ("unseen_3.jsonl", 150, 0.95), ("unseen_4.jsonl", 200, 0.97)],
)
def test_claims_of_later_sights(name: str, count: int, least: float) -> None:
    """At first sight recall was 0.85 and precision 0.94, then, with what fits what and sizes, 0.72 and 0.89, then, with
    ingredients, features and years, 0.73 and 0.97: what was missed was mended by rules and words, not by rows."""
    scored = list(score(UNSEEN.with_name(name)))
    assert len(scored) == count
    precision, recall = rates(scored)
    assert recall >= least
    assert precision >= 0.99
    assert not any(s.flagged for s in scored if s.mutation == "style")


ODD = (
    "x",
    "1 ",
    "1. ",
    "=1",
    "1/2 ",
    "2024-",
    "+49 ",
    "€ 5 ",
    "1.1.",
    "a.",
    "a@",
    "10 x 20 cm ",
    "5' ",
    "only red ",
    "< ",
)


@pytest.mark.timeout(90)
@pytest.mark.parametrize("rules", [True, False])
def test_no_text_however_odd_holds_a_worker_up(rules: bool) -> None:
    """Of patterns that look back from every character each of these took minutes; all are some seconds together."""
    facts = {"colours": ["red", "blue"], "width": {"amount": "5", "unit": "cm"}, "name": "Model 3000"}
    packs = [rule for code in shipped_packs() for rule in pack(code)] if rules else []
    for odd in ODD:
        text = (odd * 20_000)[:20_000]
        given = Facts(facts, dict.fromkeys(facts, ()), {code: code for code in facts})
        for claim in checks.checked(text, locale="de_DE", facts=given, rules=packs).claims:
            assert text[claim["start"] : claim["end"]] == claim["text"]  # type: ignore[misc]


def test_a_true_sentence_with_one_thing_changed_is_flagged() -> None:
    """What passes is praise that compares with nothing."""
    rows = mutations.run(lambda said: None, file=UNSEEN).rows
    tried = {row["name"]: row["tried"] for row in rows if "tried" in row}
    assert len(tried) == 10
    assert min(tried.values()) > 30
    passed = [row["text"] for row in rows if row["name"].startswith("passed")]
    assert [text for text in passed if not text.endswith(("World-class.", "The ultimate choice."))] == []


_SIDES = {"width": {"amount": "60", "unit": "cm"}, "height": {"amount": "85", "unit": "cm"}}


@pytest.mark.parametrize(
    ("locale", "text", "facts", "verdict"),
    [
        ("fr_FR", "Un lave-vaisselle pour toute la famille.", {"width": {"amount": "60", "unit": "cm"}}, ""),
        ("fr_FR", "Va au lave-vaisselle.", {"width": {"amount": "60", "unit": "cm"}}, "unsupported"),
        ("es_ES", "Ratón con cable de carga.", {"wireless": True}, ""),
        ("es_ES", "Ratón con cable.", {"wireless": True}, "contradicted"),
        ("en_GB", "A corded drill.", {"weight": {"amount": "2", "unit": "kg"}}, ""),  # nothing tells of cords
        ("sv_SE", "Batterier ingår ej.", {"batteries_included": True}, "contradicted"),
        ("fr_FR", "Piles incluses sans câble.", {"batteries_included": True}, "supported"),
        ("fr_FR", "Une table à quatre pieds.", {"number_of_legs": 4}, "supported"),
        ("fr_FR", "Une table à trois pieds.", {"number_of_legs": 4}, "contradicted"),
        ("de_DE", "Der Wollanteil von 30 %.", {"composition": "70 % Wolle, 30 % Polyamid"}, "contradictedsupported"),
        ("de_DE", "Der Wollanteil von 70 %.", {"composition": "70 % Wolle, 30 % Polyamid"}, "supportedsupported"),
        ("en_US", "A lifetime warranty.", {"warranty": {"amount": "24", "unit": "month"}}, "contradicted"),
        ("nl_NL", "Het lichtgroene kussen.", {"colour": "dark green"}, "contradicted"),
        ("nl_NL", "PFAS-vrij.", {"windproof": True}, "unsupported"),
        ("en_GB", "With six cups.", {"set_contents": ["teapot", "4 cups"]}, "contradicted"),
        ("sv_SE", "Ner till 20 minusgrader.", {"min_temperature": {"amount": "-20", "unit": "c"}}, "supported"),
        ("nl_NL", "Bij 5 graden onder nul.", {"temperature": {"amount": "5", "unit": "c"}}, "contradicted"),
        ("sv_SE", "Du ställer in den en grå måndag.", {"colour": "white"}, ""),
        ("de_DE", "85 x 60 cm (B x H).", _SIDES, "contradictedcontradicted"),
        ("de_DE", "60 x 85 cm (B x H).", _SIDES, "supportedsupported"),
        ("it_IT", "L 60 x H 85 cm.", _SIDES, "supportedsupported"),
        ("en_US", '33.5" W x 23.6" H.', _SIDES, "contradictedcontradicted"),
        ("es_ES", "Recorre 30 km.", {"range_max_km": 30}, "supported"),  # not horses
        ("pl_PL", "Silnik 150 KM.", {"power": "110 kW"}, "supported"),
        ("en_GB", "More than 200 kg.", {"max_load": {"amount": "200", "unit": "kg"}}, "contradicted"),
        ("en_GB", "More than 150 kg.", {"max_load": {"amount": "200", "unit": "kg"}}, "supported"),
        ("de_DE", "Unter 1 kg.", {"weight": {"amount": "1800", "unit": "g"}}, "contradicted"),
        ("de_DE", "Nicht mehr als 2 kg.", {"max_load": {"amount": "2", "unit": "kg"}}, "supported"),
        ("de_DE", "Unter 30 °C waschen.", {"washing_temperature": {"amount": "30", "unit": "c"}}, "supported"),
        ("en_GB", "Not for children under 3 years.", {"minimum_age": {"amount": "3", "unit": "year"}}, "supported"),
        ("nl_NL", "De hoes is afneembaar.", {"removable_cover": False}, "contradicted"),
        ("en_GB", "A plug is included.", {"not_included": ["mains plug"]}, "contradicted"),
        ("pl_PL", "Nie można podgrzewać w kuchence mikrofalowej.", {"microwave_safe": False}, "supported"),
        ("de_DE", "Wenn Sie mehr wollen.", {"material": "Holz"}, ""),
        ("nl_NL", "Een wollen trui.", {"material": "hout"}, "contradicted"),
        ("en_GB", "5 pockets and 3 compartments.", {"pockets": 3, "compartments": 5}, "contradictedcontradicted"),
        ("nl_NL", "5 vakken.", {"pocket_count": 5, "compartments": 4}, "contradicted"),
        ("en_GB", "Three batteries, and a charger.", {"batteries": 3, "charger_included": True}, "supported"),
    ],
)
def test_what_a_word_means_where_it_stands(locale: str, text: str, facts: dict[str, object], verdict: str) -> None:
    assert "".join(c.verdict for c in check_text(text, locale=locale, facts=facts)) == verdict  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "facts", "verdict"),
    [
        ("Free of BPA and perfume.", {"fragrance_free": True}, "supportedunsupported"),
        ("Mit Parfüm.", {"fragrance_free": True}, "contradicted"),
        ("Mit Parfüm.", {"fragrance_free": False}, "supported"),
        ("Ein Parfüm von Welt.", {"fragrance_free": True}, ""),  # a mere mention
        ("Comes with a charger.", {"charger_included": False}, "contradicted"),
        ("Comes without a charger.", {"charger_included": False}, "supported"),
        ("Sold with love. The charger is yours.", {"charger_included": False}, ""),
    ],
)
def test_what_is_in_it_and_what_is_not(text: str, facts: dict[str, bool], verdict: str) -> None:
    locale = "de_DE" if "Parf" in text else "en_US"
    assert "".join(c.verdict for c in check_text(text, locale=locale, facts=facts)) == verdict


@pytest.mark.parametrize(
    ("locale", "text", "needed", "verdict"),
    [
        ("de_DE", "Montage erforderlich.", False, "contradicted"),
        ("de_DE", "Keine Montage erforderlich.", False, "supported"),
        ("de_DE", "Ein Aufbau ist nicht nötig.", True, "contradicted"),
        ("de_DE", "Erfordert etwas Montage.", True, "supported"),
        ("de_DE", "Ohne Montage.", True, "contradicted"),
        ("fr_FR", "Montage requis.", False, "contradicted"),
        ("fr_FR", "Nécessite un montage.", False, "contradicted"),
        ("es_ES", "No requiere montaje.", False, "supported"),
        ("it_IT", "Montaggio necessario.", False, "contradicted"),
        ("pl_PL", "Wymaga montażu.", False, "contradicted"),
        ("de_DE", "Jeden Montag erforderlich schön.", False, ""),  # a day
        ("de_DE", "Die Montage macht Freude.", False, ""),  # a mere mention
        ("fr_FR", "Montage inclus.", False, ""),  # in the price: nobody said that it is not needed
    ],
)
def test_what_is_needed_and_what_is_not(locale: str, text: str, needed: bool, verdict: str) -> None:
    found = check_text(text, locale=locale, facts={"assembly_required": needed})
    assert "".join(claim.verdict for claim in found) == verdict


@pytest.mark.parametrize(
    ("text", "given", "verdict"),
    [
        ("It is 4 ft 11 in long.", {"amount": "150", "unit": "cm"}, "supported"),
        ("It is 6 ft 11 in long.", {"amount": "150", "unit": "cm"}, "contradicted"),
        ("It is 4 ft x 11 in.", {"amount": "150", "unit": "cm"}, "contradictedcontradicted"),
        ("It is 1 m 50 cm long.", "1 m 50 cm", "supported"),
        ("It is 1 m 60 cm long.", "1 m 50 cm", "contradicted"),
    ],
)
def test_an_amount_in_two_units_is_one(text: str, given: object, verdict: str) -> None:
    found = check_text(text, locale="en_US", facts={"length": given})
    assert "".join(c.verdict for c in found) == verdict


def test_nobody_waits_for_the_word_lists(tmp_path: Path) -> None:
    """A server that has just started, and forked its workers, has read all that a text is checked with."""
    program = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "pimhub.settings"
import pimhub.wsgi
from governance.copywriting.claims import dates, lists, numerals, rules, spelled, units, vocabulary, warm
from governance.copywriting.claims.check import check_text
caches = {
    f"{module.__name__}.{name}": cache
    for module in (dates, lists, rules, spelled, units, vocabulary)
    for name, cache in vars(module).items()
    if hasattr(cache, "cache_info") and name not in ("fold", "unit_of")  # of single words
}
before = {name: cache.cache_info().misses for name, cache in caches.items()}
assert before["governance.copywriting.claims.vocabulary.shipped"] >= 10, before
for language in warm.languages():
    for text in ("Weighs 2 kg.", "Wiegt zwei Kilo, aus roter Wolle, seit 3. Mai 2023.", "Une heure et demie."):
        check_text(text, locale=f"{language}_XX", facts={"weight": "3 kg"}, rules=rules.pack("health_claims"))
grown = {n: c.cache_info().misses - before[n] for n, c in caches.items()}
print({name: count for name, count in grown.items() if count})
"""
    env = {**os.environ, "PIMHUB_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=settings.BASE_DIR, env=env, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "{}"


def _groups(scored: list[Scored]) -> list[list[Scored]]:
    languages, classes = {s.language for s in scored}, {s.mutation for s in scored} - {"style"}
    return [[s for s in scored if s.language == each] for each in sorted(languages)] + [
        [s for s in scored if s.mutation == each] for each in sorted(classes)
    ]


@pytest.mark.skipif(not SEED.exists(), reason="the labelled texts are not here")
def test_labelled_texts_pass_the_gates() -> None:
    scored = list(score(SEED))
    precision, recall = rates([s for s in scored if s.mutation in ("as it was", "number_changed", "fact_removed")])
    assert precision >= 0.95
    assert recall >= 0.98
    swapped = [s for s in scored if s.mutation == "unit_swapped"]
    assert sum(s.flagged for s in swapped) >= 0.98 * len(swapped)
    converted = [s for s in scored if s.mutation == "unit_converted_right"]
    assert sum(not s.flagged for s in converted) >= 0.97 * len(converted)


def test_statements_as_shops_make_them_are_flagged_and_honest_ones_are_not(tmp_path: Path) -> None:
    """Of health, of the environment, of being the best. Of those that nobody had looked at, first 180 and
    then 240 in ten languages, 158 and 205 were flagged, and 1 of 140 honest ones; then their words were added."""
    rows = [orjson.loads(line) for line in STATEMENTS.read_bytes().splitlines()]
    assert len(rows) == 887
    path = tmp_path / "texts.jsonl"
    lines = [{"text": row["text"], "locale": row["language"], "facts": {}} for row in rows]
    path.write_bytes(b"\n".join(map(orjson.dumps, lines)))
    found = [any(claim["rule"] for claim in each["claims"]) for each in checked(path)]  # type: ignore[attr-defined]
    languages: dict[str, list[bool]] = {}
    for row, flagged in zip(rows, found, strict=True):
        if row["kind"] != "clean":
            languages.setdefault(row["language"], []).append(flagged)
    honest = [flagged for row, flagged in zip(rows, found, strict=True) if row["kind"] == "clean"]
    claimed = [flagged for each in languages.values() for flagged in each]
    assert len(languages) == 11
    assert sum(claimed) >= 0.985 * len(claimed)
    assert all(sum(each) >= 0.93 * len(each) for each in languages.values())
    assert sum(honest) <= 0.02 * len(honest)
