"""The one clock."""

from __future__ import annotations

import datetime as dt

import time_machine

from pimhub.foundation import clock


def test_now_is_aware_and_in_utc() -> None:
    assert clock.now().tzinfo is dt.UTC


def test_time_can_be_set_for_a_test() -> None:
    moment = dt.datetime(2026, 10, 25, 2, 30, tzinfo=dt.UTC)
    with time_machine.travel(moment, tick=False):
        assert clock.now() == moment
