"""Tables without a header, and rows that cannot be read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bisirl_ros.errors import InputError
from bisirl_ros.io.dialect import read_numbers
from bisirl_ros.io.headerless import read_headerless

NAMES = {3: ("a", "b", "c"), 2: ("a", "b")}


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("1\t2.5\t3\n4\t5\t6\n", "\t"),
        ("\ufeff  1   2.5  3\r\n  4 5 6\r\n", " "),
        ("# a, b, c\n\n1,2.5,3\n4,5,6", ","),
        ("1;2,5;3\n4;5;6", ";"),
        ("1.0e0|2.5|+3\n4|5|6\n", "|"),
    ],
)
def test_the_delimiter_is_what_makes_as_many_numbers(
    tmp_path: Path, text: str, delimiter: str
) -> None:
    path = tmp_path / "t.txt"
    path.write_bytes(text.encode())
    table = read_headerless(path, NAMES)
    assert table is not None and table.delimiter == delimiter and table.names == NAMES[3]
    np.testing.assert_array_equal(table.numbers(("c", "a", "b")), [[3, 1, 2.5], [6, 4, 5]])
    assert table.notes == (("decimal commas",) if "2,5;" in text else ())


def test_a_header_is_none_of_numbers(tmp_path: Path) -> None:
    path = tmp_path / "t.txt"
    path.write_text("a,b,c\n1,2,3\n")
    assert read_headerless(path, NAMES) is None


@pytest.mark.parametrize(
    ("text", "tells"),
    [
        ("1 2 3 4\n", "line 1: 4 numbers; expected 3 (a b c) or 2 (a b)"),
        ("# nothing\n", "the file is empty"),
        ("a\x00b", "cannot be read (not a text table)"),
    ],
)
def test_what_is_no_table_is_one_line(tmp_path: Path, text: str, tells: str) -> None:
    path = tmp_path / "t.txt"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_headerless(path, NAMES)
    assert tells in str(caught.value)


def test_rows_that_cannot_be_read_are_left_out_by_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,who,b\n1,Ann,2\nx,Bob,3\n4,Cid\n5,,nan\n6,Dee,7,8\n")
    table, bad = read_numbers(path, {"a", "b"}).readable(("a", "b"))
    assert bad == [3, 4, 6]
    np.testing.assert_array_equal(table.numbers(("a", "b")), [[1, 2], [5, np.nan]])
    assert table.texts("who") == ["Ann", ""]


def test_a_delimiter_may_be_told(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a b;note\n1;2\n")
    assert read_numbers(path, {"a", "b"}).delimiter == " "
    table = read_numbers(path, {"a", "b"}, ";")
    assert table.names == ("a_b", "note") and table.delimiter == ";"
