"""The word lists beside the code."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent / "lexicon"


@cache
def listed(name: str) -> dict[str, Any]:
    """The list `lexicon/<name>.yaml`."""
    found: dict[str, Any] = yaml.safe_load((HERE / f"{name}.yaml").read_text(encoding="utf-8"))
    return found
