"""A page in a real browser without a window: Chromium, at a moment, wide or narrow."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
OWN_TIME_MS: Final = 2000
"""The page lives for so long, of the browser's own time."""
ANSWERS_S: Final = 120.0
WIDE: Final = (1280, 800)
PLACE = re.compile(r'id="robot-now">x ([^ ]+) m, y ([^ ]+) m<')
CLOCK = re.compile(r'id="clock">([^ ]+) / ([^ ]+) s<')


@dataclass(frozen=True)
class Shown:
    """The document after its time, and what its console said."""

    document: str
    console: list[str]

    @property
    def robot_m(self) -> tuple[float, float]:
        """Where it says the robot is; raises ValueError where it does not."""
        x, y = self._numbers(PLACE, "where the robot is")
        return x, y

    @property
    def time_s(self) -> float:
        """Which moment it says it shows; raises ValueError where it does not."""
        return self._numbers(CLOCK, "which moment it shows")[0]

    def _numbers(self, pattern: re.Pattern[str], what: str) -> list[float]:
        found = pattern.search(self.document)
        if not found:
            raise ValueError(f"the page does not say {what}")
        return [float(number.replace("\u2212", "-")) for number in found.groups()]


def chromium() -> str | None:
    """The program, None where it is not installed."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def opened(
    page: Path,
    moment: str,
    folder: Path,
    size: tuple[int, int] = WIDE,
    picture: Path | None = None,
) -> Shown:
    """A page at a moment ("t=10&play") in a window of this size [px]; picture: is written too.

    folder: for the browser's own files. Raises ValueError where it shows no document.
    """
    program = chromium()
    if program is None:
        raise ValueError("no Chromium here; sudo apt install chromium")
    common = [
        program, "--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
        f"--user-data-dir={folder / 'profile'}", f"--virtual-time-budget={OWN_TIME_MS}",
        "--hide-scrollbars", f"--window-size={size[0]},{size[1]}",
    ]  # fmt: skip
    address = f"file://{page}#{moment}"
    done = _run([*common, "--dump-dom", address])
    if "</html>" not in done.stdout:
        raise ValueError(f"the browser shows no document: {done.stderr[-300:]}")
    if picture is not None:
        _run([*common, f"--screenshot={picture}", address])
    return Shown(done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line])


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=ANSWERS_S, check=False)
