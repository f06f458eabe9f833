"""Make a channel and change what its owner decides: settings, credentials, policy, whether it sends at all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from catalog.models import Location, Market, Scope
from catalog.models.codes import key_code
from channels import rotation
from channels.connectors.abilities import SettingField
from channels.connectors.base import Connector
from channels.connectors.registry import connectors
from channels.mapping import numbers
from channels.models import Channel, MappingActivation, MappingVersion, StockRule
from channels.publishing import policy
from channels.publishing.request import look_at_all
from pimhub.foundation import audit
from pimhub.foundation.jsonvalue import JSON

# Of every channel, whatever its kind.
COMMON = (
    SettingField("endpoint", "Address of the channel", "url", help="Empty: the channel's own; “sandbox”: to rehearse."),
    SettingField("product_url", "Pages of products", "url", help="Such as https://shop.example/products/{handle}."),
    SettingField("media_base_url", "Address of pictures", "url", help="Empty: this PIMHub's own."),
    SettingField(
        "price_rounding",
        "Rounding of prices",
        "rounding",
        help="“up to 0.05”, “nearest to 0.10”, “down ending 0.99” and the like; empty: none.",
    ),
    SettingField(
        "held_pictures_only",
        "Only pictures that are held here",
        "flag",
        help="Products with pictures that were not fetched when they were approved are held back.",
    ),
    SettingField("min_score", "Least content score", "number", help="0 to 100; products below are held back."),
)


_ROUNDING = re.compile(r"(?P<mode>\w+)(?: to (?P<step>\S+))?(?: ending (?P<ending>\S+))?")
GENERIC = "webhook_secret"  # of Standard Webhooks, for channels that have no messages of their own


class BadChannel(Exception):
    """Fields that cannot be, each with what is wrong."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {words}" for name, words in problems.items()))
        self.problems = dict(problems)


def fields_of(connector: Connector) -> tuple[SettingField, ...]:
    formats = tuple(getattr(connector, "feed_formats", ()))
    words = f"Each is a file at an address of its own. None: {formats[0]}." if formats else ""
    feeds = (SettingField("feed_formats", "Formats of feeds", "choices", help=words, choices=formats),)
    return (*COMMON, *(feeds if formats else ()), *getattr(connector, "setting_fields", ()))


def secrets_of(connector: Connector) -> tuple[tuple[str, ...], ...]:
    return tuple(getattr(connector, "credentials", ())) or (("access_token",),)


def more_secrets_of(connector: Connector) -> tuple[str, ...]:
    """Secrets that nobody needs for signing in. The old one of a replaced secret is kept by itself (rotation.py)."""
    own = [name for name in getattr(connector, "more_secrets", ()) if not name.endswith(rotation.PREVIOUS)]
    return tuple(own if hasattr(connector, "verify_webhook") else [*own, GENERIC])


def rotated_of(connector: Connector) -> tuple[str, ...]:
    """Secrets that messages are signed with, so that the old one counts for a while when they are replaced."""
    named = [name for name in getattr(connector, "more_secrets", ()) if name.endswith(rotation.PREVIOUS)]
    found = tuple(name.removesuffix(rotation.PREVIOUS) for name in named)
    return found if hasattr(connector, "verify_webhook") else (*found, GENERIC)


def create(*, code: str, label: str, connector: str, scope: Scope, market: Market) -> Channel:
    """A channel with the mapping that its kind begins with. It shows what it would send, and sends nothing.

    Raises BadChannel.
    """
    problems = {}
    if connector not in connectors:
        problems["connector"] = f"“{connector}” is none of {', '.join(sorted(connectors.names()))}."
    try:
        key_code(code)
    except ValidationError as error:
        problems["code"] = " ".join(error.messages)
    if Channel.objects.filter(code=code).exists():
        problems["code"] = "There is a channel of this code already. Choose another."
    if not label.strip():
        problems["label"] = "Give it a name."
    if problems:
        raise BadChannel(problems)
    with transaction.atomic():
        channel = Channel.objects.create(
            code=code, label=label.strip(), connector=connector, scope=scope, market=market, sends=False
        )
        rules = dict(connectors.get(connector).default_rules)
        channel.mapping = MappingVersion.objects.create(channel=channel, number=1, rules=rules)
        channel.save(update_fields=["mapping"])
        MappingActivation.objects.create(version=channel.mapping)
        audit.record("channel.created", f"channel:{code}", connector=connector)
        look_at_all(channel)
    return channel


