"""What was heard in one episode, by whom it is about, and what was known when."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import torch

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.aims import Aims
from bisirl_ros.crowd.expected_choices import ExpectedChoices
from bisirl_ros.crowd.room import Room
from bisirl_ros.crowd.situation import Situation
from bisirl_ros.tracking.habit import ChoicePrior
from bisirl_ros.tracking.motion_model import Expected, States
from bisirl_ros.tracking.person_filter import Report
from bisirl_ros.tracking.samples import Samples, filled_up, latest, latest_of_each
from bisirl_ros.tracking.track import Rhythm

SURE = math.log(0.9)
"""Log belief from which on a goal is taken for somebody's."""


@dataclass
class Stream:
    """What was heard of one person: runs of reports, goals (G, 2), beliefs by time.

    ended: time went back in it
    """

    goals: Array
    beliefs: list[tuple[float, Array]]
    runs: list[list[Report]] = field(default_factory=lambda: [[]])
    newest_s: float = -math.inf
    ended: bool = False

    def straight(self, speed: float, time_s: float, place: Array) -> Array:
        """The velocity (2,) from place (2,) to their likeliest goal at that time [m/s]."""
        belief = latest(self.beliefs, np.array([time_s]))[0]
        off = self.goals[int(np.argmax(belief))] - place
        return np.asarray(speed * off / max(float(np.linalg.norm(off)), 0.1))


@dataclass
class HeardEpisode:
    """An episode while it is heard; until_s: what is newer does not belong to it."""

    begin_s: float
    policy_version: int
    number: int
    routes: list[tuple[float, Array]]
    people: dict[str, Stream]
    robot: list[tuple[float, Array]] = field(default_factory=list)
    until_s: float = math.inf

    def robots(self, rhythm: Rhythm) -> Samples:
        """The robot's states, with a yaw that does not jump."""
        states = np.array([state for _, state in self.robot])
        states[:, 2] = np.unwrap(states[:, 2])
        stamped = [(time_s, state) for (time_s, _), state in zip(self.robot, states, strict=True)]
        return Samples(stamped, rhythm.gap_s)

    def aims(self, names: tuple[str, ...], times: Array) -> tuple[Array, Array, Array]:
        """The route (T, L, 2), goals (P, G, 2) and beliefs (T, P, G) at those times (T,)."""
        streams = [self.people[name] for name in names]
        return (
            latest(self.routes, times),
            filled_up([stream.goals for stream in streams]),
            latest_of_each([stream.beliefs for stream in streams], times, -np.inf),
        )

    def expected(
        self, expects: ExpectedChoices, room: Room, rhythm: Rhythm, states: States
    ) -> Expected:
        """What each was expected to choose, by moment, from where they were then.

        Nothing where it is not known where they are going.
        """
        names = tuple(name for name, by in states.items() if by)
        robots = self.robots(rhythm)
        steps = robots.steps(rhythm.begin_s, rhythm.period_s)
        steps = steps[[any(step in states[name] for name in names) for step in steps.tolist()]]
        if len(steps) == 0:
            return {}
        route, goals, belief = self.aims(names, rhythm.at(steps))
        nowhere = np.full(4, np.nan)
        people = np.array([[states[n].get(k, nowhere) for n in names] for k in steps.tolist()])
        present = np.isfinite(people).all(-1)
        goals = np.broadcast_to(goals, (len(steps), *goals.shape)).copy()
        robot, seen, there, *aims = (
            torch.from_numpy(v)
            for v in (
                robots.at(rhythm.at(steps)),
                np.nan_to_num(people),
                present,
                route,
                goals,
                belief,
            )
        )
        situation = Situation(robot, seen, there, Aims(*aims), room)
        return {
            name: {
                step: ChoicePrior(*(value[row] for value in prior))
                for row, step in enumerate(steps.tolist())
                if step in states[name]
                and belief[row, names.index(name)].max() >= SURE
                and all(np.isfinite(value[row]).all() for value in prior)
            }
            for name, prior in expects(situation, names).items()
        }
