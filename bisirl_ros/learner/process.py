"""The control side's handle on the learner process: never waits for it."""

from __future__ import annotations

import json
import multiprocessing
import time
from dataclasses import dataclass
from typing import Any

from bisirl_ros.crowd.episode_log import EpisodeLog
from bisirl_ros.errors import InputError
from bisirl_ros.io.contract import Snapshot, pack_log, unpack_snapshot
from bisirl_ros.learner.channel import BoundedSender, Receiver, Sender
from bisirl_ros.learner.worker import WorkerConfig, work

INBOX_SIZE = 32
"""Batches that wait for room in the pipe to the learner."""
UPDATES_PER_POLL = 8
PAUSE_S = 0.01
KILLED_WITHIN_S = 1.0


@dataclass(frozen=True)
class Update:
    """What the learner handed back: a snapshot (or None), and a report as plain data.

    refused: why a snapshot came that cannot be used; "" where none did
    """

    snapshot: Snapshot | None
    report: dict[str, Any]
    refused: str = ""


class LearnerProcess:
    """A spawned process between two channels; it alone touches CUDA.

    No call waits for it, whatever state it is in, but `stop`, and that one for a bounded time.
    exitcode: how it ended, once it was stopped
    """

    def __init__(self, config: WorkerConfig) -> None:
        self._config = config
        self.exitcode: int | None = None
        context = multiprocessing.get_context("spawn")
        its_inbox, inbox = context.Pipe(duplex=False)
        outbox, its_outbox = context.Pipe(duplex=False)
        self._inbox, self._outbox = BoundedSender(inbox, INBOX_SIZE), Receiver(outbox)
        self._process = context.Process(
            target=work,
            args=(config, Receiver(its_inbox), Sender(its_outbox)),
            name="bisirl-learner",
            daemon=True,
        )
        self._process.start()
        its_inbox.close()  # these are the learner's alone, so that its death closes them
        its_outbox.close()
        self.dropped = 0

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.exitcode is None and self._process.is_alive()

    def offer(self, batch: EpisodeLog) -> bool:
        """Queue a batch; where INBOX_SIZE wait, or none will be read, it is dropped and counted."""
        taken = self._inbox.put(pack_log(batch))
        self.dropped += not taken
        return taken

    def poll(self) -> list[Update]:
        """What has come back, oldest first, UPDATES_PER_POLL at most; returns at once.

        It also sends on the batches that wait, so it has to be called regularly.
        """
        self._inbox.flush()
        updates: list[Update] = []
        for data, report in self._outbox.receive(UPDATES_PER_POLL):
            try:
                snapshot = None if data is None else self._usable(data)
            except InputError as error:
                updates.append(Update(None, {}, str(error)))
            else:
                updates.append(Update(snapshot, json.loads(report)))
        return updates

    def _usable(self, data: bytes) -> Snapshot:
        """Raises InputError for one that is damaged, not finite or of another scenario."""
        snapshot, scenario = unpack_snapshot(data, "learner"), self._config.scenario
        if (snapshot.scenario, snapshot.features) != (scenario.name, scenario.feature_names):
            raise InputError(
                f"learner: a snapshot of scenario {snapshot.scenario}, this is {scenario.name}"
            )
        return snapshot

    def kill(self) -> None:
        """End it at once, whatever it is doing; nothing is waited for."""
        self._inbox.close()
        self._outbox.close()
        self._process.kill()

    def stop(self, timeout_s: float = 3.0) -> None:
        """Ask it to end once it has read all batches; make it end after `timeout_s` [s]."""
        deadline = time.monotonic() + timeout_s
        while self.alive and time.monotonic() < deadline:
            if not self._inbox.flush():
                self._inbox.close()
            self._outbox.receive(UPDATES_PER_POLL)  # its last words are not to hold it up
            time.sleep(PAUSE_S)
        self._inbox.close()
        self._outbox.close()
        if self.alive:
            self._process.kill()
        deadline = time.monotonic() + KILLED_WITHIN_S
        while self.alive and time.monotonic() < deadline:
            time.sleep(PAUSE_S)
        if self.exitcode is None and not self.alive:
            self.exitcode = self._process.exitcode
            self._process.close()  # its files, which else wait for the garbage collector
