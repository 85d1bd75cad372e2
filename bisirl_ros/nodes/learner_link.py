"""The session's learner: batches out, policies in, and what is wrong with it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from bisirl_ros.control.faults import Fault
from bisirl_ros.errors import InputError
from bisirl_ros.learner.process import LearnerProcess, Update
from bisirl_ros.learner.worker import WorkerConfig
from bisirl_ros.session.session import Session


class LearnerLink:
    """One learner process after another, and never a wait for any.

    frozen: what is over is not learned from
    timeout_s: a learner that is silent about a batch for so long is stalled [s]
    """

    def __init__(self, config: WorkerConfig, session: Session, timeout_s: float) -> None:
        self._config, self._session, self._timeout_s = config, session, timeout_s
        self._process = LearnerProcess(config)
        self._asked_s: float | None = None
        self.frozen = False
        self.updates = 0

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.alive

    @property
    def dropped(self) -> int:
        """Batches that found no room."""
        return self._process.dropped

    def work(self, steady_s: float) -> list[Update]:
        """Hand over what is over, take what came back; steady_s: on the steady clock [s]."""
        updates = self._process.poll()
        if any(update.report for update in updates):
            self._asked_s = None
        if any(update.refused for update in updates):
            self._session.tell(Fault.LEARNER_DIVERGED, True)  # until one comes that can be used
        self.updates += sum(update.snapshot is not None for update in updates)
        for log in self._session.take():
            if self.frozen or not self.alive:
                continue
            if self._process.offer(log) and self._asked_s is None:
                self._asked_s = steady_s
        silent = self._asked_s is not None and steady_s - self._asked_s > self._timeout_s
        self._session.tell(Fault.LEARNER_DEAD, not self.alive)
        self._session.tell(Fault.LEARNER_STALLED, self.alive and silent)
        return updates

    def restart(self) -> None:
        """Begin anew with another process, which knows nothing of what was learned."""
        self._process.kill()
        self._config = replace(self._config, checkpoint="")
        self._process, self._asked_s = LearnerProcess(self._config), None

    def save(self) -> str:
        """Keep the newest state in a file of its own, beside save_to; its name.

        Raises InputError where there is none, or it cannot be written.
        """
        if not self._config.save_to:
            raise InputError("parameter save_to is empty: give it a file to keep the state in")
        source = Path(self._config.save_to)
        version = -1 if self._session.newest is None else self._session.newest.version
        target = source.with_name(f"{source.stem}-{version}{source.suffix}")
        try:
            part = target.with_name(target.name + ".part")
            shutil.copyfile(source, part)
            part.replace(target)
        except OSError as error:
            raise InputError(f"{target}: cannot be written ({error.strerror})") from error
        return str(target)

    def stop(self) -> None:
        """Let it read what it has, for a bounded time, and end it."""
        self._process.stop()
