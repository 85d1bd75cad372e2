"""Programs and a ROS graph for the tests: a domain of their own, and nothing left behind."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

with warnings.catch_warnings(), contextlib.suppress(ImportError):
    warnings.simplefilter("ignore", DeprecationWarning)
    import rosidl_generator_py  # noqa: F401  (a parser under it imports what Python deprecated)

MARK = "BISIRL_TEST_RUN"
ALL_WAIT_S = 60.0
SAFE_DOMAINS = 100
"""Higher domains use ports that Linux also hands out to others."""

_count = itertools.count()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A domain and a folder for one test."""
    place = Place(tmp_path)
    yield place
    place.close()


@pytest.fixture(scope="module")
def shared_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A domain and a folder for the tests of a file."""
    place = Place(tmp_path_factory.mktemp("shared"))
    yield place
    place.close()


class Place:
    """Where programs of this package run and a node of the test watches them.

    folder: working directory of the programs; domain: their ROS_DOMAIN_ID
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.domain = 1 + (13 * os.getpid() + next(_count)) % SAFE_DOMAINS
        self._env = {
            "ROS_DOMAIN_ID": str(self.domain),
            "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
        }
        self._programs: list[Program] = []
        self._graphs: list[Graph] = []

    def start(self, module: str, *arguments: object, path_first: Path | None = None) -> Program:
        """Run `python -m module arguments`; path_first: a folder before all others to import."""
        env = {**os.environ, **self._env}
        if path_first is not None:
            env["PYTHONPATH"] = f"{path_first}{os.pathsep}{env.get('PYTHONPATH', '')}"
        command = [sys.executable, "-m", module, *map(str, arguments)]
        self._programs.append(Program(command, self.folder, env))
        return self._programs[-1]

    def graph(self) -> Graph:
        """A node of the test in this domain."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self._env.items():
                patch.setenv(name, value)
            self._graphs.append(Graph(self.domain))
        return self._graphs[-1]

    def close(self) -> None:
        """End what was started."""
        for graph in self._graphs:
            graph.close()
        for program in self._programs:
            program.close()


class Program:
    """A process and all that it starts, told from others by a mark in their environment."""

    def __init__(self, command: list[str], folder: Path, env: dict[str, str]) -> None:
        self._mark = f"{MARK}={uuid.uuid4().hex}"
        name, value = self._mark.split("=")
        self._files = (folder / f"{value}.out", folder / f"{value}.err")
        with self._files[0].open("wb") as out, self._files[1].open("wb") as err:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env={**env, name: value},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )

    @property
    def out(self) -> str:
        """What it has printed."""
        return self._files[0].read_text()

    @property
    def err(self) -> str:
        """What it has complained about."""
        return self._files[1].read_text()

    def complaints(self) -> list[str]:
        """The lines on stderr that say why it ended."""
        return [line for line in self.err.splitlines() if line.startswith("bisirl: error:")]

    def wait(self, timeout_s: float = ALL_WAIT_S) -> int:
        """Its exit status."""
        return self.process.wait(timeout_s)

    def running(self) -> dict[int, str]:
        """Process id and command line of all that still runs of it."""
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                if self._mark.encode() in (entry / "environ").read_bytes().split(b"\0"):
                    line = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
                    found[int(entry.name)] = line.decode(errors="replace").strip()
            except OSError:
                continue
        return found

    def running_after(self, patience_s: float) -> dict[int, str]:
        """What still runs of it after so long; returns at once where nothing does."""
        deadline = time.monotonic() + patience_s
        while (found := self.running()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return found

    def close(self) -> None:
        """Kill what is left."""
        for pid in self.running():
            os.kill(pid, signal.SIGKILL)
        self.process.wait(10.0)


@dataclass(frozen=True)
class Heard:
    """A message as it came: its raw bytes, and when it was sent [s]."""

    message: Any
    raw: bytes
    sent_s: float


class Graph:
    """A node that listens and talks; it works only while a test waits in `until`."""

    def __init__(self, domain: int) -> None:
        from rclpy.context import Context
        from rclpy.executors import SingleThreadedExecutor
        from rclpy.node import Node

        self._context = Context()
        self._context.init(domain_id=domain)
        self.node = Node("test", context=self._context, enable_rosout=False)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)

    def listen(self, topic: str, kind: type, latched: bool = False) -> list[Heard]:
        """All messages of a topic, in a list that grows."""
        from rclpy.serialization import deserialize_message

        heard: list[Heard] = []

        def store(raw: bytes, info: dict[str, int]) -> None:
            sent_s = 1e-9 * info["source_timestamp"]
            heard.append(Heard(deserialize_message(raw, kind), raw, sent_s))

        self.node.create_subscription(kind, topic, store, _qos(latched), raw=True)
        return heard

    def publisher(self, topic: str, kind: type, latched: bool = False) -> Any:
        """A publisher of the test's node."""
        return self.node.create_publisher(kind, topic, _qos(latched))

    def now_s(self) -> float:
        """ROS time of the test's node, which is the wall clock [s]."""
        return 1e-9 * float(self.node.get_clock().now().nanoseconds)

    def until(
        self, condition: Callable[[], object], what: str, timeout_s: float = ALL_WAIT_S
    ) -> None:
        """Work until `condition` holds; fails with `what` was waited for."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline, f"waited {timeout_s} s in vain for {what}"
            self._executor.spin_once(timeout_sec=0.05)

    def work(self, duration_s: float) -> None:
        """Work for so long."""
        deadline = time.monotonic() + duration_s
        while time.monotonic() < deadline:
            self._executor.spin_once(timeout_sec=0.05)

    def close(self) -> None:
        """Leave the graph."""
        self._executor.shutdown()
        self.node.destroy_node()
        self._context.try_shutdown()


def _qos(latched: bool) -> Any:
    from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

    durability = DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE
    return QoSProfile(depth=1000, reliability=ReliabilityPolicy.RELIABLE, durability=durability)
