"""Text as spreadsheets leave it: invisible edges, guarding apostrophes, twice-decoded letters."""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256

# A spreadsheet runs a cell that begins with one of these as a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_INVISIBLE = "\ufeff\u200b\u200e\u200f\u2060"


def clean(raw: str) -> str:
    """The cell's text without blank edges (non-breaking and zero-width ones too).

    An apostrophe that only guards a formula-like text goes as well: our own error file sets it.
    """
    text = _trim(raw)
    if text.startswith("'"):
        behind = raw[raw.index("'") + 1 :]
        return _trim(behind) if behind.startswith(FORMULA_STARTS) else text
    return text


def _trim(text: str) -> str:
    before = None
    while text != before:
        before, text = text, text.strip().strip(_INVISIBLE)
    return text


def without_apostrophe(text: str) -> str:
    """A code without the one leading apostrophe by which a spreadsheet keeps it a text."""
    return _trim(text[1:]) if text.startswith(("'", "’")) else text


def guarded(text: str) -> str:
    """The text as a spreadsheet may see it: never run as a formula (ASVS 5.0, 1.2.10). `clean` undoes it."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def code_key(code: str) -> str:
    """The form in which codes and SKUs are compared, as the catalog's models do it."""
    return unicodedata.normalize("NFKC", code).strip().casefold()


def slug(text: str, joiner: str) -> str:
    """Lower-case ASCII letters and digits of `text`, words joined; "" when it has none.

    Accents fall away (Größe → grosse, Mărime → marime); letters of other scripts have no slug.
    """
    plain = unicodedata.normalize("NFKD", text.casefold()).translate(_LETTERS)
    ascii_text = plain.encode("ascii", "ignore").decode()
    return joiner.join(re.findall(r"[a-z0-9]+", ascii_text))


# Letters that Unicode does not take apart.
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th", "ð": "d"})


def short_hash(text: str) -> str:
    """Six hex digits that name a text whose letters cannot."""
    return sha256(unicodedata.normalize("NFKC", text).encode()).hexdigest()[:6]


def _misread(byte: int) -> str:
    """The character that Windows-1252 shows for a byte; its five holes show as control characters."""
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)


_BYTE_OF = {_misread(byte): byte for byte in range(0x80, 0x100)}
_TAIL = "[" + re.escape("".join(_misread(byte) for byte in range(0x80, 0xC0))) + "]"
# UTF-8 lead bytes of Latin letters, of punctuation and symbols, of variation marks, of emoji.
# More leads would find more, and would "repair" honest French and Spanish.
_MOJIBAKE = re.compile(f"[ÂÃÄÅ]{_TAIL}|[âï]{_TAIL}{{2}}|ð{_TAIL}{{3}}")


def repair_mojibake(text: str) -> str:
    """The text with UTF-8 letters that were read as Windows-1252 put right (Ã¤ → ä, â€™ → ’)."""
    if text.isascii():
        return text
    return _MOJIBAKE.sub(_repaired, text)


def _repaired(match: re.Match[str]) -> str:
    raw = bytes(_BYTE_OF[character] for character in match[0])
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return match[0]
