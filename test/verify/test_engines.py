"""Whatever measures the parts of a run finds the same, and what it found is kept at once."""

from __future__ import annotations

import json
import math
import pickle
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch

from bisirl_ros import cli
from bisirl_ros.bench.grid import Grid
from bisirl_ros.bench.run import CELLS, RUNS, run_grid, runs_of
from bisirl_ros.errors import InputError
from bisirl_ros.verify.engines import engine_named, on_ray
from bisirl_ros.verify.parts import Parts

WANTED = {str(x): (x,) for x in range(7)}
TOLD = {"seed": 0}


class RayError(Exception):
    """What ray raises where it fails itself."""


class RayTaskError(RayError):
    """What ray raises where a part fails."""

    def __init__(self, cause: Exception) -> None:
        super().__init__("a traceback of many lines")
        self.cause = cause


class FakeRay(ModuleType):
    """As much of ray as is used: nothing runs before it is waited for, and the last asked first.

    inits: arguments of each `init`; cpus: asked for a task; most: how many waited at once
    on_wait: called before each result; lost: `get` raises it; away: `init` raises it
    """

    def __init__(self) -> None:
        super().__init__("ray")
        self.exceptions = SimpleNamespace(RayError=RayError, RayTaskError=RayTaskError)
        self.inits: list[str] = []
        self.up, self.cpus, self.most = False, 0, 0
        self.on_wait: Callable[[], Any] = lambda: None
        self.lost: Exception | None = None
        self.away: Exception | None = None
        self._asked: dict[int, bytes] = {}
        self._count = 0

    def init(self, address: str, **_: Any) -> None:
        self.inits.append(address)
        if self.away is not None:
            raise self.away
        self.up = True

    def shutdown(self) -> None:
        self.up = False

    def remote(self, num_cpus: int) -> Callable[..., Any]:
        self.cpus = num_cpus

        def task(function: Callable[..., Any]) -> SimpleNamespace:
            def ask(*arguments: Any) -> int:
                assert self.up
                self._count += 1
                self._asked[self._count] = pickle.dumps((function, arguments))
                return self._count

            return SimpleNamespace(remote=ask)

        return task

    def wait(self, references: list[int]) -> tuple[list[int], list[int]]:
        self.most = max(self.most, len(references))
        self.on_wait()
        last = max(references)
        return [last], [one for one in references if one != last]

    def get(self, reference: int) -> Any:
        if self.lost is not None:
            raise self.lost
        function, arguments = pickle.loads(self._asked.pop(reference))
        try:
            return function(*arguments)
        except Exception as error:
            raise RayTaskError(error) from error


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeRay]:
    fake, threads = FakeRay(), torch.get_num_threads()
    monkeypatch.setitem(sys.modules, "ray", fake)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    yield fake
    torch.set_num_threads(threads)


@pytest.fixture
def no_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)  # as if it was not installed


def names(path: Path) -> list[str]:
    """The parts that a file holds, in its order."""
    return [json.loads(line)["part"] for line in path.read_text().splitlines()[1:]]


@pytest.mark.parametrize("jobs", [0, 1, 3])
def test_ray_finds_what_processes_find(ray: FakeRay, tmp_path: Path, jobs: int) -> None:
    apart = Parts(tmp_path / "processes.jsonl", 2, TOLD).measure(math.factorial, WANTED)
    parts = Parts(tmp_path / "ray.jsonl", jobs, TOLD, engine_named("ray"))
    found = parts.measure(math.factorial, WANTED)
    assert found == apart and list(found) == list(apart) == list(WANTED)
    assert sorted(names(tmp_path / "ray.jsonl")) == list(WANTED)
    assert (names(tmp_path / "ray.jsonl") == list(WANTED)) == (jobs == 1)  # else out of order
    assert (ray.cpus, ray.most, ray.up) == (1, jobs or len(WANTED), False)
    assert parts.measure(math.factorial, WANTED) == apart
    assert ray.inits == ["local"], "what is on disk is not asked for again"


