"""Several bags, one after the other, for one learner that goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from torch import Tensor

from bisirl_ros.replay.replay import Replay


class Several:
    """The learner's inbox and outbox: those of the bag that is being played.

    bags: opens the next bag when it is asked for one; there is one at least
    """

    def __init__(self, bags: Iterator[Replay], done: Callable[[Replay], None]) -> None:
        self._bags, self._done = bags, done
        self._now, self._newest = next(bags), b""

    def get(self, timeout: float) -> bytes | None:
        """The next batch of this bag or of the next; None at the end of the last."""
        while True:
            data = self._now.get(timeout)
            if data is not None:
                return data
            self._done(self._now)
            following = next(self._bags, None)
            if following is None:
                return None
            self._now = following
            if self._newest:
                following.put((self._newest, "{}"))

    def put(self, update: tuple[bytes | None, str]) -> None:
        """What the learner has to say of the bag that is being played."""
        self._newest = update[0] or self._newest
        self._now.put(update)

    def policy(self, version: int) -> Tensor | None:
        """phi of a policy that was recorded in it."""
        return self._now.policy(version)
