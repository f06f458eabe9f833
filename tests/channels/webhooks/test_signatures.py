"""Signatures by Standard Webhooks: the published example, tolerance, rotation, and forgeries."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pimhub.foundation import signatures
from pimhub.foundation.signatures import BadSignature
from tests.channels.webhooks.receiver import fits

NOW = dt.datetime(2026, 11, 22, 6, tzinfo=dt.UTC)


def test_the_published_example() -> None:
    key = signatures.key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = signatures.sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(body=st.binary(max_size=300), number=st.integers(1, 10**9))
def test_a_receiver_with_either_secret_believes_it_and_one_flipped_bit_nobody(body: bytes, number: int) -> None:
    old, new, other = (signatures.new_secret() for _ in range(3))
    keys = [signatures.key_of(new), signatures.key_of(old)]
    headers = signatures.headers(keys, id=f"msg_{number}", at=NOW, body=body)
    assert fits(new, headers, body, now=NOW.timestamp())
    assert fits(old, headers, body, now=NOW.timestamp())
    assert not fits(other, headers, body, now=NOW.timestamp())
    assert signatures.verify(keys[1:], headers, body, now=NOW) == f"msg_{number}"
    flipped = bytes([body[0] ^ 1]) + body[1:] if body else b"x"
    with pytest.raises(BadSignature):
        signatures.verify(keys, headers, flipped, now=NOW)
    with pytest.raises(BadSignature):
        signatures.verify(keys, headers | {"webhook-id": "msg_0"}, body, now=NOW)


@pytest.mark.parametrize(("minutes", "good"), [(-10, False), (-4, True), (0, True), (4, True), (10, False)])
def test_a_clock_may_be_five_minutes_off(minutes: int, good: bool) -> None:
    key = signatures.key_of(signatures.new_secret())
    headers = signatures.headers([key], id="msg_1", at=NOW + dt.timedelta(minutes=minutes), body=b"{}")
    if good:
        assert signatures.verify([key], headers, b"{}", now=NOW) == "msg_1"
    else:
        with pytest.raises(BadSignature, match="5 minutes"):
            signatures.verify([key], headers, b"{}", now=NOW)


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_without_a_header_it_is_not_believed(missing: str) -> None:
    key = signatures.key_of(signatures.new_secret())
    headers = signatures.headers([key], id="msg_1", at=NOW, body=b"{}")
    with pytest.raises(BadSignature):
        signatures.verify([key], {k: v for k, v in headers.items() if k != missing}, b"{}", now=NOW)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!!!", "whsec_c2hvcnQ=", "whsec_" + "A" * 100])
def test_what_is_no_secret_is_said_to_be_none(secret: str) -> None:
    with pytest.raises(ValueError):
        signatures.key_of(secret)
