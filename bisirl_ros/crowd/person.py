"""A kind of person: body, foresight, features; no start, no goal (those are the situation's)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from bisirl_ros.config import setting
from bisirl_ros.crowd.drives.limits import constant
from bisirl_ros.crowd.room import Room, without_inwards
from bisirl_ros.errors import InputError

FEATURE_NAMES = (
    "progress",
    "proximity",
    "velocity_change",
    "speed_deviation",
    "effort",
    "wall_proximity",
    "person_proximity",
    "company",
    "robot_left",
    "persistence",
    "standing",
)
"""The features that `bisirl_ros.crowd.features` defines."""
PROPORTIONAL = ("progress", "velocity_change", "speed_deviation", "effort")
"""Those of which another scale is but another unit."""


@dataclass(frozen=True)
class FeatureSpec:
    """One component of psi, by its name in `bisirl_ros.crowd.features`, and its scale."""

    name: str = setting(doc="which feature", choices=FEATURE_NAMES)
    scale: float = setting(1.0, doc="what counts as one unit of it", low=1e-3)
    distance: float = setting(0.0, doc="the best distance of `company`", unit="m", low=0.0)

    @property
    def label(self) -> str:
        """What tells it from others of its name."""
        return f"{self.name}_{self.scale:g}" + f"_{self.distance:g}" * (self.distance > 0.0)


@dataclass(frozen=True)
class Person:
    """How somebody's body follows their intent, how far they look ahead, what they care for."""

    features: tuple[FeatureSpec, ...] = setting(doc="the features psi, in order")
    radius_m: float = setting(0.25, doc="footprint", unit="m", low=0.01)
    preferred_speed: float = setting(1.2, doc="speed they like", unit="m/s", low=0.05, high=3.0)
    max_speed: float = setting(1.8, doc="fastest intent", unit="m/s", low=0.1, high=5.0)
    lag_s: float = setting(0.3, doc="first-order lag of the body", unit="s", low=0.01, high=5.0)
    goal_tolerance_m: float = setting(0.8, doc="arrived within", unit="m", low=0.01)
    decision_period_s: float = setting(
        0.4, doc="time between decisions", unit="s", low=0.05, high=2.0
    )
    horizon: int = setting(8, doc="decisions they look ahead, H", low=1, high=50)
    discount: float = setting(0.95, doc="gamma", low=0.01, high=1.0)

    def __post_init__(self) -> None:
        if not self.features:
            raise InputError("person: features is empty; name at least one")
        columns = [f.name if f.name in PROPORTIONAL else f for f in self.features]
        twice = [
            f.name for f, c in zip(self.features, columns, strict=True) if columns.count(c) > 1
        ]
        if twice:
            raise InputError(
                f"person: feature '{twice[0]}' is named twice; no data tells two equal columns"
                " apart"
            )

    @cached_property
    def feature_names(self) -> tuple[str, ...]:
        """Names of psi's components, in the order of theta; with the scale where two share one."""
        plain = [feature.name for feature in self.features]
        return tuple(
            feature.name if plain.count(feature.name) == 1 else feature.label
            for feature in self.features
        )

    @cached_property
    def _rhythm(self) -> tuple[tuple[tuple[float], ...], ...]:
        """At 0, 1, ..., H decisions: the time, what is left of a shortfall, and its integral."""
        times = [self.decision_period_s * h for h in range(self.horizon + 1)]
        decays = [math.exp(-t / self.lag_s) for t in times]
        rows = (times, decays, [self.lag_s * (1.0 - d) for d in decays])
        return tuple(tuple((value,) for value in row) for row in rows)

    def step(self, state: Tensor, target: Tensor, dt_s: float, room: Room) -> Tensor:
        """State (..., 4) after going for the velocity `target` (..., 2) [m/s] for dt_s: (..., 4).

        A first-order lag, exact for any dt_s; walls hold them up, and they slide along.
        """
        parts = room.parts(self.max_speed * dt_s, self.radius_m)
        for _ in range(parts):
            there = lagged(state, target, self.lag_s, dt_s / parts)
            if not room.empty:
                place, held = room.admit(state[..., :2], there[..., :2], self.radius_m)
                there = torch.cat([place, without_inwards(there[..., 2:], held)], -1)
            state = there
        return state

    def path(self, state: Tensor, target: Tensor, room: Room) -> Tensor:
        """States at 0, 1, ..., H decisions while holding `target`: (..., H + 1, 4).

        state: (..., 4); target: (..., 2) [m/s]. The closed form of `lagged` repeated; they foresee
        that a wall stops them.
        """
        time, decay, glide = (constant(rows, state.dtype, state.device) for rows in self._rhythm)
        target = target[..., None, :]
        shortfall = state[..., None, 2:] - target
        position = torch.addcmul(
            torch.addcmul(state[..., None, :2], target, time), shortfall, glide
        )
        velocity = torch.addcmul(target, shortfall, decay)
        if not room.empty:
            free = room.seen_free(position.detach(), self.radius_m)
            last = (free.long().sum(-1, keepdim=True) - 1)[..., None]
            wall = position.gather(-2, last.expand(*last.shape[:-1], 2))
            position = torch.where(free[..., None], position, wall)
            velocity = torch.where(free[..., None], velocity, 0.0)
        return torch.cat([position, velocity], -1)


def lagged(state: Tensor, target: Tensor, lag_s: float, dt_s: float) -> Tensor:
    """State (..., 4) after dt_s of a first-order lag to the velocity `target` (..., 2): exact."""
    decay = math.exp(-dt_s / lag_s)
    shortfall = state[..., 2:] - target
    position = torch.add(state[..., :2], target, alpha=dt_s)
    position = torch.add(position, shortfall, alpha=lag_s * (1.0 - decay))
    return torch.cat([position, torch.add(target, shortfall, alpha=decay)], -1)


def implied_target(velocity_t: Tensor, velocity_tp: Tensor, lag_s: float, dt_s: float) -> Tensor:
    """The constant target velocity that turns one velocity into the next: (..., 2) [m/s].

    The inverse of `lagged`; with dt_s < the time a target is held it does not depend on when,
    before `velocity_t`, the target was chosen.
    """
    decay = math.exp(-dt_s / lag_s)
    return (velocity_tp - velocity_t * decay) / (1.0 - decay)
