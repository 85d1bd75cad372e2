"""Who of the people minds the robot: each person's weight on it, learned within one crossing.

What an ORCA person does is told by half-planes of velocities (van den Berg et al. 2011, section 4),
far ahead of where anybody comes near. So the features here are of one decision: how far a velocity
is from the wished one, and how far it intrudes on the half-planes due to the other people and to
the robot. The weight on the last is zero for somebody who does not see the robot.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from bisirl_ros.bench.crowdnav.crossings import BODY_M, ROBOT_START, SPEED, Crossings
from bisirl_ros.bench.crowdnav.simulator import STEP_S, Played, choose
from bisirl_ros.core.arrays import Array
from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.lower_level import Method, solve_from_starts
from bisirl_ros.crowd.candidates import gauss_disc
from bisirl_ros.crowd.choices import Choices
from bisirl_ros.errors import InputError

FEATURES = ("wish", "people", "robot")
"""|u - wished|^2 [m^2/s^2], and the summed intrusions on half-planes [m/s]."""
PEOPLE, ROBOT = FEATURES.index("people"), FEATURES.index("robot")
HORIZON_S, MARGIN_M = 5.0, 0.02
GRID, SEEN_MPS = (20, 44), 0.05
"""Rings and spokes of the velocities that stand for all; how well a velocity is seen [m/s], wider
than they lie apart."""
PRIOR = 1e-3
"""Precision of the prior on every weight."""
NEVER = 1e6
"""Precision of a weight that is known to be zero."""
ARRIVED_M = 0.2
TOLERANCE, MOST_ITERATIONS = 1e-4, 100


@dataclass(frozen=True)
class Seers:
    """What people of both kinds want: those who see the robot mind it as they mind each other.

    theta: (3,) of whoever does not see the robot, whose weight on it is zero
    """

    theta: Array

    def weight(self, choices: Choices) -> float:
        """One person's weight on the robot: its posterior mean, both kinds as likely at first."""
        seer = self.theta.copy()
        seer[ROBOT] = self.theta[PEOPLE]
        surprise = choices.value(self.theta) - choices.value(seer) if len(choices) else 0.0
        return float(self.theta[PEOPLE] / (1.0 + np.exp(-np.clip(surprise, -500.0, 500.0))))

    def see(self, weights: Array) -> Array:
        """Who of the people with weights (N,) more probably sees the robot: (N,) bool."""
        return np.asarray(weights < 0.5 * self.theta[PEOPLE])


def learn_seers(crossings: Crossings, played: Played) -> Seers:
    """Everybody's weights on their wish and on each other, from people who do not see the robot.

    Raises InputError where somebody does.
    """
    if crossings.sees.any():
        raise InputError("seers: somebody sees the robot; learn from crossings where nobody does")
    prior = PRIOR * np.eye(len(FEATURES))
    prior[ROBOT, ROBOT] = NEVER
    count = crossings.start.shape[1]
    evidence = Evidence.around(np.zeros(len(FEATURES)), prior, count * len(crossings))
    for b in range(len(crossings)):
        for p in range(count):
            evidence = evidence.add(choices(crossings, played, b, p))
    found = solve_from_starts(
        evidence,
        [evidence.prior_mean],
        trajectories=evidence.trajectories,
        tolerance=TOLERANCE,
        max_iterations=MOST_ITERATIONS,
        method=Method.NEWTON,
    )
    return Seers(found.theta)


