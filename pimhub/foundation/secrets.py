"""Credentials at rest: encrypted, authenticated, with keys that can be rotated."""

from __future__ import annotations

import base64
import binascii
import secrets as random
from collections.abc import Sequence

import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class SecretError(Exception):
    """A secret cannot be read; the text names the remedy and never the secret."""


def encrypt(data: dict[str, str], keys: Sequence[str]) -> str:
    """`data` encrypted with the first key. Every key can decrypt. Raises SecretError for unusable keys."""
    return _box(keys).encrypt(orjson.dumps(data)).decode()


def decrypt(token: str, keys: Sequence[str]) -> dict[str, str]:
    """What `encrypt` was given. Raises SecretError when no key fits or the text was changed."""
    box = _box(keys)
    try:
        value: dict[str, str] = orjson.loads(box.decrypt(_exact(token)))
    except InvalidToken as error:
        raise _unreadable() from error
    return value


def rotate(token: str, keys: Sequence[str]) -> str:
    """The same secret under the first key. Raises SecretError as `decrypt` does."""
    box = _box(keys)
    try:
        return box.rotate(_exact(token)).decode()
    except InvalidToken as error:
        raise _unreadable() from error


def token() -> str:
    """An unguessable name that may stand in an address."""
    return random.token_urlsafe(32)


def _box(keys: Sequence[str]) -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise SecretError(
            "PIMHUB_FERNET_KEYS holds no key, or one that is not 32 bytes in URL-safe base64. Make one with: "
            'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
        ) from error


def _exact(token: str) -> bytes:
    """The token as bytes. Base64 has several spellings for the same bytes; a changed spelling is a change too."""
    try:
        written = token.encode("ascii")
        if base64.urlsafe_b64encode(base64.urlsafe_b64decode(written)) == written:
            return written
    except (UnicodeEncodeError, binascii.Error) as error:
        raise _unreadable() from error
    raise _unreadable()


def _unreadable() -> SecretError:
    return SecretError(
        "A stored secret cannot be decrypted with the keys of this instance. "
        "Put the key it was written with into PIMHUB_FERNET_KEYS, or enter the secret again."
    )
