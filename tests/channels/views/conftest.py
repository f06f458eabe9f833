from __future__ import annotations

from tests.channels.publishing.conftest import shop

__all__ = ["shop"]
