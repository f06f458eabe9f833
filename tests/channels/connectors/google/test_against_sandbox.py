"""The connector against an account that applies Google's description of its API to each call, over HTTP."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from decimal import Decimal

import pytest

from channels.connectors.base import Known, Price
from channels.connectors.outcome import Verdict
from channels.sandbox.world import TOKEN
from pimhub.foundation import http
from tests.channels.connectors.google.builders import (
    BACK,
    CONNECTION,
    connection,
    google,
    merge,
    rendered,
    single,
    speaking,
    tee,
    variant,
)
from tests.channels.connectors.google.test_tokens import key_file
from tests.channels.sandbox.fixtures import sandbox_without_violations

RETRIED = (Verdict.TRANSIENT, Verdict.THROTTLED, Verdict.QUOTA)


class World:
    """One empty account, and a publisher's memory of it."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.connection = replace(CONNECTION, base_url=f"{sandbox.url}/google", credentials={"access_token": TOKEN})
        self.known = Known()
        self.verdicts = []
        self.sandbox.control("settings", channel="google", visible_after=0)

    def send(self, request, timeout=5.0):
        return http.send(request, timeout=timeout, allowed_origins=[self.sandbox.url])

    def publish(self, product):
        """Send the first planned call and plan again until nothing is left; the names of calls that were taken."""
        wanted, done = rendered(product, self.connection), []
        for _ in range(60):
            calls = google.plan(wanted, self.known, self.connection)
            if not calls:
                return done
            self.settle(calls[0], wanted, done)
        raise AssertionError(f"no end after {self.verdicts}")

    def settle(self, call, wanted, done):
        outcome = google.interpret(call, self.send(call.request))
        self.verdicts.append(outcome.verdict)
        if outcome.verdict is Verdict.ACCEPTED:
            self.known = merge(self.known, call, outcome, wanted)
            done.append((call.name, call.context["row"]))
            return
        assert outcome.verdict in RETRIED, outcome
        links = {**self.known.links, **outcome.links}
        self.known = replace(self.known, links=links, number=self.known.number + 1)

    def read(self, product):
        wanted = rendered(product, self.connection)
        requests = google.read(wanted, self.known, self.connection)
        state = google.interpret_read(wanted, self.known, [self.send(r) for r in requests], self.connection)
        self.known = replace(self.known, links={**self.known.links, **state.links})
        return state

    def shows(self, product):
        state = self.read(product)
        return state.bodies == rendered(product, self.connection).bodies and not state.pending and not state.issues


@pytest.fixture
def world(tmp_path):
    with sandbox_without_violations(tmp_path) as sandbox:
        yield World(sandbox)


def full():
    """A product that speaks of every field."""
    said = {
        "mpn": "T-1",
        "material": "Cotton",
        "pattern": "Plain",
        "product_highlight": ["Soft", "Organic"],
        "shipping_label": "small",
        **{f"custom_label_{n}": f"label {n}" for n in range(5)},
    }
    sale = Price(
        "USD",
        Decimal("24.99"),
        sale_price=Decimal("19.99"),
        sale_from=dt.datetime(2026, 11, 1, tzinfo=dt.UTC),
        sale_to=dt.datetime(2026, 12, 1, tzinfo=dt.UTC),
    )
    first = variant("TEE/BLK S~50%", fields={**variant().fields, **said}, price=sale)
    return tee(variants=(first, variant("TEE-größe-M", "M", gtin="")))


@pytest.mark.parametrize("product", [single(), tee(), full()])
def test_what_is_published_is_what_is_shown(world, product):
    found = google.validate(product, rendered(product, world.connection), world.connection)
    assert [issue for issue in found if issue.severity == "error"] == []
    assert len(world.publish(product)) == len(product.variants)
    assert world.shows(product)
    assert world.publish(product) == []


