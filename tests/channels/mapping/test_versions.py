"""A new version is tried on every product first, and somebody else than its author puts it in force."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from catalog.models import User
from channels.mapping import trial as trials
from channels.mapping import versions
from channels.models import Channel, MappingActivation, MappingTrial, MappingVersion, TrialLine
from governance.models import AuditEntry
from tests.channels.publishing.conftest import shop as shop
from tests.channels.publishing.shop import Shop


def rules(shop: Shop, **changed: Any) -> dict[str, Any]:
    mapping = shop.channel().mapping
    assert mapping is not None
    return {k: v for k, v in {**mapping.rules, **changed}.items() if v is not None}


def proposed(shop: Shop, by: str = "channelmanager", **changed: Any) -> MappingVersion:
    channel = Channel.objects.select_related("mapping").get(code="shopify")
    return versions.propose(channel=channel, rules=rules(shop, **changed), user=shop.user(by))


def tried(shop: Shop, version: MappingVersion) -> MappingTrial:
    trial = trials.start(version=version, user=shop.user("channelmanager"))
    while trials.advance(trial.pk):
        pass
    trial.refresh_from_db()
    return trial


UPPER = {"from": "name", "transforms": ["upper"]}


def test_a_trial_says_what_would_change_and_sends_nothing(shop: Shop) -> None:
    shop.live()
    shop.live("mug")
    shop.settle()
    calls = shop.sandbox.state("shopify")["calls"]
    trial = tried(shop, proposed(shop, title=UPPER))
    assert (trial.state, trial.counts) == ("done", {"changed": 2})
    line = trial.lines.get(product__code="tee")
    assert ["", "content.title", "Tee shirt", "TEE SHIRT"] in line.changes
    assert shop.sandbox.state("shopify")["calls"] == calls


def test_new_failures_come_first(shop: Shop) -> None:
    shop.live("mug", **{"name@en_US": "Mug"})
    shop.live()
    shop.settle()
    gone = {"from": "name", "transforms": [{"name": "lookup", "table": {"Mug": "MUG"}, "default": None}]}
    trial = tried(shop, proposed(shop, title=gone))
    assert trial.counts == {"fails": 1, "changed": 1}
    first = trial.lines.first()
    assert first is not None
    assert (first.product.code, first.outcome) == ("tee", "fails")
    assert first.issues


def test_a_trial_that_is_killed_goes_on_where_it_was(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        shop.live(f"tee{number}")
    shop.settle()
    monkeypatch.setattr(trials, "BATCH", 2)
    trial = trials.start(version=proposed(shop, title=UPPER), user=None)
    real, seen = trials.compare, []

    def dying(channel: Any, trial: Any, standing: Any, now: Any) -> TrialLine:
        seen.append(standing.product.code)
        if len(seen) == 4:
            raise MemoryError
        return real(channel, trial, standing, now)

    monkeypatch.setattr(trials, "compare", dying)
    assert trials.advance(trial.pk)
    while trials.advance(trial.pk):
        pass
    trial.refresh_from_db()
    assert (trial.state, trial.counts) == ("done", {"changed": 5})


def test_it_comes_into_force_by_another_person_and_reaches_the_channel(shop: Shop) -> None:
    shop.live()
    shop.settle()
    version = proposed(shop, title=UPPER)
    with pytest.raises(versions.NotNow, match="somebody else"):
        versions.activate(version=version, user=shop.user("channelmanager"))
    with pytest.raises(versions.NotNow, match="See first"):
        versions.activate(version=version, user=shop.user("admin"))
    tried(shop, version)
    versions.activate(version=version, user=shop.user("admin"))
    shop.settle()
    assert set(shop.states().values()) == {"live"}
    [product] = shop.sandbox.shopify("{ products(first: 2) { nodes { title } } }").json["data"]["products"]["nodes"]
    assert product["title"] == "TEE SHIRT"
    entry = AuditEntry.objects.filter(kind="mapping").order_by("pk").last()
    assert entry is not None
    assert entry.data["act"] == "put in force"


def test_a_trial_against_another_version_is_done_again(shop: Shop) -> None:
    first, second = proposed(shop, title=UPPER), proposed(shop, title={"const": "Tee"})
    tried(shop, first)
    tried(shop, second)
    versions.activate(version=first, user=shop.user("admin"))
    second.refresh_from_db()
    with pytest.raises(versions.NotNow, match="Another version"):
        versions.activate(version=second, user=shop.user("admin"))


def test_the_way_back_is_one_step(shop: Shop) -> None:
    old = shop.channel().mapping
    assert old is not None
    version = proposed(shop, title=UPPER)
    tried(shop, version)
    versions.activate(version=version, user=shop.user("admin"))
    versions.activate(version=MappingVersion.objects.get(pk=old.pk), user=shop.user("channelmanager"))
    assert shop.channel().mapping == old
    assert MappingActivation.objects.filter(version=version).exists()


def test_the_same_rules_are_no_new_version(shop: Shop) -> None:
    assert proposed(shop).number == 1
    assert proposed(shop, title=UPPER).number == proposed(shop, title=UPPER).number == 2


# ---- the pages -----------------------------------------------------------------------------------


@pytest.fixture
def client(client: Client, shop: Shop) -> Client:
    client.force_login(User.objects.get(username="channelmanager"))
    return client


def form(shop: Shop, client: Client, **changed: str) -> dict[str, str]:
    answer = client.get("/channels/shopify/mapping/")
    assert answer.status_code == 200
    held = {row["name"]: row["expression"] for row in answer.context["fields"]}
    return held | {f"field:{name}": text for name, text in changed.items()}


def test_the_form_shows_what_is_in_force_and_keeps_a_version(shop: Shop, client: Client) -> None:
    shop.live()
    shop.settle()
    given = form(shop, client, title="name | upper") | {"do": "keep", "note": "Loud titles"}
    answer = client.post("/channels/shopify/mapping/", given)
    assert answer.headers["Location"] == "/channels/shopify/mapping/2/"
    version = MappingVersion.objects.get(channel__code="shopify", number=2)
    assert (version.note, version.rules["title"]) == ("Loud titles", UPPER)
    assert version.rules == rules(shop, title=UPPER)
    [trial] = version.trials.all()
    while trials.advance(trial.pk):
        pass
    page = client.get("/channels/shopify/mapping/2/")
    assert "TEE" in page.content.decode()
    assert "somebody else puts it in force" in page.content.decode()


def test_trying_keeps_nothing(shop: Shop, client: Client) -> None:
    shop.live()
    shop.settle()
    answer = client.post(
        "/channels/shopify/mapping/", form(shop, client, title="name | upper") | {"do": "try", "product": "TEE"}
    )
    assert "content.title" in answer.content.decode()
    assert MappingVersion.objects.filter(channel__code="shopify").count() == 1


def test_a_bad_rule_is_told_at_its_field_and_nothing_is_lost(shop: Shop, client: Client) -> None:
    answer = client.post("/channels/shopify/mapping/", form(shop, client, title="name | shout") | {"do": "keep"})
    assert answer.status_code == 422
    assert "There is no step “shout”" in answer.content.decode()
    assert 'value="name | shout"' in answer.content.decode()
    assert MappingVersion.objects.filter(channel__code="shopify").count() == 1


def test_a_field_that_the_channel_does_not_know_is_refused_but_at_amazon(shop: Shop, client: Client) -> None:
    given = form(shop, client) | {"new:0": "heel_height", "rule:0": '"3"', "do": "keep"}
    assert "no field of this name" in client.post("/channels/shopify/mapping/", given).content.decode()
    rows = client.get("/channels/amazon/mapping/").context["fields"]
    given = {row["name"]: row["expression"] for row in rows} | {"new:0": "heel_height", "rule:0": '"3"', "do": "keep"}
    assert client.post("/channels/amazon/mapping/", given).status_code == 302
    assert MappingVersion.objects.get(channel__code="amazon", number=2).rules["heel_height"] == {"const": "3"}


def test_who_may_not_edit_may_not_post(shop: Shop, client: Client) -> None:
    client.force_login(User.objects.get(username="merchandiser"))
    assert client.get("/channels/shopify/mapping/").status_code == 403
    version = proposed(shop, title=UPPER)
    assert client.post(f"/channels/shopify/mapping/{version.number}/decide/", {"do": "activate"}).status_code == 403
