"""Tables of numbers without a header, whose columns are known by how many there are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bisirl_ros.errors import InputError
from bisirl_ros.io.dialect import (
    COMMENT,
    DELIMITERS,
    LINE_END,
    Table,
    cells_of,
    has_decimal_commas,
)
from bisirl_ros.io.files import read_text


def read_headerless(
    path: Path, names: Mapping[int, tuple[str, ...]], delimiter: str = ""
) -> Table | None:
    """Read a table of numbers; None where the first line that is no comment is not of numbers.

    names: of the columns, by their number; delimiter: one of DELIMITERS, "": whichever cuts the
    first line into so many numbers
    Raises InputError for a file that cannot be read, or has another number of columns.
    """
    lines = [
        (number, line)
        for number, line in enumerate(LINE_END.split(read_text(path)), start=1)
        if line.strip() and not line.lstrip().startswith(COMMENT)
    ]
    if not lines:
        raise InputError(f"{path}: the file is empty; check the path")
    first, line = lines[0]
    cuts = {mark: cells_of(line, mark) for mark in ([delimiter] if delimiter else DELIMITERS)}
    numeric = {mark: cells for mark, cells in cuts.items() if all(map(_is_number, cells))}
    if not numeric:
        return None
    fitting = [mark for mark, cells in numeric.items() if len(cells) in names]
    if not fitting:
        wanted = " or ".join(f"{count} ({' '.join(these)})" for count, these in names.items())
        raise InputError(
            f"{path}: line {first}: {max(map(len, numeric.values()))} numbers; expected {wanted}"
        )
    columns = names[len(numeric[fitting[0]])]
    rows = tuple((number, cells_of(line, fitting[0])) for number, line in lines)
    comma = has_decimal_commas(path, columns, rows, columns)
    notes = ("decimal commas",) if comma else ()
    return Table(path, columns, ("",) * len(columns), rows, comma, notes, fitting[0])


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True
