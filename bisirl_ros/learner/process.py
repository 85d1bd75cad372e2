"""The control side's handle on the learner process: never waits for it."""

from __future__ import annotations

import json
import multiprocessing
import queue
from dataclasses import dataclass
from typing import Any

from bisirl_ros.crowd.interactions import Interactions
from bisirl_ros.io.contract import Snapshot, pack_interactions, unpack_snapshot
from bisirl_ros.learner.worker import WorkerConfig, work

INBOX_SIZE = 32


@dataclass(frozen=True)
class Update:
    """What the learner handed back: a snapshot (or None), and a report as plain data."""

    snapshot: Snapshot | None
    report: dict[str, Any]


class LearnerProcess:
    """A spawned process behind a bounded queue; it alone touches CUDA."""

    def __init__(self, config: WorkerConfig) -> None:
        context = multiprocessing.get_context("spawn")
        self._inbox = context.Queue(INBOX_SIZE)
        self._outbox = context.Queue()
        self._process = context.Process(
            target=work,
            args=(config, self._inbox, self._outbox),
            name="bisirl-learner",
            daemon=True,
        )
        self._process.start()
        self.dropped = 0

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.is_alive()

    def offer(self, batch: Interactions) -> bool:
        """Queue a batch; where the queue is full the batch is dropped and counted."""
        try:
            self._inbox.put_nowait(pack_interactions(batch))
        except queue.Full:
            self.dropped += 1
            return False
        return True

    def poll(self) -> list[Update]:
        """All that has come back since the last call, oldest first; returns at once."""
        updates: list[Update] = []
        while True:
            try:
                data, report = self._outbox.get_nowait()
            except queue.Empty:
                return updates
            snapshot = None if data is None else unpack_snapshot(data, "learner")
            updates.append(Update(snapshot, json.loads(report)))

    def stop(self, timeout_s: float = 3.0) -> None:
        """Ask it to end, then make it."""
        try:
            self._inbox.put_nowait(None)
        except queue.Full:
            self._process.terminate()
        self._process.join(timeout_s)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join(1.0)
        if self._process.is_alive():
            self._process.kill()
        for channel in (self._inbox, self._outbox):
            channel.cancel_join_thread()
            channel.close()
