"""Where what is shown is written to."""

from __future__ import annotations

from pathlib import Path

from bisirl_ros.errors import InputError
from bisirl_ros.io.files import write_whole


def put(path: Path, data: bytes) -> int:
    """Write a file, whole or not at all; returns its size in bytes.

    Raises InputError where it cannot be written.
    """
    try:
        write_whole(path, data)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error.strerror or error}); choose another --out"
        ) from error
    return len(data)