def test_a_life_of_changes(world):
    product = tee()
    world.publish(product)
    small, medium = product.variants

    small = replace(small, price=Price("USD", Decimal(30), sale_price=Decimal("25.5")))
    product = replace(product, variants=(small, medium))
    assert world.publish(product) == [("productInputs.patch", "TEE-BLK-S")]
    assert world.shows(product)

    medium = replace(medium, stock={"main": 3})
    product = replace(product, variants=(small, medium))
    assert world.publish(product) == [("productInputs.patch", "TEE-BLK-M")]
    assert world.shows(product)

    product = replace(product, media=(BACK,))
    assert len(world.publish(product)) == 2
    assert world.shows(product)

    product = replace(product, variants=(small, variant("TEE-BLK-L", "L")))
    assert world.publish(product) == [
        ("productInputs.insert", "TEE-BLK-L"),
        ("productInputs.delete", "TEE-BLK-M"),
    ]
    assert world.shows(product)
    assert world.sandbox.state("google")["products"] == 2

    for call in google.plan_removal(world.known, world.connection):
        world.settle(call, replace(rendered(product), bodies={}), [])
    assert world.sandbox.state("google")["products"] == 0
    assert world.known.links == {}


def test_processing_takes_its_time(world):
    world.sandbox.control("settings", channel="google", visible_after=60)
    world.publish(single())
    state = world.read(single())
    assert (state.bodies, state.pending) == ({}, True)
    world.sandbox.control("settings", channel="google", clock_offset=61)
    assert world.shows(single())

    changed = single(speaking(title="Better Tee", color=None))
    world.publish(changed)
    state = world.read(changed)
    assert (state.bodies, state.pending) == ({}, True)
    world.sandbox.control("settings", channel="google", clock_offset=122)
    assert world.shows(changed)


def test_an_offer_that_expired_is_gone_and_comes_back(world):
    world.publish(single())
    assert world.shows(single())
    world.sandbox.control("settings", channel="google", clock_offset=31 * 24 * 3600)
    state = world.read(single())
    assert (state.bodies, state.pending) == ({}, False)
    world.known = replace(world.known, accepted={})
    assert world.publish(single()) == [("productInputs.insert", "TEE-BLK-S")]
    assert world.shows(single())


def test_an_older_call_cannot_undo_a_newer_one(world):
    [old] = google.plan(rendered(single(), world.connection), Known(number=3), world.connection)
    changed = single(speaking(title="Better Tee"))
    world.known = Known(number=9)
    world.publish(changed)
    assert google.interpret(old, world.send(old.request)).verdict is Verdict.SUPERSEDED
    assert world.shows(changed)


def test_a_delete_of_nothing_is_done(world):
    world.publish(single())
    [call] = google.plan_removal(world.known, world.connection)
    assert [google.interpret(call, world.send(call.request)).verdict for _ in range(2)] == [Verdict.ACCEPTED] * 2


def test_an_offer_changes_its_label_and_its_source(world):
    world.publish(single())
    world.connection = replace(
        world.connection,
        settings=connection(
            feed_label="DE", content_language="de", data_source="accounts/1001/dataSources/2002"
        ).settings,
    )
    assert [name for name, _ in world.publish(single())] == ["productInputs.delete", "productInputs.insert"]
    assert world.shows(single())
    assert world.sandbox.state("google")["products"] == 1


def test_google_tells_what_it_holds_against_an_offer(world):
    product = single(replace(speaking(brand=None), gtin="9506000134353"))
    world.publish(product)
    state = world.read(product)
    assert [(i.code, i.severity, i.field) for i in state.issues] == [("invalid_gtin", "error", "gtin")]


@pytest.mark.parametrize(
    "mode", ["throttle", "quota", "error500", "timeout_before", "timeout_after", "nonsense", "down"]
)
def test_it_converges_through_trouble(world, mode):
    world.sandbox.control("chaos", channel="google", mode=mode, count=2, delay=0.01)
    assert len(world.publish(tee())) == 2
    assert world.shows(tee())
    assert world.sandbox.state("google")["products"] == 2


def test_a_refused_token_stops_the_channel(world):
    given = replace(world.connection, credentials={"access_token": "wrong"})
    [call] = google.plan(rendered(single(), given), Known(), given)
    outcome = google.interpret(call, world.send(call.request))
    assert outcome.verdict is Verdict.AUTH
    assert outcome.issues[0].message.startswith("Google: ")


