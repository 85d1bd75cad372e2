"""Whom an outer update imagines, and by which weights: what is believed of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.posterior import GIVEN, Posterior, Way, places_of
from bisirl_ros.core.risk import ESTIMATE
from bisirl_ros.crowd.decisions import Decisions
from bisirl_ros.crowd.scenario import Scenario


def cast_of(scenario: Scenario, recent: Sequence[Decisions]) -> list[str]:
    """The people of the newest batch, "" for a stranger: P names."""
    names = recent[-1].identities if recent else scenario.identities
    return [names[p] if p < len(names) else "" for p in range(scenario.people)]


def weights_of(
    theta: Tensor,
    known: Array,
    evidence: Posterior,
    cast: Sequence[str],
    stranger: Tensor | None = None,
) -> Tensor:
    """Each person's share of theta, as the evidence has it: (P, n).

    known: the same theta; stranger: (n,) the weights of somebody not met, None: as is believed
    """
    rows = []
    for name in cast:
        places = places_of(known, evidence, name)
        if places is not None:
            rows.append(theta[torch.from_numpy(places).to(theta.device)])
            continue
        if stranger is None:
            stranger = theta.new_tensor(evidence.newcomer(known)[0])
        rows.append(stranger)
    return torch.stack(rows) if rows else theta.new_zeros((0, len(evidence.newcomer(known)[0])))


class _Ways(NamedTuple):
    """How one of those imagined may decide: W ways, as `core.posterior.Way`.

    probability: (W,); names: of structures; off: (W, n) from the estimate; roots: (W, n, n) of the
    covariances
    """

    probability: Array
    names: tuple[str, ...]
    off: Array
    roots: Array


class Believed:
    """Those who are imagined, by what a policy is judged by (`core.risk`).

    `estimate`: as they most likely are; else each episode's are drawn: how they decide by its
    probability, then their weights of the normal distribution with the covariance if so, the
    robust one of whoever does not fit the model.
    """

    def __init__(self, risk: str) -> None:
        self._risk = risk
        self._evidence: Posterior | None = None
        self._of: tuple[int, bytes, tuple[str, ...]] | None = None
        self._ways: list[_Ways]

    def imagined(
        self,
        theta: Tensor,
        known: Array,
        evidence: Posterior,
        cast: Sequence[str],
        episodes: int,
        rng: np.random.Generator,
    ) -> tuple[Tensor, list[list[str]]]:
        """Weights (P, n), or (B, P, n) each episode's own, and structures (B of P).

        The second half decides as the first, and its weights differ by the first's opposite.
        Differentiable in theta, by which the draws are moved but not spread.
        """
        estimate = weights_of(theta, known, evidence, cast)
        if self._risk == ESTIMATE or not cast:
            return estimate, [[evidence.structure_of(name) for name in cast]] * episodes
        of = id(evidence), known.tobytes(), tuple(cast)
        if self._of != of:
            self._evidence, self._of = evidence, of  # kept, so that no other has its id
            self._ways = [_ways(known, evidence, name) for name in cast]
        halves = (episodes + 1) // 2
        parts = [evidence.part_of(name or f"stranger {p}") for p, name in enumerate(cast)]
        of_part = list(dict.fromkeys(parts))  # who shares a reward shares what is not known of it
        luck = rng.standard_normal((halves, len(of_part), estimate.shape[-1]))
        offs, names = [], []
        for part, ways in zip(parts, self._ways, strict=True):
            which = _systematic(ways.probability, halves, rng)
            spread = np.einsum("bij,bj->bi", ways.roots[which], luck[:, of_part.index(part)])
            middle = ways.off[which]
            offs.append(np.concatenate([middle + spread, middle - spread])[:episodes])
            names.append([ways.names[i] for i in [*which, *which]][:episodes])
        drawn = estimate + theta.new_tensor(np.stack(offs, 1))
        return drawn, [list(row) for row in zip(*names, strict=True)]


def _ways(known: Array, evidence: Posterior, name: str) -> _Ways:
    """What is believed of somebody, or of a stranger."""
    if places_of(known, evidence, name) is not None:
        middle, ways = evidence.theta_of(known, name), evidence.ways_of(known, name)
    else:
        middle, covariance = evidence.newcomer(known)
        ways = (Way(1.0, GIVEN, middle, covariance),)
    sizes, along = np.linalg.eigh(np.stack([way.covariance for way in ways]))
    return _Ways(
        np.array([way.probability for way in ways]),
        tuple(way.structure for way in ways),
        np.stack([way.theta - middle for way in ways]),
        along * np.sqrt(np.maximum(sizes, 0.0))[:, None],
    )


def _systematic(probability: Array, count: int, rng: np.random.Generator) -> Array:
    """So many draws of W, each as often as it is probable, give or take one: (count,)."""
    if len(probability) == 1:
        return np.zeros(count, int)
    at = (rng.permutation(count) + rng.random()) / count
    return np.minimum(np.searchsorted(np.cumsum(probability), at), len(probability) - 1)
