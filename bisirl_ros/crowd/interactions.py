"""What the learner observes: states and both actions at the human's decisions, never a reward."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bisirl_ros.core.arrays import Array


@dataclass(frozen=True)
class Interactions:
    """One batch: the decisions of one episode under one deployed policy.

    human: (T, 4) x, y [m], vx, vy [m/s] when the human decided
    robot: (T, 5) x, y [m], yaw [rad], speed [m/s], turn rate [rad/s] at that moment
    target: (T, 2) the velocity the human then went for [m/s]
    goal: (2,) where the human is going [m]
    policy_version: the snapshot that was deployed; -1 where the robot was only recorded
    robot_future: (T, H + 1, 5) the recorded robot from each decision on, or None
    step: (T,) which decisions of the episode these are, counted from 0; None: all from the first
    episode: number of the episode or recording it comes from; -1 where nobody counts
    """

    human: Array
    robot: Array
    target: Array
    goal: Array
    policy_version: int
    robot_future: Array | None = None
    episode: int = -1
    step: Array | None = None

    def __post_init__(self) -> None:
        t = len(self.human)
        if t == 0:
            raise ValueError("Interactions: no decision; give at least one")
        for name, value, shape in (
            ("human", self.human, (t, 4)),
            ("robot", self.robot, (t, 5)),
            ("target", self.target, (t, 2)),
            ("goal", self.goal, (2,)),
        ):
            if value.shape != shape:
                raise ValueError(f"Interactions.{name}: shape {value.shape}, expected {shape}")
            if not np.isfinite(value).all():
                raise ValueError(f"Interactions.{name}: holds a value that is not finite")
        future = self.robot_future
        if future is not None and (
            future.ndim != 3 or (future.shape[0], future.shape[2]) != (t, 5)
        ):
            raise ValueError(
                f"Interactions.robot_future: shape {future.shape}, expected ({t}, H + 1, 5)"
            )

    @property
    def unbroken(self) -> int:
        """How many decisions there are before the first one that was left out."""
        if self.step is None:
            return len(self)
        broken = np.flatnonzero(self.step != np.arange(len(self)))
        return int(broken[0]) if len(broken) else len(self)

    def __len__(self) -> int:
        return len(self.human)
