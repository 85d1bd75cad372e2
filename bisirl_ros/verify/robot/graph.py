"""A ROS node of an experiment, in a domain of its own; a thread works its callbacks off."""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy

from bisirl_ros.verify.robot.program import until

DOMAINS = range(60, 80)
ANSWERED_S, FOUND_S, SETTLES_S = 30.0, 60.0, 0.5
CAUGHT_UP_S = 0.02
"""So much lateness is made up for; more is not, lest messages come in a heap."""
HEARD = QoSProfile(depth=1000, reliability=ReliabilityPolicy.RELIABLE)
_count = itertools.count(os.getpid())


def domain_environment(domain: int) -> dict[str, str]:
    """What puts a process into a domain, and keeps it on this machine."""
    return {"ROS_DOMAIN_ID": str(domain), "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}


def next_domain() -> int:
    """Another one than the last, for whom the last one's nodes may still be heard of."""
    return DOMAINS[next(_count) % len(DOMAINS)]


class Graph:
    """A node that listens and talks; its callbacks run in a thread of their own."""

    def __init__(self, domain: int) -> None:
        self._context = Context()
        with _environment(domain_environment(domain)):
            self._context.init(domain_id=domain)
            self.node = Node("stage", context=self._context, enable_rosout=False)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self._clients: dict[str, Any] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        while not self._over.is_set():
            self._executor.spin_once(timeout_sec=0.05)

    def listen(
        self, topic: str, kind: type, hear: Callable[[Any, float], None], qos: Any = HEARD
    ) -> Any:
        """Call `hear` with each message and when it was sent [s]; the subscription."""

        def take(message: Any, info: dict[str, int]) -> None:
            hear(message, 1e-9 * info["source_timestamp"])

        return self.node.create_subscription(kind, topic, take, qos)

    def listen_no_more(self, subscription: Any) -> None:
        """Undo `listen`."""
        self._do(lambda: self.node.destroy_subscription(subscription))

    def call(self, kind: Any, name: str, **request: Any) -> Any:
        """The answer of a service; raises TimeoutError where there is none."""
        future = self.find(kind, name).call_async(kind.Request(**request))
        if not until(future.done, ANSWERED_S):
            raise TimeoutError(f"{name}: no answer")
        return future.result()

    def find(self, kind: Any, name: str) -> Any:
        """The client of a service that is there, kept: who is just found has not found us yet.

        Raises TimeoutError where there is none.
        """
        if name not in self._clients:
            self._clients[name] = self.node.create_client(kind, name)
            found = until(self._clients[name].service_is_ready, FOUND_S)
            time.sleep(SETTLES_S)
            if not found:
                raise TimeoutError(f"{name}: no such service")
        return self._clients[name]

    def _do(self, what: Callable[[], object]) -> None:
        """Have the thread do what it must not be surprised by."""
        until(self._executor.create_task(what).done, ANSWERED_S)

    def close(self) -> None:
        """Leave the graph."""
        self._over.set()
        self._thread.join(5.0)
        self._executor.shutdown()
        self.node.destroy_node()
        self._context.try_shutdown()


class Pace:
    """Calls `do` again and again, `period_s()` [s] after the last time, until it is closed.

    late_s: how much later than that it came, at most: what the machine adds to every figure
    """

    def __init__(self, do: Callable[[], None], period_s: Callable[[], float]) -> None:
        self._do, self._period_s = do, period_s
        self._over = threading.Event()
        self.error: Exception | None = None
        self.late_s = 0.0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        due_s = time.monotonic()
        while not self._over.wait(max(0.0, due_s - time.monotonic())):
            now_s = time.monotonic()
            self.late_s = max(self.late_s, now_s - due_s)
            due_s = max(due_s, now_s - CAUGHT_UP_S) + self._period_s()
            try:
                self._do()
            except Exception as error:  # told by whoever waits for the stage
                self.error = error
                return

    def close(self) -> None:
        """No further call."""
        self._over.set()
        self._thread.join(5.0)


@contextlib.contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """Environment variables that are read when a context is made."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
