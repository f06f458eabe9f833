"""Text as the checker reads it: cleaned of tricks, in words, each with its place in the original."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

# Characters that are seen as nothing: zero width, soft hyphens, direction marks, variation selectors.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
# Letters of other alphabets that look like Latin ones; read as Latin in texts that are mostly Latin.
_LOOKALIKES = dict(
    zip(
        "аеорсухіјѕԁһԛԝкмтвнАЕОРСУХІЈЅВНКМТаονικρτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
        "aeopcyxijsdhqwkmtbhAEOPCYXIJSBHKMTaovikptuxABEZHIKMNOPTYX",
        strict=True,
    )
)
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Word:
    """A word: `text` as written, `plain` folded (no case, no accents), its place in the cleaned text."""

    text: str
    plain: str
    start: int
    end: int


_WIDE = re.compile("[\uff01-\uff5e\U0001d400-\U0001d7ff\u2080-\u2089]")  # full width, mathematical, CO₂


def _is_latin(character: str) -> bool:
    return not character.isalpha() or unicodedata.name(character, "").startswith("LATIN")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A text without tricks; `place` gives, for each of its characters and its end, the offset in the original."""

    text: str
    place: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The offsets in the original of a stretch of the cleaned text."""
        return self.place[start], self.place[end - 1] + 1 if end > start else self.place[start]


def cleaned(text: str) -> Cleaned:
    """The text without invisible characters, full-width forms and look-alike letters; one character stays one."""
    if text.isascii():  # nothing in it is invisible, wide or of another alphabet
        return Cleaned(text.replace("\t", " "), tuple(range(len(text) + 1)))
    kept: list[str] = []
    place: list[int] = []
    for at, character in enumerate(text):
        if _INVISIBLE.match(character):
            continue
        if _WIDE.match(character):
            character = unicodedata.normalize("NFKC", character)
        kept.append(" " if character in "\u00a0\u202f\u2007\u2009\t" else character)
        place.append(at)
    place.append(len(text))
    whole = "".join(kept)
    if not whole.isascii() and len(re.findall("[A-Za-z]", whole)) * 2 > len(re.findall(r"[^\W\d_]", whole)):
        whole = _WORD.sub(_latin, whole)
    return Cleaned(whole, tuple(place))


def _latin(match: re.Match[str]) -> str:
    word = match[0]
    if word.isascii() or not all(
        c in _LOOKALIKES or unicodedata.name(c, "").startswith("LATIN") or not c.isalpha() for c in word
    ):
        return word
    return "".join(_LOOKALIKES.get(character, character) for character in word)


_STROKES = str.maketrans("łøđı", "lodi")  # letters that Unicode does not take apart


@lru_cache(maxsize=20_000)
def fold(text: str) -> str:
    """Without case and accents: "Größe" → "grosse", "élevé" → "eleve", "łódź" → "lodz"."""
    plain = text.casefold().replace("ł", "l").replace("ø", "o").replace("đ", "d").replace("ı", "i").replace("’", "'")
    flat = unicodedata.normalize("NFKD", plain)
    return "".join(character for character in flat if not unicodedata.combining(character))


def words(text: str) -> list[Word]:
    return [Word(m[0], fold(m[0]), m.start(), m.end()) for m in _WORD.finditer(text)]


def sentences(text: str) -> list[tuple[int, int]]:
    """Start and end of each sentence; a full stop between digits or after one letter ends none."""
    ends = [m.end() for m in re.finditer(r"(?<!\d[.,])(?<!\b\w\.)(?<=[.!?…;])\s+(?=\S)|\n+", text)]
    bounds = [0, *ends, len(text)]
    return [(a, b) for a, b in zip(bounds, bounds[1:], strict=False) if text[a:b].strip()]


_WITHOUT = ("less", "los", "lose", "loser", "loses", "losem", "losen", "loos", "loze", "frei", "vrij")


def alike(one: str, other: str) -> bool:
    """Whether two folded words are forms of one: "megapixels" and "megapixel", "palce" and "palcovy"."""
    if one == other:
        return True
    short, long = sorted((one, other), key=len)
    if len(short) < 4 or len(long) - len(short) > 5:
        return False
    if long.endswith(_WITHOUT) and not short.endswith(_WITHOUT):
        return False  # "wired" and "wireless"
    kept = max(4, len(short) - (1 if len(short) < 7 else 2))
    return long[:kept] == short[:kept]
