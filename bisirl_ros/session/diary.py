"""What was heard during an episode, kept where it can be learned from."""

from __future__ import annotations

from collections.abc import Mapping

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.episode_log import EpisodeLog, LogBook
from bisirl_ros.session.reports import PersonReport
from bisirl_ros.session.tracks import Heard

SETTLE_S = 0.2
"""A new policy has reached whoever answers it by then, and everybody was reported once."""


class Diary:
    """The log of the episode that is going on, and those that are over and not yet taken.

    An episode is kept where it was driven by one policy throughout, or only watched.
    """

    def __init__(self, observe_only: bool) -> None:
        self._observe_only = observe_only
        self.book: LogBook | None = None
        self._followed = self._mixed = False
        self._ready: list[EpisodeLog] = []

    def open(
        self,
        stamp_s: float,
        version: int,
        episode: int,
        route: Array,
        goals: Mapping[str, Array] | None,
        mixed: bool,
    ) -> LogBook:
        """An episode begins at stamp_s [s]; mixed: whether another policy drove in part of it."""
        self.book = LogBook(stamp_s, version, episode, route, dict(goals or {}))
        self._followed, self._mixed = True, mixed
        return self.book

    def robot(self, stamp_s: float, state: Array) -> None:
        """The robot's state (6,) at stamp_s [s]."""
        if self.book is not None:
            self.book.robot(stamp_s, state)

    def person(self, heard: Heard, report: PersonReport) -> None:
        """A report of somebody, as far as it can be believed."""
        reading = heard.reading
        if self.book is not None:
            self.book.person(
                reading.time_s,
                heard.name,
                reading.position,
                reading.velocity,
                report.position_covariance,
                report.velocity_covariance,
                reading.anew,
            )

    def driven(self, ros_s: float, followed: bool) -> None:
        """Whether the policy was followed in the tick at ros_s [s]."""
        if self.book is not None and ros_s >= self.book.begin_s + SETTLE_S:
            self._followed &= followed

    def close(self, default_goals: Array) -> str:
        """The episode is over; why it is not learned from, "" where it is.

        default_goals: (G, 2) of whoever is not told of [m]
        """
        book, self.book = self.book, None
        if book is None:
            return ""
        if not self._observe_only and (self._mixed or not self._followed):
            return "the robot did not follow one policy: batch not learned from"
        if book.numbers and (book.policy_version >= 0 or self._observe_only):
            self._ready.append(book.closed(default_goals))
        return ""

    def drop(self) -> None:
        """The episode that is going on means nothing."""
        self.book = None

    def take(self) -> list[EpisodeLog]:
        """The logs of what is over, oldest first; each is handed out once."""
        ready, self._ready = self._ready, []
        return ready
