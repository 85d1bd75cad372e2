"""Mends a bag whose recorder was killed: what it had written whole is kept."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bisirl_ros.bags.in_use import written_by
from bisirl_ros.bags.library import need_rosbags
from bisirl_ros.bags.mcap_scan import McapScan
from bisirl_ros.bags.recorded import Scan
from bisirl_ros.bags.rewriting import Kept, rewrite
from bisirl_ros.bags.sqlite3_scan import SIDE_FILES, Sqlite3Scan
from bisirl_ros.errors import InputError

SCANS: Final[dict[str, type[McapScan] | type[Sqlite3Scan]]] = {
    ".mcap": McapScan,
    ".db3": Sqlite3Scan,
}
METADATA: Final = "metadata.yaml"


@dataclass(frozen=True)
class Repaired:
    """What a repair came to.

    messages, length_s: in the bag now, first to last [s]; cut_bytes: what could not be kept
    damaged: where the bag is kept as it was; None: it was whole, and nothing was changed
    """

    messages: int
    length_s: float
    cut_bytes: int
    damaged: Path | None


def repair(path: Path) -> Repaired:
    """Mend a bag in its place: a folder, or an .mcap or .db3 alone; a whole one stays as it is.

    Each file is read up to its first record that is cut off or damaged. Attachments and times of
    publication are not kept. Raises InputError, with nothing changed, for what is no bag, holds
    nothing whole, is being recorded, or cannot be written.
    """
    need_rosbags(path)
    path = path.resolve()
    try:
        return _repair(path)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be mended ({error.strerror or error}); nothing was changed"
        ) from error


def _repair(path: Path) -> Repaired:
    files = _files(path)
    if who := written_by(files):
        raise InputError(f"{path}: {who} is recording it; end that first")
    scans = [_scan(file) for file in files]
    found = _span(scans)
    if all(scan.whole for scan in scans) and _opens(path):
        return Repaired(*found, 0, None)
    if not any(scan.topics for scan in scans):
        raise InputError(f"{path}: holds no whole message of a bag; nothing can be mended")
    damaged = _damaged(path)
    if damaged.exists():
        raise InputError(f"{damaged}: is there already, of an earlier repair; move it away")
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as place:
        new = Path(place, path.stem if path.is_file() else path.name)
        kept = rewrite((_scan(file) for file in files), new, files[0].suffix == ".mcap")
        if path.is_file():
            new /= path.name
        else:
            _take_along(path, new, files)
        _to_disk(new)
        if kept != found or not _opens(new):
            raise InputError(f"{path}: changed while it was mended; end its recording first")
        _swap(path, new, damaged)
    return Repaired(*found, sum(scan.cut_bytes for scan in scans), damaged)


def _damaged(path: Path) -> Path:
    return path.with_name(path.name + ".damaged")


def _files(path: Path) -> list[Path]:
    """The files of the bag, in the order of their numbers."""
    if not path.exists():
        what = "no such file or folder; check the path"
        if _damaged(path).exists():  # killed between two renames
            what = f"is not there, but {_damaged(path)} is; rename that back"
        raise InputError(f"{path}: {what}")
    entries = sorted(path.iterdir(), key=_numbered) if path.is_dir() else [path]
    packed = [file for file in entries if file.suffix == ".zstd"]
    if packed:
        raise InputError(
            f"{packed[0]}: is compressed as a whole; `unzstd --rm` each such file, and repeat"
        )
    files = [file for file in entries if file.suffix in SCANS and file.is_file()]
    if not files:
        raise InputError(f"{path}: is no bag; give a folder with .mcap or .db3 files, or one such")
    if len({file.suffix for file in files}) > 1:
        raise InputError(f"{path}: holds .mcap and .db3 files; give one of them")
    return files


def _numbered(file: Path) -> tuple[int, str]:
    """Sorts bag_10 after bag_9."""
    number = re.search(r"_(\d+)$", file.stem)
    return (int(number[1]) if number else 0, file.name)


def _scan(file: Path) -> Scan:
    return SCANS[file.suffix](file)


def _span(scans: list[Scan]) -> Kept:
    """What they hold."""
    count, first_ns, last_ns = 0, None, 0
    for scan in scans:
        for _, received_ns, _ in scan.records():
            count += 1
            first_ns = received_ns if first_ns is None else min(first_ns, received_ns)
            last_ns = max(last_ns, received_ns)
    return Kept(count, (last_ns - (first_ns or 0)) * 1e-9 if count else 0.0)


def _opens(path: Path) -> bool:
    """Whether it is taken for a bag as it is."""
    from rosbags.rosbag2 import Reader

    try:
        with Reader(path):
            return True
    except Exception:  # of a damaged bag it complains in many ways
        return False


def _take_along(path: Path, new: Path, files: list[Path]) -> None:
    """What else is in the folder."""
    own = {METADATA, f"{METADATA}.tmp"}
    own |= {file.name + side for file in files for side in ("", *SIDE_FILES)}
    for entry in path.iterdir():
        if entry.name not in own:
            if entry.is_dir():
                shutil.copytree(entry, new / entry.name, symlinks=True)
            else:
                shutil.copy2(entry, new / entry.name)


def _to_disk(path: Path) -> None:
    for entry in path.iterdir() if path.is_dir() else [path]:
        if entry.is_file():
            with entry.open("rb") as file:
                os.fsync(file.fileno())


def _swap(path: Path, new: Path, damaged: Path) -> None:
    """The new one takes the place of the other, which is kept; if it cannot, nothing changes."""
    os.rename(path, damaged)
    try:
        os.rename(new, path)
    except BaseException:
        os.rename(damaged, path)
        raise
    for side in SIDE_FILES:  # of a database alone
        beside = path.with_name(path.name + side)
        if beside.exists():
            os.rename(beside, damaged.with_name(damaged.name + side))
