"""Where the people of a circle crossing start, and who of them sees the robot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError

RADIUS_M, BODY_M, SPEED = 4.0, 0.3, 1.0
"""Of the circle; of every body; what everybody prefers and cannot exceed [m/s]."""
DISCOMFORT_M = 0.2
"""A gap below it between two bodies is discomfort."""
ROBOT_START, ROBOT_GOAL = (0.0, -RADIUS_M), (0.0, RADIUS_M)
PEOPLE = 5
TEST_SEED = 1000
"""Of the first test case; validation and training cases have others."""
MOST_TRIES = 10_000

Random = Callable[[tuple[int, ...]], Array]
"""Shape -> uniform on [0, 1)."""


@dataclass(frozen=True)
class Crossings:
    """B crossings of a robot and P people who each go to the opposite point.

    start: (B, P, 2) where people start [m], at rest; sees: (B, P) who of them sees the robot
    """

    start: Array
    sees: NDArray[np.bool_]

    def __post_init__(self) -> None:
        if self.start.ndim != 3 or self.start.shape[-1] != 2:
            raise InputError(f"crossings: start has shape {self.start.shape}; give (B, P, 2)")
        if self.sees.shape != self.start.shape[:2]:
            raise InputError(
                f"crossings: sees has shape {self.sees.shape}; give {self.start.shape[:2]}"
            )

    def __len__(self) -> int:
        return len(self.start)

    @property
    def goal(self) -> Array:
        """Where people go: (B, P, 2) [m]."""
        return -self.start


def seeded(seeds: Sequence[int], sees: bool | float, people: int = PEOPLE) -> Crossings:
    """The crossings that CrowdNav draws with `np.random.seed(seed)`; its tests: 1000 to 1499.

    sees: whether people see the robot, or the share of them who do, drawn by a luck of their own
    Raises InputError for a share that is none, or where people find no room.
    """
    if not 0.0 <= sees <= 1.0:
        raise InputError(f"sees = {sees}: give a share from 0 to 1")
    drawn = [starts(np.random.RandomState(seed).random_sample, 1, people)[0] for seed in seeds]
    luck = [np.random.default_rng([seed, 1]).random(people) for seed in seeds]
    return Crossings(
        np.array(drawn).reshape(-1, people, 2), np.array(luck).reshape(-1, people) < sees
    )


def starts(random: Random, count: int, people: int = PEOPLE) -> Array:
    """Starts of `count` times `people` people (count, people, 2) [m], one after the other.

    On the circle, each coordinate off by up to half a metre, and again where somebody would be
    within DISCOMFORT_M of another's start or goal, the robot's included (`crowd_sim.py`,
    generate_circle_crossing_human). Raises InputError where people find no room.
    """
    taken = np.broadcast_to(np.array([ROBOT_START, ROBOT_GOAL]), (count, 2, 2))
    found = np.zeros((count, people, 2))
    for person in range(people):
        left = np.arange(count)
        for _ in range(MOST_TRIES):
            angle, *noise = random((len(left), 3)).T
            around = np.stack([np.cos(2.0 * np.pi * angle), np.sin(2.0 * np.pi * angle)], -1)
            place = RADIUS_M * around + (np.stack(noise, -1) - 0.5) * SPEED
            apart = np.linalg.norm(taken[left] - place[:, None], axis=-1)
            found[left, person] = place
            left = left[(apart < 2.0 * BODY_M + DISCOMFORT_M).any(-1)]
            if not len(left):
                break
        else:
            raise InputError(f"circle: no room for {people} people; ask for fewer")
        mine = found[:, person, None]
        taken = np.concatenate([taken, mine, -mine], 1)
    return found
