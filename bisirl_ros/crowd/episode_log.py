"""What was heard during one episode, unprocessed: cheap to keep beside a control loop.

Decisions are worked out of it where there is time (`decisions_in`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.decisions import Decisions
from bisirl_ros.crowd.expected_choices import ExpectedChoices
from bisirl_ros.crowd.recorder import DecisionRecorder

MOST_ROWS = 200_000
"""An episode of hours is cut here."""
ROBOT, PERSON = 7, 15


@dataclass(frozen=True)
class EpisodeLog:
    """One episode under one policy.

    begin_s: its first decision [s]; identities: P people; goals: (P, G, 2) where each may be going
    log_belief: (P, G) log probability of each, -inf: no such goal
    robot: (N, 7) time [s], state
    routes: (R, 1 + 2 L) from when on [s] which route, padded with its last point
    person: (M, 15) time [s], whose number, whether a track begins anew, position (2), velocity (2),
        covariances of position (4) and velocity (4); NaN: not told
    """

    begin_s: float
    identities: tuple[str, ...]
    goals: Array
    log_belief: Array
    robot: Array
    routes: Array
    person: Array
    policy_version: int = -1
    episode: int = -1

    def __post_init__(self) -> None:
        p = len(self.identities)
        ends = {"robot": (ROBOT,), "person": (PERSON,)}
        if self.goals.shape[:1] + self.goals.shape[2:] != (p, 2):
            raise ValueError(f"EpisodeLog.goals: shape {self.goals.shape}, expected ({p}, G, 2)")
        for name, end in ends.items():
            value = getattr(self, name)
            if value.ndim != 2 or value.shape[1:] != end:
                raise ValueError(f"EpisodeLog.{name}: shape {value.shape}, expected (N, {end[0]})")
        if len(self.person) and not 0 <= self.person[:, 1].min() <= self.person[:, 1].max() < p:
            raise ValueError("EpisodeLog.person: speaks of somebody without an identity")
        if len(self.routes) < 1 or self.routes.shape[1] % 2 != 1:
            raise ValueError(f"EpisodeLog.routes: shape {self.routes.shape}, expected (R, 1 + 2 L)")

    def __len__(self) -> int:
        """Number of reports."""
        return len(self.robot) + len(self.person)


@dataclass
class LogBook:
    """An episode that is being logged."""

    begin_s: float
    policy_version: int
    episode: int
    route: Array
    goals: dict[str, Array]
    robots: list[Array] = field(default_factory=list)
    people: list[Array] = field(default_factory=list)
    routes: list[tuple[float, Array]] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)

    def robot(self, time_s: float, state: Array) -> None:
        """The robot's state (6,) at time_s [s]."""
        if len(self.robots) < MOST_ROWS:
            self.robots.append(np.concatenate([[time_s], state]))

    def person(
        self,
        time_s: float,
        identity: str,
        position: Array,
        velocity: Array | None,
        position_cov: Array | None,
        velocity_cov: Array | None,
        anew: bool = False,
    ) -> None:
        """Somebody's position (2,), velocity (2,) and covariances (2, 2); None: not told.

        anew: the report belongs to another track than the last
        """
        if len(self.people) >= MOST_ROWS:
            return
        number = self.numbers.setdefault(identity, len(self.numbers))
        rest = ((velocity, 2), (position_cov, 4), (velocity_cov, 4))
        told = [np.full(n, np.nan) if v is None else np.ravel(v) for v, n in rest]
        self.people.append(np.concatenate([[time_s, number, anew], position, *told]))

    def turned(self, time_s: float, route: Array) -> None:
        """The robot was given another route (L, 2) at time_s [s]."""
        self.routes.append((time_s, route))

    def closed(self, default_goals: Array) -> EpisodeLog:
        """All of it; default_goals: (G, 2) of whoever's goals were not told [m]."""
        names = tuple(self.numbers)
        of = [np.asarray(self.goals.get(name, default_goals)) for name in names]
        most = max((len(goals) for goals in of), default=1)
        goals, belief = np.zeros((len(names), most, 2)), np.full((len(names), most), -np.inf)
        for p, some in enumerate(of):
            goals[p, : len(some)], goals[p, len(some) :] = some, some[-1]
            belief[p, : len(some)] = -np.log(len(some))
        routes = [(-np.inf, self.route), *self.routes]
        points = max(len(route) for _, route in routes)
        rows = [
            np.concatenate([[since], route.ravel(), np.tile(route[-1], points - len(route))])
            for since, route in routes
        ]
        return EpisodeLog(
            self.begin_s,
            names,
            goals,
            belief,
            np.array(self.robots).reshape(-1, ROBOT),
            np.nan_to_num(np.array(rows), neginf=-1e300),
            np.array(self.people).reshape(-1, PERSON),
            self.policy_version,
            self.episode,
        )


def decisions_in(
    log: EpisodeLog, recorder: DecisionRecorder, expects: ExpectedChoices | None = None
) -> Decisions | None:
    """What people decided in an episode; None where that cannot be told.

    expects: what is known of how they choose, None: nothing yet
    """
    goals = {
        name: log.goals[p][np.isfinite(log.log_belief[p])] for p, name in enumerate(log.identities)
    }
    belief = {
        name: log.log_belief[p][np.isfinite(log.log_belief[p])]
        for p, name in enumerate(log.identities)
    }
    first = log.routes[0, 1:].reshape(-1, 2)
    recorder.begin(log.begin_s, log.policy_version, log.episode, first, goals, belief)
    events = [(row[0], 0, row) for row in log.robot]
    events += [(row[0], 1, row) for row in log.person]
    events += [(row[0], 2, row) for row in log.routes[1:]]
    for time_s, kind, row in sorted(events, key=lambda event: event[:2]):
        if kind == 0:
            recorder.robot(time_s, row[1:])
        elif kind == 1:
            position_cov, velocity_cov = (
                None if told is None else told.reshape(2, 2)
                for told in (_told(row[7:11]), _told(row[11:15]))
            )
            name, anew, velocity = log.identities[int(row[1])], bool(row[2]), _told(row[5:7])
            recorder.person(name, time_s, row[3:5], velocity, position_cov, velocity_cov, anew=anew)
        else:
            recorder.route(time_s, row[1:].reshape(-1, 2))
    return recorder.finish(expects)


def _told(values: Array) -> Array | None:
    return values if np.isfinite(values).all() else None
