"""A process of the package and all that it starts: nothing of it outlives an experiment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from bisirl_ros.parent import ends_with_this_process

MARK = "BISIRL_VERIFY_RUN"
SPAWNED, TRACKER = "multiprocessing.spawn", "resource_tracker"
KIB = 1024


class Program:
    """`python -m module arguments`, told from others by a mark in its environment.

    folder: where it works, and what it prints is kept; environment: beside this process's own
    """

    def __init__(
        self, module: str, arguments: list[str], folder: Path, environment: dict[str, str]
    ) -> None:
        run = uuid.uuid4().hex
        self._mark = f"{MARK}={run}".encode()
        self._errors = folder / f"{run}.err"
        own = {**environment, **ends_with_this_process(), MARK: run, "ROS_LOG_DIR": str(folder)}
        with (folder / f"{run}.out").open("wb") as out, self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=folder,
                env={**os.environ, **own},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
            )

    @property
    def pid(self) -> int:
        """Of the process itself."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process itself runs."""
        return self._process.poll() is None

    @property
    def complaints(self) -> str:
        """What it has printed to stderr, which is where ROS logs."""
        return self._errors.read_text(encoding="utf-8", errors="replace")

    def running(self) -> dict[int, str]:
        """Process id and command line of all that runs of it."""
        found = {}
        for entry in _processes():
            try:
                if self._mark in (entry / "environ").read_bytes().split(b"\0"):
                    line = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
                    found[int(entry.name)] = line.decode(errors="replace").strip()
            except OSError:
                continue
        return found

    def learners(self) -> list[int]:
        """Process ids of the learners among them."""
        return [pid for pid, line in self.running().items() if is_learner(line)]

    def interrupt(self) -> None:
        """As Ctrl-C does."""
        if self.alive:
            self._process.send_signal(signal.SIGINT)

    def left_after(self, patience_s: float) -> dict[int, str]:
        """What still runs of it after so long; returns at once where nothing does."""
        deadline = time.monotonic() + patience_s
        while self.alive or (found := self.running()):
            if time.monotonic() > deadline:
                return self.running()
            time.sleep(0.05)
        return found

    def kill(self) -> None:
        """All of it, at once, the learner first."""
        for pid in self.learners() + sorted(self.running()):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def close(self) -> None:
        """Kill what is left, until nothing is."""
        deadline = time.monotonic() + 10.0
        while self.running() and time.monotonic() < deadline:
            self.kill()
            self._process.poll()
            time.sleep(0.02)
        self._process.wait(10.0)


def is_learner(line: str) -> bool:
    """Whether a command line is that of a learner's process."""
    return SPAWNED in line and TRACKER not in line


def memory_mib(pid: int, what: str = "Rss") -> float | None:
    """Memory of a process, "Rss" or "Pss" of smaps_rollup [MiB]; None where it is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return None
    found = [float(line.split()[1]) for line in lines if line.startswith(f"{what}:")]
    return found[0] / KIB if found else None


def handles(pid: int) -> tuple[int, int]:
    """How many files a process has open, and how many threads it has."""
    of = Path(f"/proc/{pid}")
    return len(list((of / "fd").iterdir())), len(list((of / "task").iterdir()))


def cpu_s(pid: int) -> float:
    """Processor time that a process has used [s]; 0 where it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0.0
    user, system = stat.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def waited_s(pid: int) -> float:
    """How long a process's first thread was ready to run and got no core [s]; 0 where untold."""
    try:
        return 1e-9 * int(Path(f"/proc/{pid}/schedstat").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0


def until(condition: Callable[[], object], timeout_s: float, every_s: float = 0.005) -> bool:
    """Whether `condition` came to hold within timeout_s [s]."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every_s)
    return True


def _processes() -> Iterator[Path]:
    return (entry for entry in Path("/proc").iterdir() if entry.name.isdigit())
