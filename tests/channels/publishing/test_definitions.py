"""A channel changes what it takes: known first is what that would block, and only then it is used."""

from __future__ import annotations

import datetime as dt

from django.test import Client
from django.utils import timezone

from channels import tasks
from channels.mapping import trial as trials
from channels.models import ChannelDefinition, MappingTrial
from channels.publishing.work import work
from tests.channels.publishing.shop import Shop
from tests.channels.publishing.test_amazon import amazon as amazon
from tests.channels.publishing.test_amazon import live


def news(shop: Shop, *required: str) -> ChannelDefinition:
    """Amazon requires more, and a day is over."""
    shop.sandbox.control("settings", channel="amazon", also_required=list(required))
    ChannelDefinition.objects.update(checked_at=timezone.now() - dt.timedelta(days=2))
    shop.hurry()
    placement = shop.channel("amazon").placements.get()
    placement.due_at = timezone.now()
    placement.save()
    assert work(placement.pk)
    return ChannelDefinition.objects.get()


def tried() -> MappingTrial:
    assert trials.try_definitions() == 1
    assert trials.try_definitions() == 0
    trial = MappingTrial.objects.get(definition__isnull=False)
    while trials.advance(trial.pk):
        pass
    trial.refresh_from_db()
    return trial


def test_what_would_be_blocked_is_listed_and_nothing_is_used_yet(amazon: Shop, client: Client) -> None:
    live(amazon)
    before = ChannelDefinition.objects.get().checksum
    row = news(amazon, "generic_keyword")
    assert (row.checksum, bool(row.next_text)) == (before, True)
    trial = tried()
    assert trial.counts == {"fails": 1}
    assert set(amazon.states("amazon").values()) == {"live"}
    client.force_login(amazon.user("channelmanager"))
    assert "new definition" in client.get("/channels/amazon/").content.decode()
    page = client.get(f"/channels/amazon/definitions/{row.pk}/").content.decode()
    assert "Search Terms" in page
    assert client.post(f"/channels/amazon/definitions/{row.pk}/").status_code == 302
    row.refresh_from_db()
    assert (row.checksum != before, row.next_text) == (True, "")
    amazon.settle()
    assert set(amazon.states("amazon").values()) == {"blocked"}


def test_what_blocks_nothing_is_used_by_itself(amazon: Shop) -> None:
    live(amazon)
    row = news(amazon, "brand")  # which every item has
    before = row.checksum
    assert tried().counts == {"same": 1}
    row.refresh_from_db()
    assert (row.checksum != before, row.next_text) == (True, "")


def test_the_same_definition_is_asked_for_and_not_downloaded_again(amazon: Shop) -> None:
    live(amazon)
    row = news(amazon)
    counted = amazon.sandbox.state("amazon")["calls"]
    assert counted["getDefinitionsProductType"] == 1
    assert "schema" not in counted
    assert (row.next_text, timezone.now() - row.checked_at < dt.timedelta(minutes=1)) == ("", True)


def test_the_sweep_begins_the_trial(amazon: Shop) -> None:
    live(amazon)
    news(amazon, "generic_keyword")
    tasks.sweep()
    assert MappingTrial.objects.filter(definition__isnull=False).count() == 1
