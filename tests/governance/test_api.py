"""The workflow through the API: what is pending, approved in parts, compared and put live again."""

from __future__ import annotations

from typing import Any

import pytest

from tests.catalog.api.conftest import Api, api  # noqa: F401 # the fixture
from tests.world import World


@pytest.fixture
def rafael(api: Api, world: World) -> Api:  # noqa: F811
    world.approve(world.product())
    world.change(values={"brand": "Bolt", "name@en_US": "Bolt shirt"})
    assert api.post("products/tee/submit/", {"comment": "new brand"}).status_code == 200
    return api.of("rafael")


def test_a_review_through_the_api(rafael: Api) -> None:
    review = rafael.get("products/tee/review/").json()
    assert review["changes"] == {"": {"brand": ["Acme", "Bolt"], "name@en_US": ["Tee shirt", "Bolt shirt"]}}
    assert {(a["key"], a["actor"]) for a in review["authors"]} == {("brand", "mara"), ("name@en_US", "mara")}
    bound = {"content_hash": review["content_hash"], "review_hash": review["review_hash"]}
    answer = rafael.post("products/tee/approve/", bound | {"keys": [["", "brand"]]})
    assert (answer.status_code, answer.json()["state"], answer.json()["live_revision"]) == (200, "in_review", 2)
    assert list(rafael.get("products/tee/review/").json()["changes"][""]) == ["name@en_US"]
    assert rafael.post("products/tee/approve/", bound).json()["state"] == "approved"

    numbers = [
        (r["number"], r["live"], r["approved_by"]) for r in rafael.get("products/tee/revisions/").json()["results"]
    ]
    assert numbers == [(3, True, "rafael"), (2, False, "rafael"), (1, False, "rafael")]
    first = rafael.get("products/tee/revisions/1/").json()
    assert first["content"][""]["brand"] == "Acme"
    assert first["words"]["axis size"]["en_US"] == "Size"
    assert rafael.get("products/tee/revisions/1/compare/2/").json() == {
        "changes": {"": {"brand": ["Acme", "Bolt"]}},
        "words": {},
    }
    back = rafael.post("products/tee/make-live/", {"revision": 1, "comment": "too early"}).json()
    assert (back["live_revision"], back["state"]) == (1, "draft")
    verbs = [s["verb"] for s in rafael.get("products/tee/steps/").json()["results"]]
    assert verbs == ["make_live", "approve", "approve", "submit", "approve", "submit"]
    assert rafael.get("products/tee/revisions/9/").status_code == 404


def test_archived_assigned_and_talked_about(rafael: Api) -> None:
    assert rafael.post("products/tee/assign/", {"to": "rafael", "due": "2026-11-27T06:00:00+01:00"}).status_code == 200
    review = rafael.get("products/tee/review/").json()
    assert (review["assigned_to"], review["due"]) == ("rafael", "2026-11-27T05:00:00+00:00")
    assert rafael.post("products/tee/comment/", {"comment": "Why Bolt?"}).status_code == 200
    assert rafael.post("products/tee/request-changes/", {"comment": "not yet"}).json()["state"] == "changes_requested"
    assert rafael.post("products/tee/archive/", {"comment": "no longer made"}).json()["live_revision"] is None
    assert rafael.post("products/tee/reopen/").json()["state"] == "draft"


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("approve/", {}, 422, "content_hash_missing"),
        ("approve/", {"content_hash": "x"}, 409, "content_changed"),
        ("approve/", {"content_hash": 1}, 422, "bad_form"),
        ("approve/", {"content_hash": "x", "keys": "brand"}, 422, "bad_form"),
        ("approve/", {"content_hash": "x", "keys": [["", 1]]}, 422, "bad_form"),
        ("approve/", {"content_hash": "x", "why": "y"}, 422, "unknown_field"),
        ("make-live/", {"revision": "1"}, 422, "bad_form"),
        ("make-live/", {"revision": 1}, 400, "comment_missing"),
        ("archive/", {"comment": "x"}, 409, "wrong_state"),
        ("assign/", {"to": "nobody"}, 422, "unknown_user"),
        ("assign/", {"to": "mara"}, 422, "cannot_approve"),
        ("assign/", {"to": "rafael", "due": "tomorrow"}, 422, "bad_form"),
        ("comment/", {"comment": " "}, 422, "comment_missing"),
    ],
)
def test_what_cannot_be_is_said(rafael: Api, path: str, body: Any, status: int, code: str) -> None:
    answer = rafael.post(f"products/tee/{path}", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.json()
