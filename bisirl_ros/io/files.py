"""Files that are whole or not there, text, and tables."""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
import tempfile
from pathlib import Path

from bisirl_ros.errors import InputError

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
NO_TEXT = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufeff\ufffe\uffff]")


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` so that a reader, or a kill at any moment, never sees half of it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def read_text(path: Path) -> str:
    """The text of a file: as its byte-order mark says, else UTF-8, else Latin-1.

    Raises InputError where it cannot be read, or holds what no text does.
    """
    try:
        data = path.read_bytes()
        text = _decoded(data)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not a text table"
        raise InputError(f"{path}: cannot be read ({reason}); check the path") from error
    if NO_TEXT.search(text):
        raise InputError(f"{path}: cannot be read (not a text table); check the path")
    return text


def read_table(path: Path) -> list[list[str]]:
    """The rows of a CSV file; raises InputError where it cannot be read as text."""
    try:
        return list(csv.reader(io.StringIO(read_text(path), newline="")))
    except csv.Error as error:
        raise InputError(f"{path}: cannot be read (not a text table); check the path") from error


def _decoded(data: bytes) -> str:
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return data.decode(encoding)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")
