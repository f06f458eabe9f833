"""Where a system owns whether a product is sold, nobody else publishes, archives or reopens it by hand."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from catalog.change_sets import acting
from catalog.models import ExternalSystem, Family
from channels.models import Channel, Placement
from channels.publishing.request import publish_by_hand
from governance.models import OwnershipRule, Standing
from governance.workflow.base import Refused
from governance.workflow.verbs import archive, reopen
from tests.channels.publishing.shop import Shop


@pytest.fixture
def planned(shop: Shop) -> OwnershipRule:
    """The planning system says what is sold of the default family."""
    planning = ExternalSystem.objects.create(code="plm", label="the planning")
    family = Family.objects.get(code="default")
    return OwnershipRule.objects.create(
        code="range", owner=planning, part="publication", family=family, reason="Ranges are planned a season ahead."
    )


def asleep(channel: str) -> bool:
    return not Placement.objects.filter(channel__code=channel, due_at__lte=timezone.now()).exists()


def test_only_the_owner_archives_and_reopens(shop: Shop, planned: OwnershipRule) -> None:
    product = shop.live()
    admin = shop.user("admin")
    with acting(user=admin, source="page"), pytest.raises(Refused) as refused:
        archive(product=product, user=admin, comment="Out of season.")
    assert str(refused.value) == (
        "Whether it is sold belongs to the planning (rule range). Ranges are planned a season ahead."
    )
    assert Standing.objects.get(product=product).live is not None
    with acting(user=admin, source="api", system="plm"):
        archive(product=product, user=admin, comment="Out of season.")
    with acting(user=admin, source="page"), pytest.raises(Refused):
        reopen(product=product, user=admin)
    with acting(user=admin, source="api", system="plm"):
        assert reopen(product=product, user=admin).state == Standing.State.DRAFT


def test_people_publish_all_but_what_is_not_theirs(shop: Shop, planned: OwnershipRule, client: Client) -> None:
    Family.objects.create(code="gifts")
    product = shop.live("tee")
    shop.settle()
    assert asleep("google")
    client.force_login(shop.user("channelmanager"))
    told = client.post(f"/channels/google/products/{product.pk}/", follow=True).content.decode()
    assert "Nothing was sent. Whether it is sold belongs to the planning" in told
    told = client.post("/channels/google/publish/", follow=True).content.decode()
    assert "Left out: tee." in told
    assert asleep("google")
    channel = Channel.objects.get(code="google")
    with acting(user=shop.user("admin"), source="api", system="plm"):
        assert publish_by_hand(channel=channel, products=[product]) == (1, {})
    assert not asleep("google")
    planned.family = Family.objects.get(code="gifts")
    planned.save()
    assert client.post("/channels/google/publish/", follow=True).content.decode().count("Left out") == 0


def test_who_owns_all_values_does_not_own_what_is_sold(shop: Shop) -> None:
    erp = ExternalSystem.objects.create(code="erp")
    product = shop.live()
    OwnershipRule.objects.create(code="all", owner=erp)
    admin = shop.user("admin")
    with acting(user=admin, source="page"):
        assert archive(product=product, user=admin, comment="Gone.").state == Standing.State.ARCHIVED


def test_publishing_by_others_can_only_be_refused(shop: Shop) -> None:
    rule = OwnershipRule(code="range", part="publication", otherwise="override")
    with pytest.raises(ValidationError, match="can only be refused"):
        rule.full_clean()


def test_what_the_channel_does_not_show_is_not_told_of(shop: Shop, planned: OwnershipRule) -> None:
    shop.live("tee")
    Channel.objects.filter(code="google").update(selection={"nothing": True})
    Placement.objects.filter(channel__code="google").update(selected=False)
    with acting(user=shop.user("channelmanager"), source="page"):
        assert publish_by_hand(channel=shop.channel("google")) == (0, {})
