"""How a table of numbers is written: its delimiter, decimal mark, comments, header, gaps.

The header tells the dialect: of all ways to cut the first lines, the one that finds the most names
of columns that are asked for. (`csv.Sniffer` judges by how often characters repeat: it gives up on
prose above the header, and on few lines.)
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError
from bisirl_ros.io.files import read_text

DELIMITERS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "bars", " ": "blanks"}
COMMENT = ("#", "%", "//")
HEADER_WITHIN = 50
"""Lines."""
GAPS = frozenset(("", "na", "n/a", "#n/a", "null", "none", "nil", "-", "--"))
UNITS = {
    **{"m": 1.0, "cm": 1e-2, "mm": 1e-3, "rad": 1.0, "deg": math.pi / 180.0},
    **{"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9},
}
"""What a name may end in, `x_mm` or `x [mm]`, in SI."""

LINE_END = re.compile(r"\r\n|\r|\n")
_UNIT = "|".join(UNITS)
_NAMED_UNIT = re.compile(rf"(?!robot_yaw_rad)(.+?)(?:_?[\[(]({_UNIT})[\])]|_({_UNIT}))")
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?|[+-]?\d+,")


@dataclass(frozen=True)
class Table:
    """Rows of text under named columns.

    names: of the columns, in lower case and without the unit; units: as the names tell, "" if not
    rows: number of the line in the file, and its cells; notes: how the file was read, where that
    could be otherwise; delimiter: one of DELIMITERS
    """

    path: Path
    names: tuple[str, ...]
    units: tuple[str, ...]
    rows: tuple[tuple[int, list[str]], ...]
    decimal_comma: bool = False
    notes: tuple[str, ...] = ()
    delimiter: str = ","

    def numbers(self, wanted: Sequence[str]) -> Array:
        """The columns with these names (N, len(wanted)), as they stand there; NaN: a gap.

        Raises InputError where one is missing or there twice, and for a cell that is no number.
        """
        columns = [self._column(name) for name in wanted]
        cells = [
            [self._number(row, column, line) for column in columns]
            for line, row in map(self._whole, self.rows)
        ]
        return np.array(cells, float).reshape(-1, len(columns))

    def texts(self, name: str) -> list[str]:
        """The cells of a column, as text; raises InputError as `numbers` does."""
        column = self._column(name)
        return [row[column] for _, row in map(self._whole, self.rows)]

    def readable(self, wanted: Sequence[str]) -> tuple[Table, list[int]]:
        """The rows that hold numbers, or gaps, in these columns; and the lines of the others."""
        columns = [self._column(name) for name in wanted]
        good, bad = [], []
        for numbered in self.rows:
            try:
                line, row = self._whole(numbered)
                for column in columns:
                    self._number(row, column, line)
                good.append(numbered)
            except InputError:
                bad.append(numbered[0])
        return replace(self, rows=tuple(good)), bad

    def unit(self, name: str) -> str:
        """The unit that a column's name tells, "" where it tells none."""
        return self.units[self._column(name)]

    def _column(self, name: str) -> int:
        places = [place for place, other in enumerate(self.names) if other == name]
        if not places:
            have = ", ".join(self.names)[:100] or "the file is empty"
            raise InputError(
                f"{self.path}: column '{name}' is missing ({have}); is it a NavWareSet table of"
                " poses?"
            )
        if len(places) > 1:
            raise InputError(f"{self.path}: column '{name}' is there twice; remove one")
        return places[0]

    def _whole(self, numbered: tuple[int, list[str]]) -> tuple[int, list[str]]:
        """A row with as many cells as the header."""
        line, row = numbered
        most = len(self.names)
        extra = [cell for cell in row[most:] if cell]
        if len(row) < most or extra:
            decimal = ", or use another delimiter than the decimal comma" if extra else ""
            raise InputError(
                f"{self.path}: line {line}: {len(row)} cells where the header has {most}; mend or"
                f" remove the line{decimal}"
            )
        return line, row

    def _number(self, row: list[str], column: int, line: int) -> float:
        cell = row[column]
        if cell.lower() in GAPS:
            return math.nan
        try:
            return float(cell.replace(",", ".") if self.decimal_comma else cell)
        except ValueError as error:
            raise InputError(
                f"{self.path}: line {line}: {cell!r} in column '{self.names[column]}' is not a"
                " number; mend the line"
            ) from error


