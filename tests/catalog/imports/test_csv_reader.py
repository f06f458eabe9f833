"""A file is read as a table of texts, or refused in words that help."""

from __future__ import annotations

import gzip
import io
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from catalog.imports.problems import FileRefused
from catalog.imports.readers.csv import open_table
from tests.catalog.imports.tables import write
from tests.workbooks import workbook


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (zipped(), "not_a_csv", "The workbook is damaged"),
        (gzip.compress(b"Handle,Title\na,b\n", mtime=0), "not_a_csv", "gzip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1" + b"x" * 600, "not_a_csv", "old Excel"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "not_a_csv", "PNG"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 40, "not_a_csv", "JPEG"),
        (b"GIF89a" + b"\0" * 40, "not_a_csv", "GIF"),
        (b"%PDF-1.7\n", "not_a_csv", "PDF"),
        (b"<!DOCTYPE html><html><body>Log in</body></html>", "not_a_csv", "web page"),
        (bytes(range(256)) * 8, "not_a_csv", "binary"),
        (b"Handle,Title\n" + b"a,b\n" * 30_000 + b"c,d\0\n", "not_a_csv", "line 30002 holds binary data"),
        (b"", "empty_file", "is empty"),
        (b"\xef\xbb\xbf\r\n \n", "empty_file", "is empty"),
        (b"Handle,Title\n", "no_rows", "no rows"),
        (b"Handle,Title\n\n\n", "no_rows", "no rows"),
        (b"Handle,Title\na,caf\xe9\nb,\x81\n", "encoding", "line 2 is not valid UTF-8 and line 3"),
        ("Handle,Title\n".encode("utf-16")[:-1], "encoding", "UTF-16"),
        (b'Handle,"Title\na,b\n', "quote_not_closed", "line 1"),
        (b"Handle,A,B,C,D,SKU\n" + b'a,A,"b,C,D,1\n' * 301, "quote_not_closed", "begins on line"),
        (b'Handle,Title\na,"' + b"b\n" * 600_000, "quote_not_closed", "line 2"),
        (b"x" * (2 << 20), "line_too_long", "line 1 is longer"),
        (b"Handle\na\n" + b"x" * (2 << 20) + b"\nb\n", "line_too_long", "line 3 is longer"),
    ],
)
def test_it_refuses_what_is_no_table_and_names_file_and_remedy(
    tmp_path: Path, content: bytes, code: str, words: str
) -> None:
    path = write(tmp_path / "products.csv", content)
    with pytest.raises(FileRefused) as refused:
        list(open_table(path))
    assert refused.value.code == code
    assert words in refused.value.message
    assert "products.csv" in refused.value.message


WIDE = "Handle,Title,Body,Vendor,Type,SKU"
TORN = [
    # the quotation mark is lost at the end of a text; the next text opens with one
    ('a,A,"<p>x</p>,V,T,1', 'b,B,"<p>y</p>",V,T,2', "c,C,z,V,T,3"),
    # nothing closes it until the end of the file
    ('a,A,"<p>x</p>,V,T,1', "b,B,y,V,T,2", "c,C,z,V,T,3"),
    # the next row has a text of several lines
    ('a,A,"<p>x</p>,V,T,1', 'b,B,"<p>y\n</p>",V,T,2', "c,C,z,V,T,3"),
    # the torn row itself has several lines
    ('a,A,"<p>x\nand more</p>,V,T,1', 'b,B,"<p>y</p>",V,T,2', "c,C,z,V,T,3"),
]


@pytest.mark.parametrize("rows", TORN)
def test_a_lost_quotation_mark_costs_its_own_row_alone(tmp_path: Path, rows: tuple[str, ...]) -> None:
    path = write(tmp_path / "torn.csv", "\n".join([WIDE, *rows, ""]).encode())
    first, *others = open_table(path)
    assert (first.line, first.torn, first.cells[:3]) == (2, True, ["a", "A", ""])
    assert first.extra == [rows[0]]
    assert [(r.torn, r.cells[0], r.cells[5]) for r in others] == [(False, "b", "2"), (False, "c", "3")]


def test_texts_of_several_lines_are_no_torn_rows(tmp_path: Path) -> None:
    body = '"<p>one, two, three\nfour, five, six, seven\n\n</p>"'
    path = write(tmp_path / "fine.csv", f"{WIDE}\na,A,{body},V,T,1\nb,B,{body},V\n".encode())
    assert [(r.torn, r.cells[0], r.line) for r in open_table(path)] == [(False, "a", 2), (False, "b", 6)]


