"""From a tracker's messages to the session: frames, stamps, and identities where it gives none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bisirl_ros.errors import InputError
from bisirl_ros.frames.transform import IDENTITY, Transform
from bisirl_ros.inputs.frames import FrameListener
from bisirl_ros.inputs.host import Host, Listening, Quality
from bisirl_ros.inputs.sources import SourceOptions, source
from bisirl_ros.session.reports import PersonReport
from bisirl_ros.session.session import Session
from bisirl_ros.session.sighting import Sighting
from bisirl_ros.tracking.people.identities import Identities
from bisirl_ros.tracking.people.settings import IdentitySettings

POLLED_S = 0.1
"""How often TF is asked where people are."""


@dataclass(frozen=True)
class Tracker:
    """Who tells of people: one of SOURCES, its topic ("": as the kind has it), one of TWIST_FRAMES,
    how TF frames of people begin."""

    source: str
    topic: str
    twist_frame: str
    tf_prefix: str
    identities: IdentitySettings


class PeopleInput:
    """Subscribes to one kind of tracker, and tells the session what it says."""

    def __init__(
        self,
        host: Host,
        messages: Listening,
        frames: FrameListener,
        tracker: Tracker,
        session: Session,
        max_speed: float,
        frame: str,
    ) -> None:
        self._host, self._frames, self._session = host, frames, session
        lookup = frames.newest if frames.works else None
        options = SourceOptions(tracker.twist_frame, lookup, frame, tracker.tf_prefix)
        self.source = source(tracker.source, options)
        self._identities = Identities(tracker.identities, max_speed, host.complain)
        self._jumps = session.jumps
        if self.source.kind is None:
            messages.steady_timer(POLLED_S, self._poll)
        else:
            topic = tracker.topic or self.source.topic
            messages.listen(self.source.kind, topic, self._hear, Quality.SENSOR_PEOPLE)

    def _poll(self) -> None:
        names = tuple(self._frames.names)
        try:
            if names:
                self._take(self.source.read(names))
        except InputError as error:
            self._host.complain("tf", str(error))

    def _hear(self, message: Any) -> None:
        try:
            said = self.source.read(message)
        except InputError:
            self._session.people.refused["unusable"] += 1
            raise
        self._take(said)

    def _take(self, said: Sighting) -> None:
        if said.stamp_s is None and said.people:
            what = f"{self.source.topic or 'tf'}: no stamp; taken for when it arrives"
            self._host.complain("people stamp", what)
        where, now = self.source.topic or "tf", self._host.now()
        said = said.stamped(now.ros_s)
        late_s = 0.0 if now.ros_s == 0.0 or said.stamp_s is None else now.ros_s - said.stamp_s
        if said.complete and not said.people and abs(late_s) > self._session.people.timeout_s:
            self._session.people.refused["old" if late_s > 0.0 else "ahead"] += 1
            raise InputError(f"{where}: says nobody with a stamp that is {late_s:.2f} s old")
        if said.complete and not said.people:
            self._identities_of(said)
            self._session.people.hear_of_nobody(now)
            return
        assert said.stamp_s is not None
        try:
            pose = self._frames.into_global(said.frame_id, said.stamp_s)
        except InputError as error:
            self._session.people.refused["frame"] += 1
            raise InputError(f"{self.source.topic or 'tf'}: {error}") from error
        if pose is not IDENTITY:
            said = moved(said, pose)
        for report in self._identities_of(said):
            if report.covariance_refused:
                self._session.people.refused["covariance"] += 1
                self._host.complain("covariance", "people: a covariance makes no sense; not used")
            self._session.hear_person(report, now)

    def _identities_of(self, said: Sighting) -> list[PersonReport]:
        """The reports with an identity each; who has none yet is left out."""
        if self._jumps != self._session.jumps:  # of ROS time: everybody may be somebody else now
            self._jumps = self._session.jumps
            self._identities.forget()
        named = [report for report in said.people if report.identity]
        nameless = [report for report in said.people if not report.identity]
        if not nameless and (named or not said.complete):
            return named
        places = np.array([report.position for report in nameless]).reshape(-1, 2)
        told = [c for report in nameless if (c := report.position_covariance) is not None]
        known = np.array(told) if told and len(told) == len(nameless) else None
        assert said.stamp_s is not None
        found = self._identities.take(said.stamp_s, places, known)
        return named + [replace(nameless[one.detection], identity=one.identity) for one in found]


def moved(said: Sighting, pose: Transform) -> Sighting:
    """A sighting in the frame in which `pose` is that of its own; velocities turn with it."""
    heights = said.heights or (0.0,) * len(said.people)
    people = []
    for report, height in zip(said.people, heights, strict=True):
        place = pose.apply(np.array([*report.position, height]))[:2]
        velocity = None if report.velocity is None else pose.rotate(report.velocity)[:2]
        covariances = [
            None if c is None else pose.turn(c)
            for c in (report.position_covariance, report.velocity_covariance)
        ]
        people.append(replace(report, position=place, velocity=velocity,
                              position_covariance=covariances[0],
                              velocity_covariance=covariances[1]))  # fmt: skip
    return replace(said, people=tuple(people), heights=())
