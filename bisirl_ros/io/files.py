"""Files that are whole or not there, and tables."""

from __future__ import annotations

import csv
import os
import tempfile
from pathlib import Path

from bisirl_ros.errors import InputError


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


def read_table(path: Path) -> list[list[str]]:
    """The rows of a CSV file; raises InputError where it cannot be read as text."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            lines = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or "not a text table"
        raise InputError(f"{path}: cannot be read ({reason}); check the path") from error
    return lines