def test_an_endless_line_is_refused_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "endless.csv"
    with path.open("wb") as file:
        file.truncate(0)
        for _ in range(200):
            file.write(b"a" * 1_000_000)
    tracemalloc.start()
    with pytest.raises(FileRefused, match="line 1"):
        open_table(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_it_reads_unicode_with_and_without_mark(tmp_path: Path, encoding: str) -> None:
    marks = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}
    content = marks.get(encoding, b"") + "Handle,Title\nkäse,Größe 😀\n".encode(encoding)
    table = open_table(write(tmp_path / "f.csv", content))
    assert table.headers == ["Handle", "Title"]
    assert [record.cells for record in table] == [["käse", "Größe 😀"]]
    assert table.warnings == []


def test_windows_1252_is_read_with_a_warning_that_names_the_line(tmp_path: Path) -> None:
    content = b"Handle,Title\n" + b"a,plain\n" * 20_000 + "b,Größe €\n".encode("cp1252")
    table = open_table(write(tmp_path / "f.csv", content))
    assert list(table)[-1].cells == ["b", "Größe €"]
    assert [(w.line, w.code) for w in table.warnings] == [(20_002, "not_utf8")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_it_finds_the_delimiter_on_the_header_line(tmp_path: Path, delimiter: str) -> None:
    lines = [["Handle", "Title, long", "Price"], ["a", "b; c", "1,5"]]
    text = "\n".join(delimiter.join(f'"{cell}"' for cell in line) for line in lines)
    table = open_table(write(tmp_path / "f.csv", text))
    assert (table.delimiter, table.headers) == (delimiter, lines[0])
    assert [record.cells for record in table] == [lines[1]]


def test_excels_first_line_names_the_delimiter(tmp_path: Path) -> None:
    table = open_table(write(tmp_path / "f.csv", "sep=;\r\nHandle;Title\r\na;b\r\n"))
    assert [(record.line, record.cells) for record in table] == [(3, ["a", "b"])]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_carry_the_physical_line_on_which_they_begin(tmp_path: Path, end: str) -> None:
    text = end.join(["", "Handle,Body", "a,plain", f'b,"one{end}two{end}{end}four"', "", "c,x", " ", ""])
    table = open_table(write(tmp_path / "f.csv", text))
    assert table.header_line == 2
    assert [(r.line, r.cells[0]) for r in table] == [(3, "a"), (4, "b"), (9, "c"), (10, " ")]
    assert list(table)[1].cells[1] == f"one{end}two{end}{end}four"


def test_a_table_can_be_read_again(tmp_path: Path) -> None:
    table = open_table(write(tmp_path / "f.csv", "Handle,Title\na,b\nc,d\n"))
    assert list(table) == list(table)


def test_everything_stays_text(tmp_path: Path) -> None:
    table = open_table(write(tmp_path / "f.csv", "A,B,C,D\n0012,1e5,NaN,=1+1\n"))
    assert next(iter(table)).cells == ["0012", "1e5", "NaN", "=1+1"]


def test_short_rows_are_filled_up_and_long_ones_show_what_is_over(tmp_path: Path) -> None:
    table = open_table(write(tmp_path / "f.csv", "A,B,C\n1\n1,2,3,,\n1,2,3,,four\n"))
    assert [(r.cells, r.extra) for r in table] == [
        (["1", "", ""], []),
        (["1", "2", "3"], []),
        (["1", "2", "3"], ["four"]),
    ]


def test_headers_are_trimmed_and_made_distinct_with_a_warning(tmp_path: Path) -> None:
    table = open_table(write(tmp_path / "f.csv", " Handle\u00a0 ,Tags,Tags,,Tags\na,b,c,d,e\n"))
    assert table.headers == ["Handle", "Tags", "Tags (2)", "(column 4)", "Tags (3)"]
    assert table.original_headers == [" Handle\u00a0 ", "Tags", "Tags", "", "Tags"]
    assert [w.code for w in table.warnings] == ["header_repeated"] * 2


def test_a_workbook_reads_like_the_csv_of_its_first_sheet(tmp_path: Path) -> None:
    path = tmp_path / "products.xlsx"
    head = ["Handle", "Title", "Variant Price", "Variant Barcode"]
    path.write_bytes(
        workbook([head, ["tee", 'The "Tee"\nin red', 19.9, 4006381333931], [None], ["cap", True, None, "007"]])
    )
    table = open_table(path)
    assert table.headers == head
    assert [record.cells for record in table] == [
        ["tee", 'The "Tee"\nin red', "19.9", "4006381333931"],
        ["", "", "", ""],
        ["cap", "true", "", "007"],
    ]
    made = sorted(p.name for p in tmp_path.iterdir())
    assert made == ["products.xlsx", "products.xlsx.sheet.csv"]
    path.write_bytes(workbook([head])[:-100])
    (tmp_path / made[1]).unlink()
    with pytest.raises(FileRefused, match="products.xlsx cannot be read. The workbook is damaged"):
        open_table(path)
