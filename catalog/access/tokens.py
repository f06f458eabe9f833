"""Tokens of people's machines: made once, shown once, kept as a hash, renewed with overlap."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Sequence

from django.db import connection, transaction
from django.utils import timezone

from catalog.access import scopes
from catalog.models import ApiToken, ExternalSystem, User
from pimhub.foundation import audit
from pimhub.foundation.among import Compiled, among
from pimhub.foundation.rows import columns, stored

SPEAK = "catalog.speak_for_system"
# Shown as pim_<prefix>_<secret>: the prefix names the token, the secret opens the door.
PREFIX_LENGTH, SECRET_BYTES = 8, 32


class BadSystem(Exception):
    """No token can be made for that system, by that person."""


class TooStrong(Exception):
    """A token would give more than the one that asks for it has; the text says of what."""


class Refused(Exception):
    """The token opens nothing (any more); the text says why, as far as its holder may know."""


def create(
    *,
    user: User,
    name: str,
    scopes_wanted: Sequence[str],
    expires_at: dt.datetime | None = None,
    networks: Sequence[str] = (),
    rate: int = 600,
    system: str = "",
) -> tuple[ApiToken, str]:
    """The token and its text, which nobody can see again. `system`: the code of the one that writes with it.

    Raises BadScope, ValueError (a bad network), BadSystem.
    """
    secret = secrets.token_urlsafe(SECRET_BYTES)
    token = ApiToken.objects.create(
        user=user,
        name=name[:100],
        prefix=secrets.token_hex(PREFIX_LENGTH // 2),
        secret_hash=hashed(secret),
        scopes=scopes.check(scopes_wanted),
        networks=[str(ipaddress.ip_network(n)) for n in networks],
        expires_at=expires_at,
        rate=rate,
        system=_system(system, user) if system else None,
    )
    return token, f"pim_{token.prefix}_{secret}"


def _system(code: str, user: User) -> ExternalSystem:
    if not user.has_perm(SPEAK):
        raise BadSystem(f"Tokens that write for another system need the right {SPEAK}.")
    found = ExternalSystem.objects.filter(code=code).first()
    if found is None:
        raise BadSystem(f"There is no system “{code}”. Register it first.")
    return found


def check_within(
    maker: ApiToken,
    held: Sequence[str],
    *,
    scopes_wanted: Sequence[str],
    networks: Sequence[str],
    expires_at: dt.datetime | None,
    rate: int,
) -> None:
    """Whoever holds `maker`, shown with the scopes `held`, gets no token beyond it. Raises BadScope, TooStrong, or
    ValueError for a bad network."""
    scopes.narrower(scopes_wanted, held)
    own = [ipaddress.ip_network(n) for n in maker.networks]
    for network in (ipaddress.ip_network(n) for n in networks or ("0.0.0.0/0", "::/0")):
        if own and not any(network.version == o.version and network.subnet_of(o) for o in own):  # type: ignore[arg-type]
            where = network if networks else "everywhere"
            raise TooStrong(f"It would work from {where}, this token only from {', '.join(maker.networks)}.")
    if maker.expires_at is not None and (expires_at is None or expires_at > maker.expires_at):
        raise TooStrong(f"It would last longer than this token, which ends at {maker.expires_at.isoformat()}.")
    if rate > maker.rate:
        raise TooStrong(f"It might make {rate} calls a minute, this token only {maker.rate}.")


def rotate(token: ApiToken, *, overlap: dt.timedelta) -> str:
    """A new secret for the same token; the old one still works for `overlap`, so that clients can change over."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    with transaction.atomic():
        held = ApiToken.objects.select_for_update().get(pk=token.pk)
        held.previous_hash, held.previous_until = held.secret_hash, timezone.now() + overlap
        held.secret_hash = hashed(secret)
        held.save(update_fields=["previous_hash", "previous_until", "secret_hash"])
    return f"pim_{token.prefix}_{secret}"


def revoke(token: ApiToken) -> None:
    if ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=timezone.now()):
        audit.record("token.revoked", f"token:{token.prefix}", owner=token.user_id)


def find(text: str, *, address: str) -> ApiToken:
    """The token that the text is. Raises Refused."""
    kind, _, rest = text.partition("_")
    prefix, _, secret = rest.partition("_")
    if kind != "pim" or not secret:
        raise Refused("This is no token of PIMHub. It begins with pim_.")
    return checked(_by_prefix(prefix), secret=secret, address=address)


def find_client(client_id: str, client_secret: str, *, address: str) -> ApiToken:
    """The same for OAuth clients: the id is “pim_<prefix>”, the secret the rest. Raises Refused."""
    secret = client_secret.removeprefix(f"{client_id}_")
    return checked(_by_prefix(client_id.removeprefix("pim_")), secret=secret, address=address)


def _by_prefix(prefix: str) -> ApiToken | None:
    for cells in _BY_PREFIX([prefix]) if prefix.isascii() else ():
        token = stored(ApiToken, dict(zip(_TOKEN, cells, strict=False)))
        token.user = stored(User, dict(zip(_USER, cells[len(_TOKEN) :], strict=True)))
        return token
    return None


_TOKEN, _USER = columns(ApiToken), columns(User)
_BY_PREFIX = Compiled(
    lambda prefixes: ApiToken.objects.filter(among("prefix", prefixes)).values_list(
        *_TOKEN, *(f"user__{name}" for name in _USER)
    )
)


def checked(token: ApiToken | None, *, secret: str | None, address: str) -> ApiToken:
    """The token if it still opens the door from that address; `secret` None = proven otherwise. Raises Refused."""
    now = timezone.now()
    if token is None or (secret is not None and not _fits(token, secret, now)):
        raise Refused("This token is unknown.")
    if token.revoked_at is not None:
        raise Refused("This token was revoked.")
    if token.expires_at is not None and token.expires_at <= now:
        raise Refused("This token has expired. Make a new one.")
    if not token.user.is_active:
        raise Refused("The account of this token is closed.")
    if token.networks and not _inside(address, token.networks):
        raise Refused("This token may not be used from here.")
    return token


def _fits(token: ApiToken, secret: str, now: dt.datetime) -> bool:
    given = hashed(secret)
    if hmac.compare_digest(given, token.secret_hash):
        return True
    young = token.previous_until is not None and now < token.previous_until
    return young and hmac.compare_digest(given, token.previous_hash)


def _inside(address: str, networks: Sequence[str]) -> bool:
    try:
        place = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(place, "ipv4_mapped", None)
    return any((mapped or place) in ipaddress.ip_network(n) for n in networks)


def hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def count_call(token: ApiToken, *, minute: int) -> int:
    """Count one call in its minute, for all workers together; how many there were, this one included."""
    table = connection.ops.quote_name(ApiToken._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET calls = CASE WHEN minute = %s THEN calls + 1 ELSE 1 END, "  # noqa: S608
            "minute = %s, last_used_at = %s WHERE id = %s RETURNING calls",
            [minute, minute, connection.ops.adapt_datetimefield_value(timezone.now()), token.pk],
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0