def choices(crossings: Crossings, played: Played, b: int, p: int) -> Choices:
    """What person p did in crossing b, while it went on and they had not arrived."""
    count = int(played.steps[b])
    people = played.people[: count + 1, b]
    way = crossings.goal[b, p] - people[:-1, p, :2]
    left = np.linalg.norm(way, axis=-1)
    when = left > ARRIVED_M
    own, others = people[:-1, p][when], np.delete(people[:-1], p, axis=1)[when]
    beside = _beside(played, b)[when]
    wish = (way / np.maximum(left, SPEED)[:, None])[when]
    disc = gauss_disc(SPEED, *GRID)
    velocity, log_area = (v.double().numpy() for v in (disc.velocity, disc.log_area))
    asked = np.broadcast_to(velocity, (len(own), *velocity.shape))
    found = np.stack(
        [
            np.square(asked - wish[:, None]).sum(-1),
            intrusion(own, others, asked).sum(1),
            intrusion(own, beside[:, None], asked)[:, 0],
        ],
        -1,
    )
    off = np.square(asked - people[1:, p, None, 2:][when]).sum(-1)
    belief = log_area - 0.5 * off / SEEN_MPS**2
    alone = np.zeros((len(own), 1))
    return Choices(found[:, None], belief[:, None], found[:, None], log_area, alone)


def at_stake(crossings: Crossings, played: Played) -> Array:
    """By how much seeing the robot changes a choice of each person, at most: (B, P) [m/s].

    Where it is zero no observer can tell, whatever they know of ORCA.
    """
    found = np.zeros(crossings.sees.shape)
    for b, count in enumerate(played.steps):
        people = torch.from_numpy(played.people[:count, b])
        goal = torch.from_numpy(crossings.goal[b]).expand(len(people), -1, -1)
        body = torch.from_numpy(_beside(played, b))
        blind, seeing = (
            choose(body, people, goal, torch.full(people.shape[:2], sees)) for sees in (False, True)
        )
        found[b] = (blind - seeing).norm(dim=-1).amax(0).numpy()
    return found


def _beside(played: Played, b: int) -> Array:
    """The robot (T, 4) of crossing b as people see it: its place, and how it last moved."""
    place = played.robot[: played.steps[b] + 1, b, :2]
    moved = np.diff(place, axis=0, prepend=[ROBOT_START]) / STEP_S
    return np.concatenate([place, moved], -1)[:-1]


def intrusion(own: Array, others: Array, velocity: Array) -> Array:
    """How far velocities are inside what ORCA forbids: (N, O, K) [m/s].

    own: (N, 4) somebody's state; others: (N, O, 4) whom they avoid; velocity: (N, K, 2) [m/s]
    The half-plane leaves each of two the half of the smallest change that keeps them apart for
    HORIZON_S (van den Berg et al. 2011, equations 5 to 7).
    """
    apart = others[..., :2] - own[:, None, :2]
    relative = own[:, None, 2:] - others[..., 2:]
    reach = 2.0 * BODY_M + MARGIN_M
    square = np.square(apart).sum(-1)
    touching = square <= reach**2
    rate = np.where(touching, 1.0 / STEP_S, 1.0 / HORIZON_S)[..., None]
    w = relative - rate * apart
    size = np.maximum(np.linalg.norm(w, axis=-1, keepdims=True), 1e-9)
    along = (w * apart).sum(-1)
    round_end = touching | ((along < 0.0) & (along**2 > reach**2 * size[..., 0] ** 2))
    outwards = w / size
    leg = np.sqrt(np.maximum(square - reach**2, 0.0))[..., None]
    side = np.where(_cross(apart, w) > 0.0, 1.0, -1.0)[..., None]
    turned = np.stack([-apart[..., 1], apart[..., 0]], -1)
    leg_way = (side * leg * apart + reach * turned) / np.maximum(square, 1e-9)[..., None]
    ends = (reach * rate - size) * outwards
    legs = (relative * leg_way).sum(-1, keepdims=True) * leg_way - relative
    change = np.where(round_end[..., None], ends, legs)
    end_way = np.stack([outwards[..., 1], -outwards[..., 0]], -1)
    way = np.where(round_end[..., None], end_way, leg_way)
    point = own[:, None, 2:] + 0.5 * change
    inside = _cross(way[:, :, None], point[:, :, None] - velocity[:, None])
    return np.maximum(inside, 0.0)


def _cross(a: Array, b: Array) -> Array:
    return np.asarray(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0])
