"""Credentials at rest: encrypted, authenticated, with keys that can be rotated."""

from __future__ import annotations

import secrets as random
from collections.abc import Sequence

import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class SecretError(Exception):
    """A secret cannot be read; the text names the remedy and never the secret."""


def encrypt(data: dict[str, str], keys: Sequence[str]) -> str:
    """`data` encrypted with the first key. Every key can decrypt."""
    return _box(keys).encrypt(orjson.dumps(data)).decode()


def decrypt(token: str, keys: Sequence[str]) -> dict[str, str]:
    """What `encrypt` was given. Raises SecretError when no key fits or the text was changed."""
    try:
        value: dict[str, str] = orjson.loads(_box(keys).decrypt(token.encode()))
    except InvalidToken as error:
        raise SecretError(
            "A stored secret cannot be decrypted with the keys of this instance. "
            "Put the key it was written with into PIMHUB_FERNET_KEYS, or enter the secret again."
        ) from error
    return value


def rotate(token: str, keys: Sequence[str]) -> str:
    """The same secret under the first key."""
    return _box(keys).rotate(token.encode()).decode()


def token() -> str:
    """An unguessable name that may stand in an address."""
    return random.token_urlsafe(32)


def _box(keys: Sequence[str]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])
