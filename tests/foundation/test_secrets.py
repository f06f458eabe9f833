"""Credentials at rest."""

from __future__ import annotations

import base64
import re

import pytest
from cryptography.fernet import Fernet

from pimhub.foundation import secrets
from pimhub.foundation.secrets import SecretError

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def test_what_was_encrypted_comes_back() -> None:
    assert secrets.decrypt(secrets.encrypt({"token": "geheim"}, [NEW]), [NEW]) == {"token": "geheim"}


def test_keys_rotate() -> None:
    written = secrets.encrypt({"token": "x"}, [OLD])
    renewed = secrets.rotate(written, [NEW, OLD])
    assert secrets.decrypt(renewed, [NEW]) == {"token": "x"}


def test_without_the_key_the_error_names_the_remedy_and_not_the_secret() -> None:
    with pytest.raises(SecretError, match="PIMHUB_FERNET_KEYS"):
        secrets.decrypt(secrets.encrypt({"token": "x"}, [OLD]), [NEW])


def test_rotating_without_the_key_names_the_remedy_too() -> None:
    with pytest.raises(SecretError, match="PIMHUB_FERNET_KEYS"):
        secrets.rotate(secrets.encrypt({"token": "x"}, [OLD]), [NEW])


def test_no_flipped_bit_goes_unnoticed() -> None:
    written = base64.urlsafe_b64decode(secrets.encrypt({"token": "x"}, [NEW]))
    for bit in range(8 * len(written)):
        flipped = bytearray(written)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SecretError):
            secrets.decrypt(base64.urlsafe_b64encode(flipped).decode(), [NEW])


def test_no_changed_character_goes_unnoticed() -> None:
    """Not even one that base64 would read as the same bytes, or pass over."""
    written = secrets.encrypt({"token": "x"}, [NEW])
    assert written.endswith("=")
    for at, character in enumerate(written):
        for other in "AB!ü" if at < len(written) - 6 else "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_=!":
            if other != character:
                with pytest.raises(SecretError):
                    secrets.decrypt(written[:at] + other + written[at + 1 :], [NEW])
        with pytest.raises(SecretError):
            secrets.decrypt(written[:at] + "!" + written[at:], [NEW])


@pytest.mark.parametrize("keys", [[], ["short"], ["ä" * 44], [NEW, ""]])
def test_unusable_keys_are_named_with_a_way_to_make_one(keys: list[str]) -> None:
    for call in (lambda: secrets.encrypt({}, keys), lambda: secrets.decrypt("x", keys)):
        with pytest.raises(SecretError, match=r"PIMHUB_FERNET_KEYS.*generate_key"):
            call()


def test_tokens_are_long_different_and_fit_an_address() -> None:
    tokens = {secrets.token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", each) for each in tokens)
