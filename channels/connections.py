"""From a channel row to a connection: where to call, with what rights."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace
from typing import cast

from django.conf import settings
from django.utils import timezone

from channels import calls, rates, rotation
from channels.connectors.abilities import HasRates, TellsBudget
from channels.connectors.base import Connection, Connector
from channels.connectors.registry import connectors
from channels.models import Channel, Placement
from channels.models.channel import here
from pimhub.foundation import http, sandbox, secrets
from pimhub.foundation.http import Request, Response


class ChannelNotReady(Exception):
    """The channel cannot be called; the text is for its owner."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def connector_of(channel: Channel) -> Connector:
    """The connector of the channel. Raises ChannelNotReady when none is installed for its kind."""
    if channel.connector not in connectors:
        raise ChannelNotReady(
            "no_connector",
            f"PIMHub has no connector for “{channel.connector}” yet, so nothing is sent to {channel.label}.",
        )
    return connectors.get(channel.connector)


def connect(channel: Channel) -> Connection:
    """The connection of the channel; its access token is fetched by `authorise` when one is needed."""
    return Connection(
        code=channel.code,
        base_url=_base_url(channel),
        settings=channel.settings,
        credentials=rotation.in_force(channel.credentials, timezone.now()),
        access_token=_held_token(channel),
    )


def _base_url(channel: Channel) -> str:
    endpoint = str(channel.settings.get("endpoint", ""))
    if endpoint != "sandbox":
        return endpoint.rstrip("/")
    # The sandbox takes a free port at each start and notes it; stale notes end as "refused".
    return f"{sandbox_origin()}/{channel.connector}"


def sandbox_origin() -> str:
    """Where this instance's sandbox listens; port 9 (discard) when it has never run."""
    return sandbox.origin(settings.PIMHUB_HOME)


def send(channel: Channel, request: Request, *, timeout: float) -> Response:
    """One outgoing call for the channel, under the guard of the ground; what the answer says of rates is learnt.

    Raises ChannelNotReady in a copy of the instance that the channel belongs to.
    """
    _check_here(channel)
    response = http.send(request, timeout=timeout, allowed_origins=_origins(channel))
    connector = _rated(channel)
    if connector is not None and (rate := connector.rate(request)) is not None:
        told = connector.told_rate(response)
        rates.learn(channel, rate, throttled=response.status == 429, per_second=told)
        budget = cast(TellsBudget, connector).told_budget(response) if hasattr(connector, "told_budget") else None
        if budget is not None:
            rates.settle(channel, rate, budget)
    return response


def fetch(channel: Channel, url: str, *, timeout: float, max_bytes: int) -> Response:
    """A file that the channel says lies there, such as the answers to a file of calls. Never with its credentials."""
    _check_here(channel)
    return http.fetch(url, timeout=timeout, max_bytes=max_bytes, allowed_origins=_origins(channel))


def _origins(channel: Channel) -> list[str]:
    allowed = [*settings.PIMHUB_ALLOWED_ORIGINS]
    if channel.settings.get("endpoint") == "sandbox":
        allowed.append(sandbox_origin())
    return allowed


def _check_here(channel: Channel) -> None:
    if channel.is_elsewhere:
        raise ChannelNotReady("elsewhere", elsewhere(channel))


def elsewhere(channel: Channel) -> str:
    """Why a copy calls nobody, and what to do."""
    return (
        f"{channel.label} belongs to the instance “{channel.environment or 'that was backed up'}” and this one is "
        f"“{here()}”: a copy calls nobody. If this one takes over, resume the channel here."
    )


def await_turn(channel: Channel, request: Request) -> int:
    """Return when the channel's rate allows the call; the milliseconds that took. Raises rates.Wait when that is not
    soon."""
    started = time.monotonic()
    connector = _rated(channel)
    if connector is not None and (rate := connector.rate(request)) is not None:
        rates.turn(channel, rate)
    return int((time.monotonic() - started) * 1000)


def ask(
    channel: Channel, request: Request, *, timeout: float, operation: str, placement: Placement | None = None
) -> Response:
    """One call that changes nothing there, in its turn and noted. Raises rates.Wait."""
    waited = await_turn(channel, request)
    started = time.monotonic()
    response = send(channel, request, timeout=timeout)
    milliseconds = int((time.monotonic() - started) * 1000)
    calls.note(channel, operation, response, placement=placement, milliseconds=milliseconds, waited=waited)
    return response


def _rated(channel: Channel) -> HasRates | None:
    connector = connectors.get(channel.connector) if channel.connector in connectors else None
    return cast(HasRates, connector) if hasattr(connector, "rate") else None


def authorise(channel: Channel, connector: Connector, connection: Connection) -> Connection:
    """The connection with a valid access token, fetched and kept (encrypted) when the kind needs one.

    Raises ChannelNotReady with the channel's own words when it gives none.
    """
    _check_here(channel)
    if connection.access_token:
        return connection
    now = timezone.now()
    request = connector.token_request(connection, now)
    if request is None:
        return connection
    response = ask(channel, request, timeout=connector.deadline, operation="token")
    try:
        token, lifetime = connector.read_token(response)
    except ValueError as error:
        raise ChannelNotReady("credentials", f"{channel.label} gave no access: {error}") from error
    channel.access_token_encrypted = secrets.encrypt({"token": token}, settings.PIMHUB_FERNET_KEYS)
    # A minute early, so that no call begins with a token that ends on its way.
    channel.access_token_until = now + dt.timedelta(seconds=max(lifetime - 60, 0))
    Channel.objects.filter(pk=channel.pk).update(
        access_token_encrypted=channel.access_token_encrypted, access_token_until=channel.access_token_until
    )
    return replace(connection, access_token=token)


def _held_token(channel: Channel) -> str:
    until = channel.access_token_until
    if not channel.access_token_encrypted or until is None or until <= timezone.now():
        return ""
    return str(secrets.decrypt(channel.access_token_encrypted, settings.PIMHUB_FERNET_KEYS)["token"])