def read_numbers(path: Path, known: Collection[str], delimiter: str = "") -> Table:
    """Read a table in whatever dialect it is written.

    known: names of columns, in lower case and without a unit, by which the header is recognised
    delimiter: one of DELIMITERS; "": whichever finds most of these names
    Raises InputError for a file that cannot be read, or numbers with either decimal mark.
    """
    lines = LINE_END.split(read_text(path))
    try:
        above, delimiter = _header(lines, known, [delimiter] if delimiter else list(DELIMITERS))
        header = _header_cells(lines[above], delimiter)
        below = [cells_of(line, delimiter) for line in lines[above + 1 :]]
    except csv.Error as error:
        raise InputError(f"{path}: cannot be read (not a text table); check the path") from error
    names, units = tuple(name for name, _ in header), tuple(unit for _, unit in header)
    rows = tuple(
        (number, row)
        for number, row in enumerate(below, start=above + 2)
        if any(row) and not row[0].startswith(COMMENT)
    )
    comma = has_decimal_commas(path, names, rows, known)
    notes = [f"columns are parted by {DELIMITERS[delimiter]}"] * (delimiter != ",")
    notes += ["decimal commas"] * comma
    if passed := sum(bool(line.strip()) for line in lines[:above]):
        notes.append(f"lines above the header, passed over: {passed}")
    notes += [
        f"{name} is in {unit}, as its name says"
        for name, unit in header
        if UNITS.get(unit, 1.0) != 1.0 and name in known
    ]
    return Table(path, names, units, rows, comma, tuple(notes), delimiter)


def name_and_unit(text: str) -> tuple[str, str]:
    """A column's name in lower case, and the unit it ends in, or ""."""
    name = re.sub(r"[\s-]+", "_", text.lower().replace("\u00b5", "u"))
    match = _NAMED_UNIT.fullmatch(name)
    return (match[1], match[2] or match[3]) if match else (name, "")


def _header(
    lines: Sequence[str], known: Collection[str], delimiters: Sequence[str]
) -> tuple[int, str]:
    """Which line is the header, and its delimiter: where most known names are, and fewest others.

    Where none is: the first line that is no comment, cut by what cuts it most.
    """
    best, most = (0, delimiters[0]), (0, 0)
    for place, line in enumerate(lines[:HEADER_WITHIN]):
        for delimiter in delimiters:
            names = [name for name, _ in _header_cells(line, delimiter)]
            found = len(set(names) & set(known))
            if (found, found - len(names)) > most:
                best, most = (place, delimiter), (found, found - len(names))
    if most[0]:
        return best
    text = [i for i, line in enumerate(lines) if line.strip() and not line.startswith(COMMENT)]
    place = text[0] if text else 0
    return place, max(delimiters, key=lambda d: len(cells_of(lines[place], d)))


def cells_of(line: str, delimiter: str) -> list[str]:
    """A line's cells, without blanks or quotes around."""
    if delimiter == " ":
        return [cell.strip("\"'") for cell in line.split()]
    cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    return [cell.strip().strip("\"'").strip() for cell in cells]


def _header_cells(line: str, delimiter: str) -> list[tuple[str, str]]:
    """The name of each column in lower case, and the unit it ends in, or ""."""
    if line.startswith(COMMENT):
        line = line.lstrip("#%/ \t")
    header = [name_and_unit(cell) for cell in cells_of(line, delimiter)]
    while header and not header[-1][0]:
        header.pop()
    return header


def has_decimal_commas(
    path: Path,
    names: Sequence[str],
    rows: Sequence[tuple[int, list[str]]],
    known: Collection[str],
) -> bool:
    """Whether numbers in the known columns have them; raises InputError where only some do."""
    places = [place for place, name in enumerate(names) if name in known]
    cells = [row[place] for _, row in rows for place in places if place < len(row)]
    comma = any("," in cell and _DECIMAL_COMMA.fullmatch(cell) for cell in cells)
    if comma and any("." in cell for cell in cells):
        raise InputError(
            f"{path}: some numbers have a decimal comma, others a decimal point; use one"
        )
    return comma
