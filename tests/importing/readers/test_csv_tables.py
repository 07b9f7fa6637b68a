"""CSV files: any separator, rows of any length, and what is wrong in them by row."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from codescale.errors import UserError
from codescale.importing.readers.csv_tables import read_csv

SEPARATED = "Name;loss.a;n\nr;3,14;1e6\n007;2,5;1\n"


@pytest.mark.parametrize("mark", [";", "\t"])
def test_separators_and_decimal_commas_are_recognised_in_the_header(tmp_path: Path, mark: str) -> None:
    (tmp_path / "a.csv").write_text(SEPARATED.replace(";", mark))
    table = read_csv(tmp_path / "a.csv")
    assert table.names == ["Name", "loss.a", "n"]
    assert table.numbers("loss.a").tolist() == [3.14, 2.5]
    assert table.text("Name") == ["r", "007"]


def test_commas_in_names_do_not_separate_where_semicolons_do(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Name;bits_per_byte,none;acc,none\nr;0,9;0,3\n")
    table = read_csv(tmp_path / "a.csv")
    assert table.names == ["Name", "bits_per_byte,none", "acc,none"]
    assert table.numbers("acc,none").tolist() == [0.3]


@pytest.mark.parametrize(("cells", "wrong"), [("500.000;0,5", "500.000"), ("1,250;0.5", "1,250")])
def test_a_mark_that_may_stand_between_thousands_is_not_taken_for_a_decimal_one(
    tmp_path: Path, cells: str, wrong: str
) -> None:
    (tmp_path / "a.csv").write_text(f"n;loss.a\n{cells}\n")
    table = read_csv(tmp_path / "a.csv")
    assert table.numbers("loss.a").tolist() == [0.5]
    with pytest.raises(UserError, match=rf"row 1, n: '{wrong}' may have decimals or thousands.*; write it without"):
        table.numbers("n")


@pytest.mark.parametrize(("cells", "numbers"), [("2,310;0,5", [2.31, 0.5]), ("2.310;0.5", [2.31, 0.5])])
def test_three_decimals_are_decimals_where_other_numbers_have_the_same_mark(
    tmp_path: Path, cells: str, numbers: list[float]
) -> None:
    (tmp_path / "a.csv").write_text(f"loss.a;loss.b\n{cells}\n")
    table = read_csv(tmp_path / "a.csv")
    assert [*table.numbers("loss.a"), *table.numbers("loss.b")] == numbers


def test_a_line_for_excel_is_no_header(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbfsep=;\r\nName;loss.a\r\nr;3,14\r\n")
    table = read_csv(tmp_path / "a.csv")
    assert table.names == ["Name", "loss.a"]
    assert table.numbers("loss.a").tolist() == [3.14]


def test_a_comma_in_a_number_beside_commas_is_named_with_its_mend(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('Name,loss.a\nr,2.5\ns,"3,14"\n')
    with pytest.raises(
        UserError, match=r"a\.csv, row 2, loss\.a: '3,14' is not a number; write decimal points, or sep"
    ):
        read_csv(tmp_path / "a.csv").numbers("loss.a")


@pytest.mark.parametrize(("row", "cells"), [("r,1", 2), ("r,1,2,3", 4)])
def test_a_row_of_another_length_is_named(tmp_path: Path, row: str, cells: int) -> None:
    (tmp_path / "a.csv").write_text(f'Name,a,b\n"x\ny",1,2\n{row}\n')
    with pytest.raises(UserError, match=rf"a\.csv, row 2: has {cells} cells, where the header has 3"):
        read_csv(tmp_path / "a.csv")


def test_a_cell_of_megabytes_a_mark_of_utf8_and_compression(tmp_path: Path) -> None:
    long = "x" * 3_000_000
    text = f'\ufeffName,"note\nof two lines",loss\nr,"{long}",1.5\ns,NA,\n'
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text.encode()))
    table = read_csv(tmp_path / "a.csv.gz")
    assert table.names == ["Name", "note of two lines", "loss"]
    assert len(table.text("note of two lines")[0]) == len(long)
    assert table.empty("loss").tolist() == [False, True]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"a,b,a\n1,2,3\n", "column a occurs twice"),
        (b"a,\xff\n1,2\n", r"byte 2 is not UTF-8"),
        (b"a,b\n1,\0\n", "it holds zero bytes"),
    ],
)
def test_what_is_no_table_is_one_line(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(UserError, match=rf"a\.csv: .*{message}"):
        read_csv(tmp_path / "a.csv")
