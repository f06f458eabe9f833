"""The connector against a seller account that applies Amazon's documents to each call, over HTTP."""

from __future__ import annotations

import datetime as dt
import random
import time
from dataclasses import replace
from decimal import Decimal

import pytest

from channels.connectors.base import Known, Price
from channels.connectors.outcome import Verdict
from channels.sandbox.world import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, TOKEN
from pimhub.foundation import http
from tests.channels.connectors.amazon.builders import CONNECTION, FIELDS, amazon, rendered, single, tee, variant
from tests.channels.sandbox.fixtures import sandbox_without_violations

RETRIED = (Verdict.TRANSIENT, Verdict.THROTTLED)


class World:
    """One empty account, and a publisher's memory of it."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.connection = replace(CONNECTION, base_url=f"{sandbox.url}/amazon", credentials={"access_token": TOKEN})
        self.known = Known()
        self.verdicts = []
        self.sandbox.control("settings", channel="amazon", visible_after=0)

    def send(self, request, timeout=2.0):
        return http.send(request, timeout=timeout, allowed_origins=[self.sandbox.url])

    def publish(self, product, rounds=80):
        """Send what is free, read back what others wait for, plan again until nothing is left; the calls taken."""
        wanted, done = rendered(product, self.connection), []
        for _ in range(rounds):
            calls = amazon.plan(wanted, self.known, self.connection)
            if not calls:
                return done
            free = [call for call in calls if not call.waits_for]
            if free:
                self.settle(free[0], wanted, done)
            else:
                self.read(product)
        raise AssertionError(f"no end after {self.verdicts}")

    def settle(self, call, wanted, done):
        outcome = amazon.interpret(call, self.send(call.request))
        self.verdicts.append(outcome.verdict)
        links = {**self.known.links, **outcome.links}
        accepted = dict(self.known.accepted)
        if outcome.verdict is Verdict.ACCEPTED:
            for row, facet in call.carries:
                body = wanted.bodies.get(row, {}).get(facet)
                accepted[row] = {**accepted.get(row, {}), facet: body}
                accepted[row] = {f: b for f, b in accepted[row].items() if b is not None}
            links = {key: value for key, value in links.items() if key not in outcome.dropped_links}
            done.append((call.name, call.context["sku"]))
        else:
            assert outcome.verdict in RETRIED, outcome
        self.known = Known(links, {row: held for row, held in accepted.items() if held}, self.known.number + 1)

    def read(self, product):
        wanted = rendered(product, self.connection)
        responses = [self.send(r) for r in amazon.read(wanted, self.known, self.connection)]
        if any(r.status in (0, 429) or r.status >= 500 for r in responses):
            return None
        state = amazon.interpret_read(wanted, self.known, responses, self.connection)
        self.known = replace(self.known, links={**self.known.links, **state.links})
        return state

    def shows(self, product):
        state = self.read(product)
        return state.bodies == rendered(product, self.connection).bodies and not state.pending and not state.issues

    @property
    def items(self):
        return self.sandbox.state("amazon")["items"]


@pytest.fixture
def world(tmp_path):
    with sandbox_without_violations(tmp_path) as sandbox:
        yield World(sandbox)


@pytest.mark.parametrize("product", [single(), tee(), single(sku="A/1 ß+%2F"), single(sku="A,B")])
def test_what_is_published_is_what_is_shown(world, product):
    found = amazon.validate(product, rendered(product, world.connection), world.connection)
    assert [issue for issue in found if issue.severity == "error"] == []
    assert len(world.publish(product)) == len(rendered(product, world.connection).bodies)
    assert world.shows(product)
    assert world.publish(product) == []


def test_a_life_of_changes(world):
    product = tee()
    world.publish(product)
    assert world.shows(product)
    small, medium = product.variants

    small = replace(small, price=Price("EUR", Decimal(30), sale_price=Decimal("25.5")))
    product = replace(product, variants=(small, medium))
    assert world.publish(product) == [("patchListingsItem", "TEE-BLA-S")]
    assert world.shows(product)

    medium = replace(medium, stock={"main": 3}, fields={**FIELDS, "generic_keyword": "organic"})
    product = replace(product, variants=(small, medium))
    assert world.publish(product) == [("patchListingsItem", "TEE-BLA-M")]
    assert world.shows(product)

    product = replace(product, variants=(small, replace(medium, fields=dict(FIELDS))))
    world.publish(product)
    assert world.shows(product)
    assert (
        "generic_keyword" not in world.sandbox.amazon("GET", "TEE-BLA-M", includedData="attributes").json["attributes"]
    )

    product = replace(product, variants=(small, variant("L", sku="TEE-BLA-L", gtin="9506000134376")))
    assert world.publish(product) == [("putListingsItem", "TEE-BLA-L"), ("deleteListingsItem", "TEE-BLA-M")]
    assert world.shows(product)

    product = replace(product, variants=(small,))
    world.publish(product)
    assert world.shows(product)
    assert world.items == 1

    for call in amazon.plan_removal(world.known, world.connection):
        world.settle(call, replace(rendered(product), bodies={}), [])
    assert world.items == 0
    assert world.known.links == {}


def test_variants_never_come_before_their_parent(world):
    world.sandbox.control("settings", channel="amazon", visible_after=0.3)
    wanted, done = rendered(tee(), world.connection), []
    [parent] = [c for c in amazon.plan(wanted, world.known, world.connection) if not c.waits_for]
    world.settle(parent, wanted, done)
    assert world.read(tee()).pending
    assert all(c.waits_for for c in amazon.plan(wanted, world.known, world.connection))
    time.sleep(0.4)
    world.publish(tee())
    time.sleep(0.4)
    assert world.shows(tee())  # tied to the parent: reading compares that


@pytest.mark.parametrize("mode", ["throttle", "error500", "timeout_before", "timeout_after", "nonsense", "down"])
def test_it_converges_through_trouble(world, mode):
    world.sandbox.control("chaos", channel="amazon", mode=mode, count=3, delay=0.01)
    world.publish(tee())
    assert world.shows(tee())
    assert world.items == 3


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_the_account_ends_as_it_should_be(world, seed):
    """Random products after one another, in an account that fails half of the time; then it is calm."""
    dice = random.Random(seed)
    product = tee()
    for _ in range(6):
        product = _another(product, dice)
        modes = ["throttle", "error500", "timeout_before", "timeout_after", "nonsense", "down"]
        world.sandbox.control("chaos", channel="amazon", mode=modes, count=None, rate=0.5, seed=seed, delay=0.01)
        world.publish(product, rounds=400)
    world.sandbox.control("chaos", channel="amazon", mode="off")
    assert world.shows(product)
    assert world.items == len(rendered(product, world.connection).bodies)


def _another(product, dice):
    sizes = dice.sample(["S", "M", "L", "XL", "XXL"], dice.randint(1, 4))
    gtins = ("9506000134352", "9506000134369", "9506000134376", "9506000134383", "9506000134390")
    variants = tuple(
        variant(
            size,
            gtin=gtins[["S", "M", "L", "XL", "XXL"].index(size)],
            fields={**FIELDS, "brand": "Acme", "fabric_type": dice.choice(["Cotton", "Wool"])},
            price=Price("EUR", Decimal(dice.randint(100, 9999)) / 100),
            stock={"main": dice.randint(0, 9)},
        )
        for size in sizes
    )
    return replace(product, variants=variants, code=dice.choice(["TEE", "TEE", "SHIRT"]))


def test_a_token_by_login_with_amazon(world):
    credentials = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "refresh_token": REFRESH_TOKEN}
    given = replace(world.connection, credentials=credentials)
    request = amazon.token_request(given, dt.datetime.now(dt.UTC))
    assert "secret" not in str(request.redacted()["body"]).replace("[secret]", "")
    token, lifetime = amazon.read_token(world.send(request))
    assert lifetime > 60
    world.connection = replace(given, access_token=token)
    world.publish(single())
    assert world.shows(single())


def test_a_refused_login_says_why_and_a_wrong_token_stops_the_channel(world):
    credentials = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "refresh_token": "old"}
    request = amazon.token_request(replace(world.connection, credentials=credentials), dt.datetime.now(dt.UTC))
    with pytest.raises(ValueError, match="refresh_token"):
        amazon.read_token(world.send(request))
    given = replace(world.connection, credentials={"access_token": "wrong"})
    [call] = amazon.plan(rendered(single(), given), Known(), given)
    assert amazon.interpret(call, world.send(call.request)).verdict is Verdict.AUTH


def test_tokens_come_from_amazon_itself_for_amazons_hosts():
    credentials = {"client_id": "a", "client_secret": "b", "refresh_token": "c"}
    real = replace(CONNECTION, credentials=credentials)
    assert amazon.token_request(real, dt.datetime.now(dt.UTC)).url == "https://api.amazon.com/auth/o2/token"
