"""Whom an outer update imagines, and by which weights: what is believed of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.posterior import Posterior, places_of
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


class Believed:
    """Weights of the people imagined, by what a policy is judged by (`core.risk`).

    `estimate`: the estimates; else draws of the normal distribution with the covariance that is
    published, the robust one of whoever does not fit the model; worked out once a batch. How they
    decide stays as is believed most.
    """

    def __init__(self, risk: str) -> None:
        self._risk = risk
        self._evidence: Posterior | None = None
        self._of: tuple[int, bytes, tuple[str, ...]] | None = None
        self._roots: Array

    def weights(
        self,
        theta: Tensor,
        known: Array,
        evidence: Posterior,
        cast: Sequence[str],
        episodes: int,
        rng: np.random.Generator,
    ) -> Tensor:
        """(P, n), or (B, P, n) each episode's own; the second half differs by the first's opposite.

        Differentiable in theta, by which the draws are moved but not spread.
        """
        estimate = weights_of(theta, known, evidence, cast)
        if self._risk == ESTIMATE:
            return estimate
        of = id(evidence), known.tobytes(), tuple(cast)
        if self._of != of:
            self._evidence, self._of = evidence, of  # kept, so that no other has its id
            self._roots = _roots(known, evidence, cast)
        parts = [evidence.part_of(name or f"stranger {p}") for p, name in enumerate(cast)]
        of_part = list(dict.fromkeys(parts))  # who shares a reward shares what is not known of it
        half = rng.standard_normal(((episodes + 1) // 2, len(of_part), self._roots.shape[-1]))
        half = half[:, [of_part.index(part) for part in parts]]
        luck = np.concatenate([half, -half])[:episodes]
        return estimate + theta.new_tensor(np.einsum("pij,bpj->bpi", self._roots, luck))


def _roots(known: Array, evidence: Posterior, cast: Sequence[str]) -> Array:
    """Of the covariance of what is believed of each: (P, n, n)."""
    stranger = evidence.newcomer(known)[1]
    met = [places_of(known, evidence, name) is not None for name in cast]
    each = [
        evidence.covariance_of(known, name) if of else stranger
        for name, of in zip(cast, met, strict=True)
    ]
    sizes, along = np.linalg.eigh(np.reshape(each, (len(each), *stranger.shape)))
    return np.asarray(along * np.sqrt(np.maximum(sizes, 0.0))[:, None])
