"""`bisirl import KIND PATH... -o BAG`: bags of tables of people, one a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from bisirl_ros.config import check
from bisirl_ros.errors import InputError
from bisirl_ros.importing.arguments import KINDS, ImportArguments


def run_import(given: dict[str, Any]) -> int:
    """`bisirl import`: 0 where all files became bags, 1 where some did, 2 where none did.

    given: kind, paths, out, and the fields of ImportArguments
    How a file was read is said unless it was of a file before; one that is refused is told in one
    line, and the others go on.
    """
    kind = str(given.pop("kind"))
    paths = [Path(path).expanduser() for path in given.pop("paths")]
    out = Path(given.pop("out")).expanduser()
    arguments = ImportArguments(**given)
    check(arguments, "bisirl import")
    _check(kind, arguments)
    from bisirl_ros.importing.files import tables
    from bisirl_ros.importing.reading import read_recording
    from bisirl_ros.importing.to_bag import write_bag

    wanted, said, failed = tables(paths, out), set[str](), 0
    for file, bag in wanted:
        try:
            recording = read_recording(file, kind, arguments)
            count = write_bag(recording, bag)
        except InputError as error:
            failed += 1
            print(f"bisirl: error: {' '.join(str(error).split())}", file=sys.stderr, flush=True)
            continue
        print(f"{file}: {bag}, {count} messages", flush=True)
        for line in (*(told for told in recording.told if told not in said), *recording.found):
            print(f"  {line}", flush=True)
        said |= set(recording.told)
    if len(wanted) > 1:
        print(f"{len(wanted) - failed} of {len(wanted)} files are bags in {out}, {failed} refused")
    return 0 if not failed else 2 if failed == len(wanted) else 1


def _check(kind: str, arguments: ImportArguments) -> None:
    """Raises InputError for arguments that do not go together."""
    if kind not in KINDS:
        raise InputError(f"'{kind}' is no kind of table; known are {', '.join(KINDS)}")
    if not arguments.frame:
        raise InputError("--frame is empty; name the frame of all poses, odom for instance")
    if arguments.columns and kind != "csv":
        raise InputError(f"--columns is for csv, and the columns of {kind} are known; use csv")
    if arguments.rate and kind == "navwareset":
        raise InputError("--rate is for tables that count frames; navwareset has --stamp-unit")
    arguments.told_columns()
