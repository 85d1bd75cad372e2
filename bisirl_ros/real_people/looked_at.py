"""What people looked at along all that they might have chosen: psi of `crowd.features`, summed.

What is seen of a choice is the mean velocity of the period that follows; the body, which lags, was
sent for another that makes it so, and is foreseen to hold that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.features import Step, psi
from bisirl_ros.crowd.foresight import discounted
from bisirl_ros.crowd.person import Person
from bisirl_ros.crowd.room import Room
from bisirl_ros.real_people.seen import Seen

TOWARDS = ("progress", "robot_left")
"""Features that look at the goal."""
ROWS = 512


@dataclass(frozen=True)
class LookedAt:
    """Phi of T velocities that each of N people might choose.

    targets: (N, T, 2) mean velocities of the next period [m/s]
    same: (N, T, n) whatever the goal, zero in columns `towards`
    towards: numbers of the features that look at the goal
    """

    person: Person
    seen: Seen
    targets: Array
    same: Array
    towards: tuple[int, ...]

    @staticmethod
    def by(person: Person, seen: Seen, targets: Array) -> LookedAt:
        """All of it but goals."""
        names = [feature.name for feature in person.features]
        towards = tuple(i for i, name in enumerate(names) if name in TOWARDS)
        bare = LookedAt(person, seen, targets, np.zeros(0), towards)
        same = bare._features(person, np.zeros((len(seen), 2)))
        same[..., list(towards)] = 0.0
        return replace(bare, same=same)

    def goals(self, goals: Array) -> Array:
        """Phi of `towards` where people go to goals (N, 2) [m]: (N, T, m)."""
        if not self.towards:
            return np.zeros((*self.targets.shape[:2], 0))
        features = tuple(self.person.features[i] for i in self.towards)
        return self._features(replace(self.person, features=features), goals)

    def at(self, rows: NDArray[np.bool_]) -> LookedAt:
        """Of some people."""
        return replace(
            self, seen=self.seen.at(rows), targets=self.targets[rows], same=self.same[rows]
        )

    def without(self, features: NDArray[np.intp]) -> LookedAt:
        """As if these features had not been looked at: zero, so that their weights say nothing."""
        same = self.same.copy()
        same[..., features] = 0.0
        return replace(self, same=same)

    @torch.no_grad()
    def _features(self, person: Person, goals: Array) -> Array:
        if len(goals) == 0:
            return np.zeros((*self.targets.shape[:2], len(person.features)))
        parts = [slice(i, i + ROWS) for i in range(0, len(goals), ROWS)]
        return np.concatenate([self._part(person, part, goals[part]) for part in parts])

    def _part(self, person: Person, rows: slice, goals: Array) -> Array:
        seen, targets = self.seen, self.targets[rows]
        room, period_s = Room.of((), ()), person.decision_period_s
        own = _tensor(np.concatenate([seen.place[rows], seen.velocity[rows]], -1))
        kept = person.lag_s / period_s * -math.expm1(-period_s / person.lag_s)
        wished = (_tensor(targets) - kept * own[:, None, 2:]) / (1.0 - kept)
        path = person.path(own[:, None].expand(-1, targets.shape[1], -1), wished, room)
        others = _tensor(seen.others[rows])
        later = period_s * torch.arange(1.0, person.horizon + 1.0, dtype=own.dtype)[:, None, None]
        others_ahead = others[:, None, :, :2] + later * others[:, None, :, 2:]
        ahead = _tensor(seen.ahead[rows])[:, None].expand(-1, targets.shape[1], -1, -1)
        step = Step(
            path[..., :-1, :],
            path[..., 1:, :],
            ahead,
            others_ahead[:, None],
            _tensor(goals)[:, None, None],
            room,
            period_s,
        )
        return discounted(psi(step, person), person).numpy()


def _tensor(values: Array) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, float))
