"""Whatever the product: what is sent is legal, one pass converges, and what is shown is recognised."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from channels.connectors.base import Known, MappedProduct, MappedVariant, Medium, Price
from channels.connectors.google import canonical
from channels.connectors.google.fields import AGE_GROUPS, CONDITIONS, GENDERS
from channels.connectors.google.schema import check_call
from pimhub.foundation.jsonvalue import digest
from tests.channels.connectors.google.builders import CONNECTION, answered, google, publish, rendered, sent

words = st.text(st.characters(codec="utf-8"), max_size=20)
long = st.text("ab é–", min_size=100, max_size=200)
amounts = st.decimals(min_value=0, max_value=1_000_000, places=4)
moments = st.integers(1_600_000_000, 2_000_000_000).map(lambda second: dt.datetime.fromtimestamp(second, dt.UTC))
prices = st.builds(
    Price,
    currency=st.sampled_from(["EUR", "JPY"]),
    price=amounts,
    sale_price=st.none() | amounts,
    sale_from=st.none() | moments,
    sale_to=st.none() | moments,
)
weights = st.fixed_dictionaries(
    {
        "amount": st.decimals(0, 1000, places=5).map(str),
        "unit": st.sampled_from(["g", "kg", "oz", "lb", "mg", "t", "stone"]),
    }
)
fields = st.fixed_dictionaries(
    {},
    optional={
        "title": words | long,
        "description": words,
        "link": words,
        "image_link": words,
        "additional_image_link": st.lists(words, max_size=15),
        "brand": words,
        "gtin": words,
        "mpn": words,
        "condition": st.sampled_from(CONDITIONS),
        "gender": st.sampled_from(GENDERS),
        "age_group": st.sampled_from(AGE_GROUPS),
        "google_product_category": words,
        "product_type": st.lists(words, max_size=3) | words,
        "color": words,
        "item_group_id": words,
        "product_highlight": st.lists(words, max_size=3),
        "shipping_weight": weights,
        "custom_label_4": words,
        "tracked": st.booleans(),
    },
)
variants = st.builds(
    MappedVariant,
    sku=words.filter(str.strip),
    gtin=st.sampled_from(["", "9506000134352"]),
    fields=fields,
    options=st.lists(st.tuples(words, words | long), max_size=3).map(tuple),
    price=st.none() | prices,
    stock=st.dictionaries(st.sampled_from(["main", "second"]), st.integers(0, 5)),
)
products = st.builds(
    MappedProduct,
    code=st.text(st.characters(codec="utf-8"), min_size=1, max_size=80),
    revision=st.just(1),
    locale=st.just("en_US"),
    fields=st.just({}),
    variants=st.lists(variants, min_size=1, max_size=3, unique_by=lambda v: v.sku).map(tuple),
    media=st.lists(
        st.builds(Medium, key=words, url=words.map(lambda w: f"https://cdn.test/{w}"), sku=words), max_size=13
    ).map(tuple),
    url=st.sampled_from(["", "https://shop.test/p/x?a=1"]),
)


@given(products)
def test_every_call_is_legal_and_one_pass_converges(product):
    known, calls = publish(product)
    assert len(calls) == len(product.variants)
    for call in [*calls, *google.plan_removal(known, CONNECTION)]:
        request = call.request
        method = f"merchantapi.accounts.{call.name}"
        assert check_call(method, request.method, request.url, request.body) == []
    for request in google.read(rendered(product), known, CONNECTION):
        assert check_call("merchantapi.accounts.products.get", request.method, request.url, b"") == []
    assert known.accepted == rendered(product).bodies
    assert google.plan(rendered(product), known, CONNECTION) == []


@given(products)
def test_what_was_sent_is_recognised_when_it_is_shown(product):
    """Google's answer is its own JSON of the input: only numbers may be written differently."""
    known, calls = publish(product)
    by_sku = {call.context["row"]: sent(call) for call in calls}
    made = rendered(product)
    responses = []
    for row, bodies in made.bodies.items():
        said = by_sku[row] | {"dataSource": bodies["content"]["dataSource"]}
        responses.append(answered(json.loads(json.dumps(said))))
    state = google.interpret_read(made, known, responses, CONNECTION)
    assert state.bodies == made.bodies
    assert not state.pending


@given(products)
def test_bodies_keep_their_hash_through_storage(product):
    for facets in rendered(product).bodies.values():
        for body in facets.values():
            assert digest(json.loads(json.dumps(body))) == digest(body)


@given(products)
def test_titles_and_groups_keep_googles_limits_or_say_so(product):
    made = rendered(product)
    long_titles = {
        row for row, bodies in made.bodies.items() if len(bodies["content"]["productAttributes"].get("title", "")) > 150
    }
    found = google.validate(product, made, CONNECTION)
    assert long_titles == {i.sku for i in found if (i.code, i.field) == ("too_long", "title")}


@given(st.decimals(min_value=Decimal("0.000001"), max_value=Decimal("1e6"), places=6))
def test_a_number_has_one_text_whichever_way_it_comes(number):
    text = canonical.decimal_text(number)
    assert canonical.decimal_text(text) == text
    assert canonical.decimal_text(json.loads(json.dumps(float(text)))) == text
    assert Decimal(text) == number


def test_an_unknown_product_is_planned_from_nothing():
    assert google.plan_removal(Known(), CONNECTION) == []
