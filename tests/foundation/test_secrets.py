"""Credentials at rest."""

from __future__ import annotations

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


def test_every_changed_byte_is_noticed() -> None:
    written = secrets.encrypt({"token": "x"}, [NEW])
    for at in range(0, len(written) - 2, 7):
        flipped = written[:at] + ("A" if written[at] != "A" else "B") + written[at + 1 :]
        with pytest.raises(SecretError):
            secrets.decrypt(flipped, [NEW])
