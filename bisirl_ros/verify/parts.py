"""What is measured in parts: side by side, each part on disk as soon as it is found.

A run that is killed goes on where it was: a part that is on disk is not measured again, and a line
that was being written when it died counts as not there.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any

from bisirl_ros.errors import InputError
from bisirl_ros.io.plain import json_ready
from bisirl_ros.parent import begin_work

Row = Any
"""What one part found: plain numbers, strings, lists and dicts."""

Wanted = Mapping[str, tuple[Any, ...]]
"""The arguments of each part, by its name."""

Found = tuple[str, Row, float]
"""A part's name, what it found, and how long it took [s]."""

Engine = Callable[[Callable[..., Row], Wanted, int], Iterator[Found]]
"""(run, wanted, jobs): run(*arguments) of every part, each as soon as it is found, in any order."""


def in_processes(run: Callable[..., Row], wanted: Wanted, jobs: int) -> Iterator[Found]:
    """The engine of one machine; raises BrokenProcessPool where a process is killed.

    run: a function of a module, where jobs > 1 (it is sent to other processes)
    jobs: processes; 1 measures in this one
    """
    if min(jobs, len(wanted)) <= 1:
        for key, arguments in wanted.items():
            yield key, *timed(run, arguments)
        return
    spawn: BaseContext = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(wanted)), spawn, begin_work) as pool:
        waiting = {pool.submit(timed, run, value): key for key, value in wanted.items()}
        try:
            for future in as_completed(waiting):
                yield waiting[future], *future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def timed(run: Callable[..., Row], arguments: tuple[Any, ...]) -> tuple[Row, float]:
    """run(*arguments), and how long it took [s]."""
    began = time.perf_counter()
    return run(*arguments), time.perf_counter() - began


@dataclass(frozen=True)
class Parts:
    """Where parts are kept, and how many are measured at a time.

    path: a file of one JSON line a part, or None: kept nowhere
    jobs: see the engine
    told: what the run is of; a file of another is refused
    engine: what measures, side by side
    """

    path: Path | None = None
    jobs: int = 1
    told: Mapping[str, Any] | None = None
    engine: Engine = in_processes

    def measure(
        self,
        run: Callable[..., Row],
        wanted: Wanted,
        say: Callable[[str], None] = lambda line: None,
    ) -> dict[str, Row]:
        """run(*arguments) of every part wanted, by name, in the order wanted.

        run: see the engine; what it raises ends the run, and what was found stays
        say: is told of each part, and of the time left
        Raises InputError where `path` holds another run or cannot be written.
        """
        found = {key: row for key, row in self._kept().items() if key in wanted}
        missing = {key: value for key, value in wanted.items() if key not in found}
        if found and missing:
            say(f"{len(found)} of {len(wanted)} parts measured before")
        began = time.perf_counter()
        for done, (key, row, took) in enumerate(self.engine(run, missing, self.jobs), 1):
            found[key] = json_ready(row)
            self._keep({"part": key, "took_s": round(took, 2), "found": found[key]})
            left = (time.perf_counter() - began) / done * (len(missing) - done)
            say(f"{key}  {took:.0f} s  ({len(found)}/{len(wanted)}, {left / 60.0:.0f} min left)")
        return {key: found[key] for key in wanted}

    def _kept(self) -> dict[str, Row]:
        if self.path is None or not self.path.is_file():
            return {}
        whole = self.path.read_bytes()
        lines, torn = whole[: whole.rfind(b"\n") + 1].splitlines(), not whole.endswith(b"\n")
        try:
            of, *rows = [json.loads(line) for line in lines] or [None]
            parts = {row["part"]: row["found"] for row in rows}
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{self.path}: is not a file of parts ({error}); choose another --out"
            ) from error
        if of is not None and of != json_ready(dict(self.told or {})):
            raise InputError(
                f"{self.path}: holds parts of another run ({of}); choose another --out"
            )
        if torn:
            with self.path.open("r+b") as file:
                file.truncate(whole.rfind(b"\n") + 1)
        return parts

    def _keep(self, row: dict[str, Any]) -> None:
        if self.path is None:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                if not file.tell():
                    file.write(json.dumps(json_ready(dict(self.told or {}))) + "\n")
                file.write(json.dumps(row, allow_nan=False) + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise InputError(
                f"{self.path}: cannot be written ({error.strerror or error}); free space"
            ) from error
