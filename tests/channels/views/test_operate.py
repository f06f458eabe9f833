"""The pages of a channel manager: what is held, what drifted, rollouts, putting back, calls and settings."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from catalog import blobs
from catalog.models import SavedView
from catalog.products.changes import ProductChange, VariantChange
from channels.models import Channel, ChannelIssue, Drift, Hold, Match, Pin, Placement, RemoteLink, Rollout
from channels.reconcile.look import look
from governance.models import AuditEntry, Proposal
from tests.channels.publishing.shop import Shop
from tests.channels.sandbox import shop as remote


@pytest.fixture
def shopify(shop: Shop) -> Shop:
    Channel.objects.exclude(code="shopify").update(publishes_on_approval=False)
    return shop


@pytest.fixture
def manager(shopify: Shop, client: Client) -> Client:
    client.force_login(shopify.user("channelmanager"))
    return client


def page(client: Client, where: str, **given: Any) -> str:
    answer = client.get(f"/channels/shopify/{where}", given)
    assert answer.status_code == 200, answer.content[:500]
    return answer.content.decode()


def test_held_changes_are_listed_and_confirmed(shopify: Shop, manager: Client) -> None:
    product = shopify.live(sizes=("s", "m", "l"))
    shopify.settle()
    gone = tuple(VariantChange(sku=sku, trashed=True) for sku in ("tee-m", "tee-l"))
    shopify.write(ProductChange(code="tee", variants=gone))
    shopify.approve(product)
    shopify.settle()
    told = page(manager, "held/")
    assert "2 variants would go: tee-l, tee-m" in told
    assert "Held (1)" in told
    assert "2 variants would go" in page(manager, f"products/{product.pk}/")
    hold = Hold.objects.get(state="open")
    manager.post("/channels/shopify/held/confirm/", {"hold": [hold.pk]})
    hold.refresh_from_db()
    assert (hold.state, hold.decided_by) == ("confirmed", shopify.user("channelmanager"))
    assert AuditEntry.objects.filter(kind="hold.confirmed", about="product:tee").exists()
    assert "Nothing is held" in page(manager, "held/")
    # What nobody asks for any more is no question; saying yes to it says so.
    told = manager.post("/channels/shopify/held/confirm/", {"hold": [hold.pk]}, follow=True).content.decode()
    assert "choose what still waits" in told


def test_the_overview_leads_from_each_cause_to_its_products(shopify: Shop, manager: Client) -> None:
    shopify.approve(shopify.product("tee", **{"name@en_US": ""}))
    shopify.live("cap")
    shopify.settle()
    told = manager.get("/channels/").content.decode()
    issue = ChannelIssue.objects.filter(placement__channel__code="shopify", cleared_at=None, severity="error").first()
    assert issue is not None
    assert f"/channels/shopify/?cause={issue.code}" in told
    assert "Budget: " in told
    assert "accepted half within" in told
    shown = manager.get("/channels/shopify/", {"cause": issue.code}).context["rows"]
    assert [row["placement"].product.code for row in shown] == ["tee"]
    assert "Messages refused, 7 days" in page(manager, "calls/")


def test_drift_is_answered_from_the_page(shopify: Shop, manager: Client) -> None:
    product = shopify.live()
    shopify.settle()
    remote = RemoteLink.objects.get(key="product").remote_id
    shopify.sandbox.control("edit", channel="shopify", product=remote, field="vendor", value="Acme Ltd")
    manager.post("/channels/shopify/drift/answer/", {"do": "look"})
    look(seconds=5)
    told = page(manager, "drift/")
    assert "content.vendor" in told
    assert "Acme Ltd" not in page(manager, f"products/{product.pk}/").split("Where each field")[1]
    row = Drift.objects.get()
    # Publishing everything leaves the question open, and says so.
    assert "drift that nobody answered: 1" in page(manager, "publish/")
    manager.post("/channels/shopify/publish/")
    shopify.settle()
    look(seconds=5)
    row.refresh_from_db()
    assert row.state == "open"
    answer = manager.post("/channels/shopify/drift/answer/", {"do": "adopt", "drift": [row.pk]}, follow=True)
    assert "1 values are proposed" in answer.content.decode()
    assert Proposal.objects.get().value == "Acme Ltd"
    assert "Nothing drifted" in page(manager, "drift/")
    answer = manager.post("/channels/shopify/drift/answer/", {"do": "keep"}, follow=True)
    assert "Choose at least one" in answer.content.decode()


def test_every_difference_is_on_some_page_and_found_by_its_product(shopify: Shop, manager: Client) -> None:
    for code in ("tee", "cap"):
        shopify.live(code)
    shopify.settle()
    found = {p.product.code: p for p in Placement.objects.filter(channel__code="shopify").select_related("product")}
    for n in range(60):
        Drift.objects.create(placement=found["tee"], facet="content", path=f"/field{n:02}", ours="a", theirs="b")
    Drift.objects.create(placement=found["cap"], facet="content", path="/ofcap", ours="a", theirs="b")
    first = page(manager, "drift/")
    assert "field49" in first
    assert "field50" not in first
    after = manager.get("/channels/shopify/drift/").context["next_after"]
    assert f"after={after}" in first
    rest = page(manager, "drift/", after=str(after))
    assert "field50" in rest
    assert "ofcap" in rest
    told = page(manager, "drift/", q="cap")
    assert "ofcap" in told
    assert "field" not in told.split("<tbody>")[1].split("</tbody>")[0]
    assert "Nothing of “nonsense” is shown otherwise" in page(manager, "drift/", q="nonsense")


def test_a_listing_is_told_side_by_side(shopify: Shop, manager: Client) -> None:
    product = shopify.live()
    shopify.settle()
    where = f"/channels/shopify/products/{product.pk}/"
    told = manager.get(where)
    assert "shows every field as it should be" in told.content.decode()
    remote = RemoteLink.objects.get(key="product").remote_id
    shopify.sandbox.control("edit", channel="shopify", product=remote, field="vendor", value="Acme Ltd")
    manager.post("/channels/shopify/drift/answer/", {"do": "look"})
    look(seconds=5)
    item = next(x for x in manager.get(where).context["sides"] if not x.row.sku)
    (vendor,) = item.differ
    assert (vendor.place, vendor.desired, vendor.accepted.same) == ("content.vendor", "Acme", True)
    assert (vendor.live.value, vendor.live.same) == ("Acme Ltd", False)
    assert ("content", "shown otherwise") in item.facets
    assert "content.title" in {field.place for field in item.same}


def test_what_the_shop_has_already_is_answered_from_the_page(shopify: Shop, manager: Client) -> None:
    theirs = remote.created(
        shopify.sandbox,
        {
            "title": "Made by hand",
            "productOptions": [{"name": "Color", "values": [{"name": "S"}]}],
            "variants": [{"sku": "tee-s", "price": "18", "optionValues": [{"optionName": "Color", "name": "S"}]}],
        },
    )
    product = shopify.live(sizes=("s",))
    shopify.settle()
    told = page(manager, "already-there/")
    assert "Made by hand" in told
    assert "known by its SKU alone" in told
    assert "Already there (1)" in told
    assert "Say what becomes of it" in page(manager, f"products/{product.pk}/")
    assert "already: 1" in page(manager, "publish/")
    match = Match.objects.get()
    where = f"/channels/shopify/already-there/{match.pk}/answer/"
    assert "Choose which" in manager.post(where, {"do": "take"}, follow=True).content.decode()
    manager.post(where, {"do": "take", "which": theirs["id"]})
    match.refresh_from_db()
    assert (match.state, match.decided_by) == ("taken", shopify.user("channelmanager"))
    assert AuditEntry.objects.filter(kind="match.taken", about="product:tee").exists()
    shopify.settle()
    assert "content.title" in page(manager, "drift/")
    assert "nobody: it carries our id" not in page(manager, "already-there/")


def test_a_channel_is_put_back_from_the_page(shopify: Shop, manager: Client) -> None:
    product = shopify.live()
    shopify.settle()
    at = timezone.now()
    shopify.product(**{"name@en_US": "Wrong"})
    shopify.live("cap")
    shopify.approve(product)
    shopify.settle()
    moment = f"{at:%Y-%m-%dT%H:%M:%S.%f}"
    from channels.models import Publication

    late = Publication.objects.filter(finished_at__gt=at)
    late.update(finished_at=at + dt.timedelta(minutes=1))
    told = page(manager, "put-back/", at=moment, codes="tee\ncap-s")
    assert "Changes" in told
    assert "Leaves the channel" in told
    assert Pin.objects.count() == 0  # looking changes nothing
    given = {"at": moment, "codes": "tee\ncap-s", "reason": "a bad import"}
    manager.post("/channels/shopify/put-back/", given)
    shopify.settle()
    assert Pin.objects.count() == 2
    assert shopify.states()["cap/"] == "off"
    assert "Put back to" in page(manager, f"products/{product.pk}/")
    manager.post("/channels/shopify/let-go/", {"all": "1"})
    assert Pin.objects.count() == 0
    told = manager.get("/channels/shopify/put-back/", {"at": moment, "codes": "nonsense"}).content.decode()
    assert "There is no product or SKU “nonsense”" in told
    told = manager.get("/channels/shopify/put-back/", {"at": "2126-01-01T00:00"}).content.decode()
    assert "has passed" in told


def test_a_rollout_is_previewed_begun_and_taken_back(shopify: Shop, manager: Client) -> None:
    Channel.objects.filter(code="shopify").update(sends=False)
    for code in ("tee", "cap"):
        shopify.live(code, sizes=("s",))
    shopify.settle()
    view = SavedView.objects.create(
        name="Caps",
        user=shopify.user("channelmanager"),
        filter=[{"field": "code", "op": "=", "value": "cap"}],
    )
    told = page(manager, "rollout/", view=str(view.pk), canary="1", bad="10")
    assert "only previews" in told
    assert ">cap<" in told
    assert Rollout.objects.count() == 0
    manager.post("/channels/shopify/rollout/", {"do": "start", "view": str(view.pk), "canary": "1", "bad": "10"})
    shopify.settle()
    assert shopify.states()["cap/"] == "live"
    assert shopify.states().get("tee/") != "live"
    answer = manager.post("/channels/shopify/rollout/", {"do": "start", "view": "", "canary": "1", "bad": "10"})
    assert answer.status_code == 422
    assert "under way" in answer.content.decode()
    assert "Its rollout has brought 1 product to it so far" in page(manager, "rollout/")
    manager.post("/channels/shopify/rollout/", {"do": "take_back"})
    shopify.settle()
    assert shopify.states()["cap/"] == "off"
    assert manager.post("/channels/shopify/rollout/", {"do": "start", "canary": "no"}).status_code == 422


def test_calls_are_found_by_sku(shopify: Shop, manager: Client) -> None:
    for code in ("tee", "cap"):
        shopify.live(code)
    shopify.settle()
    told = page(manager, "calls/", q="CAP-S")
    assert "productSet" in told
    rows = told.split("Request id</th>")[1]
    assert ">cap<" in rows
    assert ">tee<" not in rows
    assert "Calls in 24 h" in told


def test_every_field_is_traced_to_its_author(shopify: Shop, manager: Client) -> None:
    product = shopify.live()
    shopify.settle()
    told = page(manager, f"products/{product.pk}/").split("Where each field comes from")[1]
    assert "Revision 1, approved by" in told
    assert "name@en_US" in told
    assert shopify.user("merchandiser").display_name in told or "merchandiser" in told


@pytest.fixture
def owner(shopify: Shop, client: Client) -> Client:
    client.force_login(shopify.user("admin"))
    return client


def settings(client: Client, **changed: Any) -> Any:
    """Post the settings page as it stands, with these boxes filled otherwise."""
    form = client.get("/channels/shopify/settings/").context["groups"]
    given = {b.html_name: b.value() for _, boxes in form for b in boxes if b.value() not in (None, False)}
    return client.post("/channels/shopify/settings/", given | changed, follow=True)


def test_settings_are_saved_and_nothing_else_moves(shopify: Shop, owner: Client) -> None:
    before = shopify.channel()
    told = settings(owner).content.decode()
    after = shopify.channel()
    assert after.settings == before.settings
    assert after.credentials == before.credentials
    assert "Saved" in told or "Nothing was changed" in told
    told = settings(
        owner, s_locations="main = gid://shopify/Location/1\nstore = gid://shopify/Location/2"
    ).content.decode()
    assert "Saved: settings" not in told
    assert shopify.channel().settings["locations"] == {
        "main": "gid://shopify/Location/1",
        "store": "gid://shopify/Location/2",
    }
    settings(owner, d_content="06:00, 18:00", a_price_percent="20", time_zone="Europe/Berlin")
    policy = shopify.channel().policy
    assert policy["delivery"] == {"content": {"at": ["06:00", "18:00"]}}
    assert policy["ask"]["price_percent"] == 20
    settings(owner, freezes="2026-11-26T18:00 to 2026-11-30T08:00: Black week; except stock, offer; products recall-1")
    assert shopify.channel().policy["freezes"] == [
        {
            "from": "2026-11-26T18:00",
            "until": "2026-11-30T08:00",
            "reason": "Black week",
            "except_facets": ["stock", "offer"],
            "except_products": ["recall-1"],
        }
    ]
    assert (
        "2026-11-26T18:00 to 2026-11-30T08:00: Black week" in owner.get("/channels/shopify/settings/").content.decode()
    )


def test_settings_of_several_parts_are_written_in_words(shop: Shop, client: Client) -> None:
    client.force_login(shop.user("admin"))
    where = "/channels/google/settings/"

    def save(**changed: Any) -> dict[str, Any]:
        boxes = [box for _, found in client.get(where).context["groups"] for box in found]
        given = {box.html_name: box.value() for box in boxes if box.value() not in (None, False)}
        assert client.post(where, given | changed).status_code == 302
        held: dict[str, Any] = shop.channel("google").settings
        return held

    held = save(
        s_price_rounding="up to 0.05",
        s_shipping="DE; Standard; 4.90\nAT; Express; 9.90",
        s_feed_formats=["tsv", "xml"],
    )
    assert held["price_rounding"] == {"mode": "up", "step": "0.05"}
    assert held["shipping"][1] == {"country": "AT", "service": "Express", "price": "9.90"}
    assert held["feed_formats"] == ["tsv", "xml"]
    assert save() == held
    held = save(s_price_rounding="nearest to 0.10 ending 0.09", s_shipping="", s_feed_formats=[])
    assert held["price_rounding"] == {"mode": "nearest", "step": "0.10", "ending": "0.09"}
    assert not {"shipping", "feed_formats"} & set(held)
    assert save() == held


@pytest.mark.parametrize(
    ("box", "text", "words"),
    [
        ("s_locations", "main", "is no pair"),
        ("s_product_url", "shop.example", "begins with https"),
        ("s_price_rounding", "up", "is no rounding"),
        ("s_price_rounding", "sideways to 0.05", "no way of rounding"),
        ("time_zone", "Mars", "no time zone"),
        ("d_content", "sometimes", "no time of day"),
        ("freezes", "soon", "is no freeze"),
        ("freezes", "2026-11-26 to 2026-11-25", "ends after it begins"),
        ("label", " ", "required"),
    ],
)
def test_what_cannot_be_is_told_at_its_box(shopify: Shop, owner: Client, box: str, text: str, words: str) -> None:
    answer = settings(owner, **{box: text})
    assert answer.status_code == 422
    form = {b.html_name: b for _, boxes in answer.context["groups"] for b in boxes}
    assert words in " ".join(form[box].errors)


def test_a_secret_is_stored_and_never_shown(shopify: Shop, owner: Client) -> None:
    told = settings(owner, c_access_token="shpat_new_secret").content.decode()
    assert shopify.channel().credentials["access_token"] == "shpat_new_secret"
    assert "shpat_new_secret" not in told
    assert "One is stored" in told
    entry = AuditEntry.objects.get(kind="credential.changed")
    assert "shpat_new_secret" not in str(entry.data)
    settings(owner, label="Renamed")
    assert shopify.channel().credentials["access_token"] == "shpat_new_secret"  # empty left it


def test_a_new_channel_previews_and_sends_nothing(shopify: Shop, owner: Client) -> None:
    shopify.live()
    old = shopify.channel()
    given = {
        "code": "outlet",
        "label": "Outlet",
        "connector": "shopify",
        "scope": old.scope_id,
        "market": old.market_id,
    }
    answer = owner.post("/channels/new/", given, follow=True)
    assert answer.status_code == 200, answer.content
    channel = Channel.objects.get(code="outlet")
    assert not channel.sends
    channel.settings = old.settings
    channel.save()
    shopify.settle()
    assert set(shopify.states("outlet").values()) == {"queued"}
    assert owner.post("/channels/new/", given).status_code == 422
    assert owner.post("/channels/new/", given | {"code": "Bad Code"}).status_code == 422


def test_stock_is_counted_as_the_channel_wants(shopify: Shop, owner: Client) -> None:
    shopify.live()
    shopify.settle()
    told = settings(owner, stock_buffer="2", stock_cap="2", stock_locations="main").content.decode()
    assert "Saved: stock" in told
    shopify.settle()
    item = shopify.sandbox.state("shopify")
    assert item["products"] == 1
    from channels.models import Listing

    row = Listing.objects.get(sku="tee-s")
    assert list(blobs.get(row.accepted["stock"]).values()) == [2]  # type: ignore[union-attr]
    answer = settings(owner, stock_locations="nowhere")
    assert answer.status_code == 422
    assert "There is no location “nowhere”" in answer.content.decode()


def test_publishing_is_previewed_with_what_leaves(shopify: Shop, manager: Client) -> None:
    Channel.objects.filter(code="shopify").update(policy={"ask": {"removals_a_day": 0}})
    product = shopify.live()
    shopify.settle()
    from catalog.change_sets import acting
    from catalog.models import ChangeSet
    from catalog.products.trash import trash_product

    with acting(user=shopify.user("merchandiser"), source=ChangeSet.Source.PAGE):
        trash_product(product=product, force=True)
    shopify.live("cap")
    told = page(manager, "publish/")
    assert "Leave the channel" in told.split("stats")[1]
    assert ">tee<" in told.split("New on the channel")[0]
    assert ">cap<" in told.split("New on the channel")[1]
    assert "1 products leave Shopify shop" in told
    assert manager.post("/channels/shopify/publish/").status_code == 302


def test_the_api_traces_fields(shopify: Shop) -> None:
    from catalog.access import tokens

    shopify.live()
    shopify.settle()
    _, text = tokens.create(user=shopify.user("channelmanager"), name="t", scopes_wanted=["read"])
    client = Client(headers={"Authorization": f"Bearer {text}"})
    found = client.get("/api/v1/channels/shopify/trace/", {"sku": "TEE-S"}).json()
    assert (found["revision"], found["mapping"]) == (1, 1)
    (step,) = [x for x in found["fields"] if x["field"] == "title"]
    assert (step["key"], step["value"], step["origin"]) == ("name@en_US", "Tee shirt", "human")
    assert step["change_set"]
    assert client.get("/api/v1/channels/shopify/trace/", {"sku": "none"}).status_code == 404
