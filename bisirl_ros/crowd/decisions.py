"""What the learner observes: states and what people went for, never a reward."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bisirl_ros.core.arrays import Array


@dataclass(frozen=True)
class Decisions:
    """One batch: the decisions of everybody in one episode, under one deployed policy.

    robot: (T, 6) x, y [m], yaw [rad], vx, vy [m/s], wz [rad/s] at the moments of decision
    people: (T, P, 4) x, y [m], vx, vy [m/s], as estimated; present: (T, P) bool, who was there
    target: (T, P, 2) the velocity each then went for [m/s], as estimated; NaN where not known
    spread: (T, P, 6, 6) covariance of x, y, vx, vy and the target's two, as observed; zero: exact
    identities: who the P are
    route: (T, L, 2) the robot's goal or path at that moment [m]
    goals: (P, G, 2) where each may be going [m]; log_belief: (T, P, G) log probability of each,
        given what was seen before
    policy_version: the snapshot that was deployed; -1 where the robot was only recorded
    robot_future: (T, H + 1, 6) the recorded robot from each decision on, or None
    step: (T,) which decisions of the episode these are, counted from 0
    episode: number of the episode or recording it comes from; -1 where nobody counts
    period_s: between decisions; lag_s: of the body of who decided [s]; 0: as the scenario has them
    """

    robot: Array
    people: Array
    present: NDArray[np.bool_]
    target: Array
    spread: Array
    identities: tuple[str, ...]
    route: Array
    goals: Array
    log_belief: Array
    policy_version: int
    step: Array
    robot_future: Array | None = None
    episode: int = -1
    period_s: float = 0.0
    lag_s: float = 0.0

    def __post_init__(self) -> None:
        t, p = self.people.shape[:2]
        g = self.goals.shape[1] if self.goals.ndim == 3 else 0
        if not self.decided.any():
            raise ValueError("Decisions: no decision; give at least one")
        for name, shape in (
            ("robot", (t, 6)),
            ("people", (t, p, 4)),
            ("present", (t, p)),
            ("target", (t, p, 2)),
            ("spread", (t, p, 6, 6)),
            ("goals", (p, g, 2)),
            ("log_belief", (t, p, g)),
            ("step", (t,)),
        ):
            value = getattr(self, name)
            if value.shape != shape:
                raise ValueError(f"Decisions.{name}: shape {value.shape}, expected {shape}")
            if name not in ("target", "log_belief") and not np.isfinite(value).all():
                raise ValueError(f"Decisions.{name}: holds a value that is not finite")
        if len(self.identities) != p or len(set(self.identities)) != p:
            raise ValueError(f"Decisions.identities: {self.identities}, expected {p} different")
        if self.route.ndim != 3 or self.route.shape[::2] != (t, 2):
            raise ValueError(f"Decisions.route: shape {self.route.shape}, expected ({t}, L, 2)")
        future = self.robot_future
        if future is not None and (
            future.ndim != 3 or (future.shape[0], future.shape[2]) != (t, 6)
        ):
            raise ValueError(
                f"Decisions.robot_future: shape {future.shape}, expected ({t}, H + 1, 6)"
            )

    @property
    def decided(self) -> NDArray[np.bool_]:
        """Whose choice is known, and when: (T, P)."""
        return np.asarray(self.present & np.isfinite(self.target).all(-1))

    def has(self, identity: str) -> bool:
        """Whether somebody was there."""
        return any(
            name == identity and bool(there.any())
            for name, there in zip(self.identities, self.present.T, strict=True)
        )

    @property
    def unbroken(self) -> int:
        """How many moments there are, from the first on, with no moment or choice left out.

        Somebody's choices may end (they have arrived or left), but not go on after a gap.
        """
        whole = np.asarray(self.step == np.arange(len(self.step)))
        decided = self.decided
        ended = np.flip(np.logical_or.accumulate(np.flip(decided, 0), 0), 0)
        whole &= ~(ended & ~decided).any(-1)
        return int(np.argmin(whole)) if not whole.all() else len(whole)

    @property
    def replayable(self) -> bool:
        """Whether these choices may be replayed beside another policy, as the scenario has it."""
        return self.robot_future is None and not self.period_s and self.unbroken > 0

    def __len__(self) -> int:
        """Number of decisions, over all people."""
        return int(self.decided.sum())
