"""A page in a real browser without a window: Chromium, at a moment, wide or narrow.

A moment is looked at in the browser's own time, which is over at once, and in which next to no
frames are drawn. So what plays is watched in real time: it comes from a server here, beside a
script that is late, and the document is told when all has come.
"""

from __future__ import annotations

import http.server
import re
import shutil
import subprocess
import threading
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
OWN_TIME_MS: Final = 2000
"""The page lives for so long, of the browser's own time."""
PLAYED_S: Final = 2.0
"""It plays for so long, of real time."""
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
    """A page at a moment ("t=10") in a window of this size [px]; picture: is written too.

    folder: for the browser's own files. Raises ValueError where it shows no document.
    """
    options = [*_options(folder, size), f"--virtual-time-budget={OWN_TIME_MS}"]
    address = f"file://{page}#{moment}"
    shown = _document([*options, "--dump-dom", address])
    if picture is not None:
        _run([*options, f"--screenshot={picture}", address])
    return shown


def played(page: Path, moment: str, folder: Path, size: tuple[int, int] = WIDE) -> Shown:
    """As `opened`, after it played for PLAYED_S from a moment ("t=10&play") on."""
    late = b'<head><script async src="/late"></script>'
    document = page.read_bytes().replace(b"<head>", late, 1)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Late, document)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}/#{moment}"
        shown = _document([*_options(folder, size), "--dump-dom", address])
        server.shutdown()
    return shown


class _Late(http.server.BaseHTTPRequestHandler):
    """Gives a document at once, and a script that does nothing after PLAYED_S."""

    def __init__(self, document: bytes, *arguments: Any) -> None:
        self._document = document
        super().__init__(*arguments)

    def do_GET(self) -> None:
        late = self.path == "/late"
        if late:
            time.sleep(PLAYED_S)
        self.send_response(200)
        self.send_header("Content-Type", f"text/{'javascript' if late else 'html'}; charset=utf-8")
        self.end_headers()
        self.wfile.write(b"" if late else self._document)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


def _options(folder: Path, size: tuple[int, int]) -> list[str]:
    program = chromium()
    if program is None:
        raise ValueError("no Chromium here; sudo apt install chromium")
    return [
        program, "--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
        f"--user-data-dir={folder / 'profile'}", "--hide-scrollbars",
        f"--window-size={size[0]},{size[1]}",
    ]  # fmt: skip


def _document(command: list[str]) -> Shown:
    done = _run(command)
    if "</html>" not in done.stdout:
        raise ValueError(f"the browser shows no document: {done.stderr[-300:]}")
    return Shown(done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line])


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=ANSWERS_S, check=False)
