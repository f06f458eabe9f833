"""The API against its own description: whatever is sent, no fault of ours and no answer that is not declared."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from catalog.access import tokens
from catalog.models import MediaAsset
from tests.world import build_world, lasting

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "5"))


def described() -> dict[str, Any]:
    """The document as integrators get it."""
    return json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True), default=str))


schema = schemathesis.openapi.from_dict(described())
schema.app = get_wsgi_application()


@schemathesis.serializer("application/x-ndjson")
def lines(ctx: Any, value: Any) -> bytes:
    return b"\n".join([json.dumps(value, default=str).encode()] * 2)


@pytest.fixture(scope="module")
def token(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """Of a person with every role, in a shop where the addresses that are tried often exist."""
    # As Django's own test client: the end of a request must not close the connection that holds the shop.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    with lasting(django_db_blocker):
        world = build_world()
        world.product("tee")
        world.product("x", sizes=("s",))
        MediaAsset.objects.create(sha256="0" * 64, state="ready")
        boss = world.people["ada"]
        boss.is_superuser = True
        boss.save()
        _, text = tokens.create(user=boss, name="test", scopes_wanted=["write"], rate=10_000_000)
        yield text
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_nothing_that_is_sent_finds_a_fault_or_an_undeclared_answer(case: Any, token: str, db: None) -> None:
    if case.operation.path.startswith("/api/v1/tokens/{prefix}"):
        case.path_parameters["prefix"] = "00000000"  # never the one we hold
    case.call_and_validate(headers={"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}, checks=CHECKS)


def test_the_document_is_openapi_31_and_names_every_endpoint(client: Any, db: None) -> None:
    document = json.loads(client.get("/api/v1/schema/", headers={"Accept": "application/json"}).content)
    assert document["openapi"].startswith("3.1")
    operations = [
        (f"{method} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in ("get", "post", "patch", "put", "delete")
    ]
    assert len(operations) > 100
    for name, operation in operations:
        assert [status for status in operation["responses"] if status[0] == "2"], f"{name} declares no answer"
        assert operation.get("description"), f"{name} does not say what it does"
    assert len({operation["operationId"] for _, operation in operations}) == len(operations)