def test_a_data_source_that_does_not_exist(world):
    given = replace(world.connection, settings=connection(data_source="accounts/1001/dataSources/9").settings)
    [call] = google.plan(rendered(single(), given), Known(), given)
    assert google.interpret(call, world.send(call.request)).verdict is Verdict.CONFIG


def test_a_token_for_a_service_account(world):
    credentials = {"service_account": key_file(token_uri=f"{world.sandbox.url}/google/token")}
    given = replace(world.connection, credentials=credentials)
    request = google.token_request(given, dt.datetime.now(dt.UTC))
    token, lifetime = google.read_token(world.send(request))
    assert lifetime > 60
    world.connection = replace(given, access_token=token)
    world.publish(single())
    assert world.shows(single())


def test_a_token_that_is_not_given_says_why(world):
    credentials = {"service_account": key_file(token_uri=f"{world.sandbox.url}/google/token")}
    request = google.token_request(
        replace(world.connection, credentials=credentials), dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    )
    with pytest.raises(ValueError, match="expired"):
        google.read_token(world.send(request))


def test_the_example_of_a_body_is_what_left_the_house(world):
    [call] = google.plan(rendered(single(), world.connection), Known(number=4), world.connection)
    answer = json.loads(world.send(call.request).body)
    assert answer["productAttributes"] == json.loads(call.request.body)["productAttributes"]
    assert answer["versionNumber"] == "4"


def test_a_supplemental_source_adds_to_what_another_one_brought(world):
    world.publish(single())
    primary = world.connection
    # Only what is named goes out: no price, no link, no picture.
    given = {"data_source": "accounts/1001/dataSources/2005", "supplements": ["title", "custom_label_1"]}
    world.connection = replace(primary, settings={**primary.settings, **given})
    world.known = Known()
    product = single(speaking(title="Better Tee", custom_label_1="sale"), media=(), url="")
    found = google.validate(product, rendered(product, world.connection), world.connection)
    assert [issue for issue in found if issue.severity == "error"] == []
    assert world.publish(product) == [("productInputs.insert", "TEE-BLK-S")]
    assert world.shows(product)
    assert world.publish(product) == []

    [request] = google.read(rendered(product, world.connection), world.known, world.connection)
    shown = json.loads(world.send(request).body)["productAttributes"]
    assert (shown["title"], shown["customLabel1"]) == ("Better Tee", "sale")
    assert shown["link"] == rendered(single()).bodies["TEE-BLK-S"]["content"]["productAttributes"]["link"]

    for call in google.plan_removal(world.known, world.connection):
        world.settle(call, replace(rendered(product), bodies={}), [])
    world.connection, world.known = primary, Known()
    assert world.shows(single())


def test_a_supplement_waits_for_its_offer(world):
    given = {"data_source": "accounts/1001/dataSources/2005", "supplements": ["title"]}
    world.connection = replace(world.connection, settings={**world.connection.settings, **given})
    world.publish(single())
    state = world.read(single())
    assert state.pending
    assert [issue.code for issue in state.issues] == ["no_primary"]


def test_a_patched_offer_expires_thirty_days_after_its_insert(world):
    world.publish(single())
    day = 86400
    world.sandbox.control("settings", channel="google", clock_offset=20 * day)
    world.publish(single(replace(speaking(), stock={"main": 0})))
    world.sandbox.control("settings", channel="google", clock_offset=31 * day)
    assert world.read(single()).bodies == {}


def test_shipping_goes_with_the_offer(world):
    rates = [{"country": "US", "service": "Standard", "price": "4.90"}]
    world.connection = replace(world.connection, settings={**world.connection.settings, "shipping": rates})
    world.publish(single())
    assert world.shows(single())
    [request] = google.read(rendered(single(), world.connection), world.known, world.connection)
    [shipping] = json.loads(world.send(request).body)["productAttributes"]["shipping"]
    assert shipping["price"] == {"amountMicros": "4900000", "currencyCode": "USD"}
