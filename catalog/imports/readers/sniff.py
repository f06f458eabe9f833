"""What kind of file this is, before a line of it is read as a table: memory stays flat."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path

from catalog.imports.problems import FileRefused

MAX_LINE = 1 << 20  # characters; Shopify's longest legal cell is half of it
_CHUNK = 1 << 16

_SAVE_AS = "Open it in your spreadsheet program and save it as “CSV UTF-8”, then import that file."
# First bytes → (what it is, what to do).
_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x05\x06", "an empty zip archive", _SAVE_AS),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls), or one with a password", _SAVE_AS),
    (b"\x1f\x8b", "a gzip archive", "Unpack it first, then import the CSV file in it."),
    (b"\x89PNG", "a PNG picture", "Choose the product CSV file instead."),
    (b"\xff\xd8\xff", "a JPEG picture", "Choose the product CSV file instead."),
    (b"GIF8", "a GIF picture", "Choose the product CSV file instead."),
    (b"%PDF", "a PDF document", "Ask its author for the table as a CSV file."),
    (b"RIFF", "a picture or a sound", "Choose the product CSV file instead."),
)
_MARKUP = (b"<!doctype", b"<html", b"<?xml", b"<svg", b"<rss")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True, slots=True)
class Encoding:
    """`not_utf8_line`: the line that is not UTF-8, so that the file is read as Windows-1252; else 0."""

    name: str
    not_utf8_line: int = 0


class _Undecodable(Exception):
    def __init__(self, line: int) -> None:
        self.line = line


def sniff_encoding(path: Path, *, name: str) -> Encoding:
    """The file's encoding, once the whole file is known to be text of lines.

    Raises FileRefused for anything else: empty, binary, mark-up, a line beyond MAX_LINE, bytes that
    are neither UTF-8 nor Windows-1252.
    """
    with path.open("rb") as file:
        head = file.read(4096)
    _refuse_other_kinds(name, head)
    encoding = next((codec for mark, codec in _BOMS if head.startswith(mark)), "utf-8")
    try:
        _scan(path, encoding, name)
        return Encoding(encoding)
    except _Undecodable as error:
        if encoding == "utf-16":
            raise FileRefused("encoding", f"{name}: line {error.line} is not valid UTF-16. {_SAVE_AS}") from None
        not_utf8 = error.line
    try:
        _scan(path, "cp1252", name)
    except _Undecodable as error:
        raise FileRefused(
            "encoding",
            f"{name}: line {not_utf8} is not valid UTF-8 and line {error.line} is not Windows-1252 either. {_SAVE_AS}",
        ) from None
    return Encoding("cp1252", not_utf8)


def _refuse_other_kinds(name: str, head: bytes) -> None:
    if not head.strip(b" \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise FileRefused("empty_file", f"{name} is empty. Export it again, with its header line.")
    for magic, kind, remedy in _MAGIC:
        if head.startswith(magic):
            raise FileRefused("not_a_csv", f"{name} is {kind}, not a CSV file. {remedy}")
    if head.lstrip(b" \t\r\n\xef\xbb\xbf").lower().startswith(_MARKUP):
        raise FileRefused("not_a_csv", f"{name} is a web page or XML, not a CSV file. Export the products as CSV.")
    controls = sum(byte < 32 and byte not in b"\t\n\r\f\x1a" for byte in head)
    if not head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and controls > len(head) // 100:
        raise FileRefused("not_a_csv", f"{name} holds binary data, not text. {_SAVE_AS}")


def _scan(path: Path, encoding: str, name: str) -> None:
    """Read it all in small pieces: every byte decodes, no NUL, no endless line."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line, run = 1, 0
    with path.open("rb") as file:
        while True:
            chunk = file.read(_CHUNK)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                # `object` is what was left over before plus the chunk.
                raise _Undecodable(line + error.object[: error.start].count(b"\n")) from None
            if "\0" in text:
                at = line + text[: text.index("\0")].count("\n")
                raise FileRefused("not_a_csv", f"{name}: line {at} holds binary data (a zero byte). {_SAVE_AS}")
            breaks = text.replace("\r", "\n")
            first = breaks.find("\n")
            if run + (first if first >= 0 else len(text)) > MAX_LINE:
                raise FileRefused(
                    "line_too_long",
                    f"{name}: line {line} is longer than {MAX_LINE:,} characters, so this is no table "
                    "of products. Check that the file has line breaks, one row each, and export it again.",
                )
            run = run + len(text) if first < 0 else len(text) - breaks.rfind("\n") - 1
            line += text.count("\n")
            if not chunk:
                return
