"""Differences and merges of value sets."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.attributes.diff import ABSENT, WORD_DIFF_LIMIT, Conflict, diff_values, merge, word_diff

values = st.dictionaries(st.sampled_from("abcd"), st.none() | st.booleans() | st.integers(0, 2), max_size=4)


def test_it_names_what_changed_came_and_went() -> None:
    old = {"a": "1", "b": {"amount": "1", "unit": "kg"}, "c": "x", "same": ["r"]}
    new = {"a": "2", "b": {"unit": "kg", "amount": "1"}, "d": "y", "same": ["r"]}
    assert diff_values(old, new) == {"a": ["1", "2"], "c": ["x", None], "d": [None, "y"]}


def test_true_is_not_one_and_empty_is_not_absent() -> None:
    assert diff_values({"a": True}, {"a": 1}) == {"a": [True, 1]}
    assert diff_values({}, {"a": None}) == {"a": [None, None]}


def test_words_are_compared() -> None:
    assert list(word_diff("A warm, red scarf.", "A warm, blue wool scarf.")) == [
        ("equal", "A warm, "),
        ("delete", "red"),
        ("insert", "blue wool"),
        ("equal", " scarf."),
    ]


@pytest.mark.parametrize(
    ("old", "new", "pieces"),
    [
        ("", "", []),
        ("a", "a", [("equal", "a")]),
        ("", "a b", [("insert", "a b")]),
        ("a b", "", [("delete", "a b")]),
    ],
)
def test_edges(old: str, new: str, pieces: list[tuple[str, str]]) -> None:
    assert list(word_diff(old, new)) == pieces


def test_very_long_texts_are_not_compared_and_it_says_so() -> None:
    old, new = "a " * WORD_DIFF_LIMIT, "b"
    diff = word_diff(old, new)
    assert diff.too_long
    assert list(diff) == [("delete", old), ("insert", new)]
    assert not word_diff("a", "b").too_long


def test_the_longest_comparison_is_quick_enough_for_a_page() -> None:
    half = WORD_DIFF_LIMIT // 2
    old = " ".join(str(n % 97) for n in range(half))[:half]
    new = " ".join(str(n * 31 % 89) for n in range(half))[:half]
    begun = time.perf_counter()
    diff = word_diff(old, new)
    assert not diff.too_long
    assert time.perf_counter() - begun < 5


texts = st.text(alphabet="ab .,é\n", max_size=40)


@settings(max_examples=100)
@given(texts, texts)
def test_the_pieces_make_both_texts(old: str, new: str) -> None:
    pieces = list(word_diff(old, new))
    assert "".join(text for operation, text in pieces if operation != "insert") == old
    assert "".join(text for operation, text in pieces if operation != "delete") == new


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged"),
    [
        ({"a": 1}, {"a": 1}, {"a": 2}, {"a": 2}),
        ({"a": 1}, {"a": 2}, {"a": 1}, {"a": 2}),
        ({"a": 1}, {"a": 2}, {"a": 2}, {"a": 2}),
        ({}, {"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": 1}, {"a": 1}, {}, {}),
        ({"a": 1}, {}, {"a": 1}, {}),
        ({}, {}, {"a": None}, {"a": None}),
        ({"a": None}, {"a": None}, {}, {}),
    ],
)
def test_a_change_of_one_side_is_taken(base: dict, ours: dict, theirs: dict, merged: dict) -> None:  # type: ignore[type-arg]
    result = merge(base, ours, theirs)
    assert result.values == merged
    assert result.conflicts == {}


def test_two_different_changes_are_a_conflict_and_ours_stays() -> None:
    result = merge({"a": 1, "b": 1, "c": 1}, {"a": 2, "c": 2}, {"a": 3, "b": 2})
    assert result.values == {"a": 2, "c": 2}
    assert result.conflicts == {
        "a": Conflict(base=1, ours=2, theirs=3),
        "b": Conflict(base=1, ours=ABSENT, theirs=2),
        "c": Conflict(base=1, ours=2, theirs=ABSENT),
    }


@settings(max_examples=100)
@given(values, values, values)
def test_merging_takes_every_change_or_reports_it(base: dict, ours: dict, theirs: dict) -> None:  # type: ignore[type-arg]
    result = merge(base, ours, theirs)
    for key, change in diff_values(base, theirs).items():
        assert key in result.conflicts or diff_values(result.values, theirs).get(key) is None, change
    assert diff_values(merge(base, ours, base).values, ours) == {}
    assert diff_values(merge(base, base, theirs).values, theirs) == {}
    assert merge(base, ours, theirs).conflicts.keys() == merge(base, theirs, ours).conflicts.keys()
