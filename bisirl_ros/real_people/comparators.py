"""What a learned reward is to be better than: people as points that are drawn, pushed or go on.

Each foretells the next mean velocity by one for every goal, and how far people are off along and
across their way: a Gaussian, or a bivariate t for those who at times do anything. All parameters
are of greatest likelihood on the walks that the reward learns from; goals are as unknown to them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import minimize  # type: ignore[import-untyped]
from scipy.special import gammaln  # type: ignore[import-untyped]

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.choices import log_sum
from bisirl_ros.real_people.destinations import Destinations
from bisirl_ros.real_people.likelihood import foretold
from bisirl_ros.real_people.walks import Walks

Mean = Callable[[Array, Walks, Array | None], Array]
"""(parameters, walks, goals (N, 2) or None for nowhere) -> the velocity foretold (N, 2) [m/s]."""
FREEDOM_START: Final = 3.0
LEAST_M: Final = 0.05


@dataclass(frozen=True)
class Comparator:
    """name: in words; mean: what it foretells
    starts: (S, q) its parameters, to begin with; the best end is kept

    knows_goals: whether goals change what it foretells; heavy: a t, not a Gaussian
    """

    name: str
    mean: Mean
    starts: tuple[tuple[float, ...], ...] = ((),)
    knows_goals: bool = False
    heavy: bool = False

    def log_chosen(self, parameters: Array, walks: Walks, destinations: Destinations) -> Array:
        """log density of each decision for each goal, the last nowhere: (N, G)."""
        places = [np.broadcast_to(p, (len(walks), 2)) for p in destinations.places]
        goals: list[Array | None] = [*places, None] if self.knows_goals else [None]
        found = [self._density(parameters, walks, goal) for goal in goals]
        return np.stack(found if self.knows_goals else found * (len(places) + 1), -1)

    def fit(self, walks: Walks, destinations: Destinations) -> Array:
        """Parameters of greatest likelihood: its own, then log deviations, then log(freedom)."""
        first = walks.first

        def cost(parameters: Array) -> float:
            chosen = self.log_chosen(parameters, walks, destinations)
            goals = destinations.log_prior + np.add.reduceat(chosen, first)
            return -float(log_sum(goals).sum()) / len(walks)

        noise = [np.log(0.2), np.log(0.2), *[np.log(FREEDOM_START)] * self.heavy]
        found = [
            minimize(cost, np.array([*begin, *noise]), method="BFGS", options={"gtol": 1e-4})
            for begin in self.starts
        ]
        return np.asarray(min(found, key=lambda end: float(end.fun)).x)

    def foretold(self, parameters: Array, walks: Walks, destinations: Destinations) -> Array:
        """log density of each decision, given the walk until then: (N,) per [m^2/s^2]."""
        chosen = self.log_chosen(parameters, walks, destinations)
        return foretold(chosen, destinations.log_prior, walks.first)

    def _density(self, parameters: Array, walks: Walks, goal: Array | None) -> Array:
        own = len(self.starts[0])
        log_std = parameters[own : own + 2]
        off = _along_across(
            walks.chosen - self.mean(parameters[:own], walks, goal), walks.seen.velocity
        )
        far = np.square(off * np.exp(-log_std)).sum(-1)
        if not self.heavy:
            return np.asarray(-0.5 * far - np.log(2.0 * np.pi) - log_std.sum())
        freedom = float(np.exp(np.clip(parameters[own + 2], -1.0, 6.0)))
        norm = gammaln(freedom / 2.0 + 1.0) - gammaln(freedom / 2.0) - np.log(freedom * np.pi)
        tail = (freedom / 2.0 + 1.0) * np.log1p(far / freedom)
        return np.asarray(norm - log_std.sum() - tail)


def goes_on(parameters: Array, walks: Walks, goal: Array | None) -> Array:
    """They go on as they walk."""
    return walks.seen.velocity


def is_drawn(parameters: Array, walks: Walks, goal: Array | None) -> Array:
    """(share, speed): part of the way from their velocity to one towards their goal."""
    share, speed = parameters
    wanted = speed * _unit(goal - walks.seen.place) if goal is not None else walks.seen.velocity
    return np.asarray((1.0 - share) * walks.seen.velocity + share * wanted)


def is_pushed(parameters: Array, walks: Walks, goal: Array | None) -> Array:
    """Social force (Helbing and Molnar 1995), its circular form, over one decision.

    (share, speed, strength and log reach of the robot's force, and of people's): as `is_drawn`, and
    pushed away, or pulled, by strength * exp(-distance / reach) [m/s]; where both will be half a
    decision on.
    """
    drawn = is_drawn(parameters[:2], walks, goal)
    robot = walks.seen.ahead[:, :1]
    now = walks.seen.place + 0.5 * walks.seen.velocity
    pushed = _push(now, 0.5 * (robot + walks.robot[:, None]), parameters[2:4])
    others = walks.seen.others[..., :2] + 0.5 * walks.seen.others[..., 2:]
    return np.asarray(drawn + pushed + _push(now, others, parameters[4:6]))


def _push(now: Array, bodies: Array, force: Array) -> Array:
    """Of bodies (N, O, 2) on people at now (N, 2): (N, 2) [m/s]."""
    off = now[:, None] - bodies
    apart = np.maximum(np.linalg.norm(off, axis=-1, keepdims=True), LEAST_M)
    strength, reach = force[0], np.exp(np.clip(force[1], -3.0, 3.0))
    return np.asarray((strength * np.exp(-apart / reach) * off / apart).sum(1))


def _unit(off: Array) -> Array:
    return np.asarray(off / np.maximum(np.linalg.norm(off, axis=-1, keepdims=True), LEAST_M))


def _along_across(off: Array, velocity: Array) -> Array:
    """Vectors (N, 2) in the frame of people's velocity; of who stands, in the fixed one."""
    speed = np.linalg.norm(velocity, axis=-1, keepdims=True)
    along = np.where(speed > LEAST_M, velocity / np.maximum(speed, LEAST_M), np.array([1.0, 0.0]))
    across = np.stack([-along[:, 1], along[:, 0]], -1)
    return np.stack([(off * along).sum(-1), (off * across).sum(-1)], -1)


_DRAWN = ((0.2, 1.0),)
_PUSHED = tuple(
    (0.2, 1.0, 0.1, float(np.log(reach)), 0.1, float(np.log(reach))) for reach in (0.3, 1.0, 3.0)
)
COMPARATORS: Final = (
    Comparator("constant velocity", goes_on),
    Comparator("constant velocity, t", goes_on, heavy=True),
    Comparator("goal", is_drawn, _DRAWN, knows_goals=True),
    Comparator("goal, t", is_drawn, _DRAWN, knows_goals=True, heavy=True),
    Comparator("social force", is_pushed, _PUSHED, knows_goals=True),
    Comparator("social force, t", is_pushed, _PUSHED, knows_goals=True, heavy=True),
)
