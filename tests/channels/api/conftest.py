"""The demo's channels on a sandbox."""

from __future__ import annotations

from tests.channels.publishing.conftest import shop  # noqa: F401
