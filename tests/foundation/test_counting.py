"""Many counts in one statement."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group

from pimhub.foundation.counting import counts


@pytest.mark.django_db
def test_many_are_counted_at_once_up_to_a_bound(django_assert_num_queries: Any) -> None:
    Group.objects.all().delete()
    for number in range(5):
        Group.objects.create(name=f"group {number}")
    groups = Group.objects.order_by("name")
    asked = [groups, groups.filter(name="group 3"), groups.none(), groups.filter(name="100 %"), groups.all()]
    with django_assert_num_queries(1):
        assert counts(asked, most=5) == [5, 1, 0, 0, 5]
    assert counts(asked, most=3) == [4, 1, 0, 0, 4]
    with django_assert_num_queries(0):
        assert counts([], most=3) == []
        assert counts([groups.none()], most=3) == [0]
