"""The files to import, and what the bag of each is called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bisirl_ros.errors import InputError

ENDINGS: Final = (".csv", ".txt", ".tsv", ".tab", ".dat")


def tables(paths: Sequence[Path], out: Path) -> list[tuple[Path, Path]]:
    """Each file, and the bag it becomes: `out` of a file alone, else a folder in it of its name.

    Folders are searched through and through. Files of one name are told apart by their folder's.
    Raises InputError for a path that is not there, or a folder without tables.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(
                p for p in path.rglob("*") if p.is_file() and p.suffix.lower() in ENDINGS
            )
            if not inside:
                raise InputError(f"{path}: holds no file that ends in {', '.join(ENDINGS)}")
            files += inside
        elif path.exists():
            files.append(path)
        else:
            raise InputError(f"{path}: no such file or folder; check the path")
    files = list(dict.fromkeys(files))
    if len(paths) == 1 and paths[0].is_file():
        return [(files[0], out)]
    often = Counter(file.stem for file in files)
    names = [f.stem if often[f.stem] == 1 else f"{f.parent.name}_{f.name}" for f in files]
    return [(file, out / name) for file, name in zip(files, names, strict=True)]
