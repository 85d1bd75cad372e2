"""Quadrature over what was not seen exactly: a decision's state and its target velocity.

p(reports | theta) = E[ pi(u | x; theta) ] under the joint Gaussian belief of x and u, as

    sum_q share_q sum_m w_qm exp(theta . Phi(u_qm; x_q)) / sum_k exp(theta . Phi(u_k; x_q) + area_k)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.offered import APART_MPS, Choosable, Offered

ZERO = 1e-14
WIDE = 1.25
"""Wide is a belief whose deviation is beyond so many times the narrow candidates' distance."""
NEGLIGIBLE = 14.0
HERMITE = 5


@dataclass(frozen=True)
class Latent:
    """What may have been, and how probable each was given the reports alone.

    state: (N, Q, 4) x, y [m], vx, vy [m/s]; log_share: (N, Q), sums to one
    target: (N, Q, M, 2) [m/s]; log_weight: (N, Q, M); -inf beyond max_speed
    offered: (N, Q, K) velocities, what each might have chosen
    """

    state: Array
    target: Array
    log_weight: Array
    log_share: Array
    offered: Offered


def draws(mean: Array, spread: Array, max_speed: float, count: int, choosable: Choosable) -> Latent:
    """Q = count states and M targets for each; Q = M = 1 where all spreads are zero.

    mean: (N, 6) x, y, vx, vy and the target's two; spread: (N, 6, 6), positive semidefinite
    max_speed: the disc that targets lie in [m/s]; choosable: makes the candidates that the
    likelihood's normaliser sums over; count: a square number
    count = 1: the state's mean, and the targets' belief whatever the state. Else Gauss-Hermite
    points of the velocity, and the belief of targets given each. Positions follow at their mean
    given the velocity: no feature tells a centimetre, but the target's belief does, and points in
    four dimensions are too few for it.
    Targets: Gauss-Hermite points where their belief is narrower than candidates lie apart near
    what was chosen; else the candidates, weighed by the belief. Then p(reports | theta) is a sum
    over the same points as its normaliser, and no larger than the belief's largest density,
    whatever theta: with points of its own it grows without bound where a peaked pi falls between
    the candidates.
    """
    if not spread.any():
        state, target = mean[:, None, :4], mean[:, None, None, 4:]
        zero, offered = np.zeros(len(mean)), choosable.offered(state[..., 2:], target[:, :, 0])
        return Latent(state, target, zero[:, None, None], zero[:, None], offered)
    state, given, spread_u, log_share = _states(mean, spread, count)
    values, vectors = np.linalg.eigh(spread_u)
    belief = _Belief(given, np.sqrt(np.maximum(values, 0.0)), vectors)
    offered = choosable.offered(state[..., 2:], given)
    wide: NDArray[np.bool_] = np.asarray(np.sqrt(belief.size.prod(-1)) > WIDE * APART_MPS)
    target, log_weight = _hermite(belief, max_speed)
    if wide.any():
        some = Offered(offered.velocity[wide], offered.log_area[wide])
        target, log_weight = _merged(target, log_weight, wide, *_weighed(belief.some(wide), some))
    return Latent(state, target, log_weight, log_share, offered)


@dataclass(frozen=True)
class _Belief:
    """Of the targets: means given each state (N, Q, 2); principal deviations (N, 2) and axes."""

    given: Array
    size: Array
    axes: Array

    def some(self, index: NDArray[np.bool_]) -> _Belief:
        """Some of the N."""
        return _Belief(self.given[index], self.size[index], self.axes[index])


def _states(mean: Array, spread: Array, count: int) -> tuple[Array, Array, Array, Array]:
    """States (N, Q, 4), targets given each: means (N, Q, 2), covariance (N, 2, 2); log shares."""
    if count == 1:
        return mean[:, None, :4], mean[:, None, 4:], spread[:, 4:, 4:], np.zeros((len(mean), 1))
    z, log_w = _normal(math.isqrt(count))
    values, axes = np.linalg.eigh(spread[:, 2:4, 2:4])
    size = np.sqrt(np.maximum(values, 0.0))[:, None]
    root = spread[:, :, 2:4] @ (axes * np.where(size > ZERO, 1.0 / np.maximum(size, ZERO), 0.0))
    every = mean[:, None] + z @ root.swapaxes(1, 2)
    left = spread[:, 4:, 4:] - root[:, 4:] @ root[:, 4:].swapaxes(1, 2)
    return every[..., :4], every[..., 4:], left, np.tile(log_w, (len(mean), 1))


def _normal(count: int) -> tuple[Array, Array]:
    """Gauss-Hermite points of a standard normal, (count^2, 2), and their log weights."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(count)
    z = np.stack(np.meshgrid(nodes, nodes, indexing="ij"), -1).reshape(-1, 2)
    return z, np.log(np.outer(weights, weights) / weights.sum() ** 2).reshape(-1)


def _weighed(belief: _Belief, offered: Offered) -> tuple[Array, Array]:
    """The candidates that matter (N, Q, M, 2), and log of area times belief (N, Q, M)."""
    off = (offered.velocity - belief.given[:, :, None]) @ belief.axes[:, None]
    z = off / np.maximum(belief.size, ZERO)[:, None, None]
    density = -np.log(2.0 * math.pi * belief.size.prod(-1))[:, None, None]
    log_weight = offered.log_area + density - 0.5 * np.square(z).sum(-1)
    matter = log_weight > log_weight.max(-1, keepdims=True) - NEGLIGIBLE
    order = np.argsort(-log_weight, -1)[..., : int(matter.sum(-1).max())]
    target = np.take_along_axis(offered.velocity, order[..., None], -2)
    return target, np.take_along_axis(log_weight, order, -1)


def _hermite(belief: _Belief, most: float) -> tuple[Array, Array]:
    """Gauss-Hermite points, about a centre moved onto the disc where the belief lies beyond it."""
    z, log_w = _normal(HERMITE)
    given, root = belief.given, belief.axes * belief.size[:, None, :]
    seen = np.asarray(belief.size.any(-1))[:, None, None]
    speed = np.linalg.norm(given, axis=-1, keepdims=True)
    reach = np.maximum(most - belief.size.max(-1), 0.5 * most)[:, None, None]
    kept = np.where(seen & (speed > most), reach / np.maximum(speed, ZERO), 1.0)
    target = (kept * given)[:, :, None] + (z @ root.swapaxes(1, 2))[:, None]
    shift = ((kept - 1.0) * given) @ belief.axes / np.maximum(belief.size, ZERO)[:, None]
    log_weight = log_w - (shift[:, :, None] * z).sum(-1) - 0.5 * np.square(shift).sum(-1)[..., None]
    outside = (np.linalg.norm(target, axis=-1) > most) & seen
    return target, np.where(outside, -np.inf, log_weight)


def _merged(
    target: Array, log_weight: Array, wide: NDArray[np.bool_], more: Array, weight: Array
) -> tuple[Array, Array]:
    """Other points (n, Q, M, 2), weight (n, Q, M), where the belief is wide; filled up to one M."""
    n, q, m = log_weight.shape
    most = max(m, weight.shape[-1])
    points, logs = np.zeros((n, q, most, 2)), np.full((n, q, most), -np.inf)
    points[:, :, :m], logs[:, :, :m] = target, log_weight
    points[wide], logs[wide] = 0.0, -np.inf
    points[wide, :, : weight.shape[-1]], logs[wide, :, : weight.shape[-1]] = more, weight
    return points, logs
