"""Canonical JSON: one byte form per value, so that equal values have equal hashes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from types import NoneType
from typing import Any

import orjson

# None, bool, int, str, list, or dict with string keys. No floats: see `canonical`.
JSON = Any
_PLAIN = (str, int, NoneType)


def canonical(value: JSON) -> bytes:
    """The one byte form of `value`: sorted keys, no spaces, UTF-8.

    Tuples count as lists. Floats are refused: they would not survive a round trip
    through every database and language, so decimals travel as strings.

    Raises TypeError for a float or for anything that is not JSON.
    """
    _refuse_floats(value)
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        # Integers beyond 64 bits are legal JSON but not legal orjson.
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return text.encode()


def digest(value: JSON) -> str:
    """SHA-256 (64 hex characters) of the canonical form of `value`."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _refuse_floats(value: JSON) -> None:
    if isinstance(value, _PLAIN):  # almost all that is asked about
        return
    if isinstance(value, float):
        raise TypeError(f"a float has no exact canonical form: {value!r}; pass a decimal string")
    if isinstance(value, Mapping):
        for item in value.values():
            _refuse_floats(item)
    elif isinstance(value, Sequence) and not isinstance(value, bytes):
        for item in value:
            _refuse_floats(item)
