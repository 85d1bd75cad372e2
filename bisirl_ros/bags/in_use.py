"""Whether a file is still being written to."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def written_by(paths: Iterable[Path]) -> str:
    """Who has one of the files open to write, "process 4711"; "" for nobody, or where none can say.

    Linux tells it of the processes of the same user.
    """
    wanted = {str(path.resolve()) for path in paths}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            opened = os.listdir(process / "fd")
        except OSError:  # it has ended, or is another user's
            continue
        if any(_writes(process, number, wanted) for number in opened):
            return f"process {process.name}"
    return ""


def _writes(process: Path, number: str, wanted: set[str]) -> bool:
    try:
        if os.readlink(process / "fd" / number) not in wanted:
            return False
        information = (process / "fdinfo" / number).read_text()
    except OSError:  # closed meanwhile
        return False
    flags = next(line.split()[1] for line in information.splitlines() if line.startswith("flags:"))
    return int(flags, 8) & os.O_ACCMODE != os.O_RDONLY