def change(
    channel: Channel,
    *,
    label: str,
    settings: Mapping[str, JSON],
    rules: Mapping[str, JSON],
    publishes_on_approval: bool,
    credentials: Mapping[str, str] | None = None,
    overlap_hours: int = rotation.HOURS,
) -> list[str]:
    """Save what its owner decided; the names of what changed. Settings that the kind does not name stay as they are.

    `credentials` replaces all of them; None leaves them. A secret of messages that is replaced counts for
    `overlap_hours` yet. Raises BadChannel.
    """
    problems = {}
    try:
        policy.read(rules)
    except policy.BadPolicy as error:
        problems[f"policy.{error.part}"] = str(error)
    if not label.strip():
        problems["label"] = "Give it a name."
    if problems:
        raise BadChannel(problems)
    known = {f.name: f for f in fields_of(connectors.get(channel.connector))}
    kept = {name: value for name, value in channel.settings.items() if name not in known}
    new = {**kept, **{name: value for name, value in settings.items() if not _usual(known.get(name), value)}}
    changed = sorted(n for n in new.keys() | channel.settings.keys() if new.get(n) != channel.settings.get(n))
    if channel.policy != dict(rules):
        changed.append("policy")
    if (channel.label, channel.publishes_on_approval) != (label.strip(), publishes_on_approval):
        changed.append("channel")
    with transaction.atomic():
        channel.label, channel.settings, channel.policy = label.strip(), new, dict(rules)
        channel.publishes_on_approval = publishes_on_approval
        if credentials is not None:
            names = rotated_of(connectors.get(channel.connector))
            held, now = channel.credentials, timezone.now()
            channel.credentials = rotation.rotated(held, credentials, names, hours=overlap_hours, now=now)
            for name, until in rotation.ends(channel.credentials, now).items():
                if held.get(name) != credentials.get(name):
                    told = until.isoformat()
                    audit.record("credential.rotated", f"channel:{channel.code}", name=name, previous_until=told)
            channel.access_token_encrypted, channel.access_token_until, channel.wait_until = "", None, None
            changed.append("credentials")
            audit.record("credential.changed", f"channel:{channel.code}", names=sorted(credentials))
        channel.save()
        if changed:
            audit.record("channel.changed", f"channel:{channel.code}", what=changed)
            look_at_all(channel)
    return changed


def change_stock(
    channel: Channel, *, locations: list[str], buffer: int, cap: int | None, stale_minutes: int | None, when_stale: str
) -> bool:
    """Which stock the channel counts, and what it shows of figures that are too old; whether that is news.

    Raises BadChannel.
    """
    row = StockRule.objects.filter(channel=channel).first() or StockRule(channel=channel)
    new = {
        "locations": locations,
        "buffer": buffer,
        "cap": cap,
        "stale_minutes": stale_minutes,
        "when_stale": when_stale or StockRule.WhenStale.HOLD,
    }
    problems = {}
    if strange := sorted(set(locations) - set(Location.objects.values_list("code", flat=True))):
        problems["stock_locations"] = f"There is no location “{strange[0]}”."
    if new["when_stale"] not in StockRule.WhenStale.values:
        problems["stock_when_stale"] = "Choose what is shown of figures that are too old."
    if stale_minutes == 0:
        problems["stock_stale_minutes"] = "Give at least one minute, or leave it empty."
    if problems:
        raise BadChannel(problems)
    if all(getattr(row, name) == value for name, value in new.items()):
        return False
    with transaction.atomic():
        for name, value in new.items():
            setattr(row, name, value)
        row.save()
        audit.record("channel.changed", f"channel:{channel.code}", what=["stock"])
        look_at_all(channel)
    return True


def _usual(field: SettingField | None, value: JSON) -> bool:
    """Whether the setting says nothing that would not hold without it."""
    if isinstance(value, bool):
        return value is (field.usual if field else False)
    return value in ("", None, [], {})


def written(field: SettingField, value: Any) -> Any:
    """A setting as it stands in its box."""
    if field.kind == "choices":
        return value or []
    if value in (None, "", [], {}):
        return ""
    if field.kind == "rows":
        return "\n".join("; ".join(str(row.get(column, "")) for column in field.columns) for row in value)
    if field.kind == "rounding":
        parts = [f"{word} {value[name]}" for word, name in (("to", "step"), ("ending", "ending")) if name in value]
        return " ".join([str(value.get("mode", "nearest")), *parts])
    if field.kind == "list":
        return "\n".join(map(str, value))
    if field.kind == "map":
        return "\n".join(f"{ours} = {theirs}" for ours, theirs in value.items())
    return str(value)


def read(field: SettingField, text: str) -> JSON:
    """What a box holds. Raises ValueError with what is wrong."""
    text = text.strip()
    if field.required and not text:
        raise ValueError("This is needed.")
    if not text:
        return None
    if field.kind == "number":
        if not text.isdecimal() or len(text) > 9:
            raise ValueError(f"“{text}” is no whole number.")
        return int(text)
    if field.kind == "list":
        return [line.strip() for line in text.splitlines() if line.strip()]
    if field.kind == "rows":
        return [_row(field, line) for line in text.splitlines() if line.strip()]
    if field.kind == "rounding":
        return _rounding(text)
    if field.kind == "map":
        return dict(_pair(line) for line in text.splitlines() if line.strip())
    if field.kind == "url" and text != "sandbox" and not text.startswith(("https://", "http://")):
        raise ValueError(f"“{text}” is no address; it begins with https://.")
    return text


def _row(field: SettingField, line: str) -> dict[str, JSON]:
    parts = [part.strip() for part in line.split(";")]
    if len(parts) != len(field.columns) or not all(parts):
        raise ValueError(f"“{line.strip()}” does not say {', '.join(field.columns)}, with a semicolon between them.")
    return dict(zip(field.columns, parts, strict=True))


def _rounding(text: str) -> dict[str, JSON]:
    found = _ROUNDING.fullmatch(text.lower())
    if found is None or not (found["step"] or found["ending"]):
        raise ValueError(f"“{text}” is no rounding; write it like “up to 0.05” or “nearest ending 0.99”.")
    made: dict[str, JSON] = {name: said for name, said in found.groupdict().items() if said}
    if wrong := numbers.problem(made):
        raise ValueError(wrong)
    return made


def _pair(line: str) -> tuple[str, str]:
    ours, found, theirs = (part.strip() for part in line.partition("="))
    if not (ours and found and theirs):
        raise ValueError(f"“{line.strip()}” is no pair; write it like main = gid://shopify/Location/1.")
    return ours, theirs