def test_a_part_is_on_disk_before_the_next_is_waited_for(ray: FakeRay, tmp_path: Path) -> None:
    path, kept = tmp_path / "a.jsonl", []
    ray.on_wait = lambda: kept.append(len(names(path)) if path.is_file() else 0)
    Parts(path, 0, TOLD, on_ray).measure(math.factorial, WANTED)
    assert kept == list(range(len(WANTED)))


def test_a_run_that_ends_early_goes_on_with_either_engine(ray: FakeRay, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"

    def stop() -> None:
        if path.is_file() and len(names(path)) == 3:
            raise KeyboardInterrupt

    ray.on_wait = stop
    with pytest.raises(KeyboardInterrupt):
        Parts(path, 0, TOLD, on_ray).measure(math.factorial, WANTED)
    assert names(path) == ["6", "5", "4"] and not ray.up
    before = path.read_bytes()
    for engine in ("process", "ray"):
        ray.on_wait = lambda: None
        path.write_bytes(before)
        Parts(path, 1, TOLD, engine_named(engine)).measure(math.factorial, WANTED)
        assert names(path) == ["6", "5", "4", "0", "1", "2", "3"]


def test_a_part_that_fails_raises_what_it_raised(ray: FakeRay, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with pytest.raises(ValueError, match="factorial") as raised:
        Parts(path, 0, TOLD, on_ray).measure(math.factorial, {"-1": (-1,), "2": (2,)})
    assert type(raised.value) is ValueError and not ray.up
    assert names(path) == ["2"]


def test_a_cluster_that_gives_a_part_up_is_told(ray: FakeRay) -> None:
    ray.lost = RayError("a node died")
    with pytest.raises(InputError, match="ray: a node died; the same command goes on"):
        Parts(engine=on_ray).measure(math.factorial, WANTED)
    assert not ray.up


def test_the_cluster_is_the_one_of_the_environment(
    ray: FakeRay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "192.0.2.1:6379")
    Parts(engine=on_ray).measure(math.factorial, WANTED)
    assert ray.inits == ["auto"]
    ray.away = Exception("Traceback:\n  many lines\nTimedOut: no answer")
    line = r"no cluster \(TimedOut: no answer\); see RAY_ADDRESS: 192.0.2.1:6379"
    with pytest.raises(InputError, match=line):
        Parts(engine=on_ray).measure(math.factorial, WANTED)


def test_a_benchmark_has_the_same_cells(ray: FakeRay, tmp_path: Path) -> None:
    grid = Grid(("crossing",), ("soft_expert",), ("go_to_goal", "stop_when_near"), 2).quick()
    here = run_grid(grid, tmp_path / "here", {})
    there = run_grid(grid, tmp_path / "there", {}, jobs=0, engine=on_ray)
    for row in [*here.values(), *there.values()]:
        del row["seconds"], row["prepare_s"]
    assert here == there and list(here) == list(there)
    assert runs_of(tmp_path / "there")[0]["jobs"] == "as many as there is room for"


def test_the_option(ray: FakeRay, tmp_path: Path) -> None:
    what = ["--quick", "--scenarios", "crossing", "--methods", "go_to_goal", "--engine", "ray"]
    assert cli.main(["bench", *what, "--out", str(tmp_path)]) == 0
    assert len(names(tmp_path / CELLS)) == 1 and (tmp_path / RUNS).is_file()
    assert ray.inits == ["local"]


@pytest.mark.parametrize(
    ("engine", "words"),
    [("ray", ["--engine ray needs ray: pip install ray"]), ("magic", ["--engine", "'magic'"])],
)
def test_an_engine_that_is_not_there_is_one_line_and_leaves_nothing(
    engine: str,
    words: list[str],
    no_ray: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["bench", "--engine", engine]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("bisirl: error: ")
    assert all(word in line for word in words)
    with pytest.raises(InputError):
        engine_named(engine)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_with_ray_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray")
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    path = tmp_path / "a.jsonl"
    with pytest.raises(ValueError, match="factorial") as raised:
        Parts(path, 1, TOLD, on_ray).measure(math.factorial, {"3": (3,), "-1": (-1,)})
    assert type(raised.value) is ValueError and names(path) == ["3"]
    again = Parts(path, 0, TOLD, on_ray).measure(math.factorial, {"3": (3,), "4": (4,)})
    assert again == {"3": 6, "4": 24}
