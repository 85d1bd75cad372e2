"""The folder of a run: every file in it is whole, whenever it is read."""

from __future__ import annotations

import json
import os
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from bisirl_ros.errors import InputError
from bisirl_ros.io.files import write_whole
from bisirl_ros.report.record import RunRecord, summary

SUMMARY, REWARD = "summary.json", "reward.json"
BAG = "bag"
"""What was recorded of a run, in its folder."""


class RunFolder:
    """Writes the summary and the plots of one run, as often as wanted."""

    def __init__(self, path: Path | str) -> None:
        """Create the folder where it is missing; raises InputError where it cannot."""
        self.path = Path(path).expanduser()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _cannot_create(self.path, error) from error
        if not os.access(self.path, os.W_OK | os.X_OK):
            raise InputError(f"{self.path}: is not writable; choose a folder that you may write to")

    def write_summary(self, run: RunRecord) -> Path:
        """Write `summary.json`; a reader sees the old file or the new one, never a part."""
        text = json.dumps(summary(run), indent=2, ensure_ascii=False, allow_nan=False)
        return self.write(SUMMARY, (text + "\n").encode())

    def write_reward(self, run: RunRecord) -> None:
        """Write `reward.json` where one was learned; raises InputError where it cannot."""
        if run.reward is not None:
            from bisirl_ros.io.reward_file import write_reward  # torch takes seconds to import

            write_reward(self.path / REWARD, run.reward)

    def write_plots(self, run: RunRecord) -> list[Path]:
        """Draw the run so far; raises InputError where matplotlib is not installed."""
        from bisirl_ros.report.plots import draw  # matplotlib takes a second to import

        return [self.write(name, png) for name, png in draw(run).items()]

    def write(self, name: str, data: bytes) -> Path:
        """Put `data` into file `name` at once and for good; raises InputError where it cannot.

        The bytes reach the disk in a temporary file of this folder, which then takes the name.
        """
        target = self.path / name
        try:
            write_whole(target, data)
        except OSError as error:
            raise InputError(
                f"{target}: cannot be written ({error.strerror or error});"
                " free space on the disk or choose another folder"
            ) from error
        return target


def read_summary(run: Path) -> dict[str, Any]:
    """What a run says of itself; raises InputError where its folder holds nothing of that kind."""
    path = run / SUMMARY
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: cannot be read ({reason}); give the folder of a run") from error
    if not isinstance(found, dict):
        raise InputError(f"{path}: holds no summary; give the folder of a run")
    return found


def new_run_folder(base: Path | str, name: str, now: datetime | None = None) -> Path:
    """Create and return `base/name-YYYYmmdd-HHMMSS`, with -2, -3, ... where that exists.

    now: local time of the start of the run, by default this moment
    Raises InputError where the folder cannot be created.
    """
    stem = re.sub(r"[^\w.-]+", "-", name).strip(".-") or "run"
    stem = f"{stem}-{now or datetime.now():%Y%m%d-%H%M%S}"
    path, count = Path(base).expanduser() / stem, 1
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir()  # fails where another run was faster: nobody shares a folder
            return path
        except FileExistsError as error:
            if not path.parent.is_dir():
                raise _cannot_create(path, error) from error
            count += 1
            path = path.with_name(f"{stem}-{count}")
        except OSError as error:
            raise _cannot_create(path, error) from error


def _cannot_create(path: Path, error: OSError) -> InputError:
    return InputError(
        f"{path}: the run folder cannot be created ({error.strerror or error});"
        " choose a folder that you may write to"
    )
