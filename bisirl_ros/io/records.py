"""How the interactions and likelihoods of one game are kept in a file, and built again."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.bilevel import Batch
from bisirl_ros.core.evidence import Likelihood
from bisirl_ros.crowd.choices import ChoiceLikelihood
from bisirl_ros.crowd.interactions import Interactions
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.tabular.interactions import TabularInteractions
from bisirl_ros.tabular.likelihood import TabularLikelihood
from bisirl_ros.tabular.solver import TabularSolver

Arrays = dict[str, Array]


@dataclass(frozen=True)
class Records(Generic[Batch]):
    """What a checkpoint of one game's learner has to know.

    name: of the game; identity: all that a weight's meaning depends on, by name, JSON-able
    phi_size: m; n_features: n
    batch, likelihood: make them of the arrays and whole numbers that `arrays_of` took
    """

    name: str
    identity: dict[str, Any]
    phi_size: int
    n_features: int
    batch: Callable[..., Batch]
    likelihood: Callable[..., Likelihood]


def scenario_records(scenario: Scenario, phi_size: int) -> Records[Interactions]:
    """Of a `RecedingHorizonSolver`'s loop."""
    human = scenario.human
    return Records(
        f"scenario {scenario.name}",
        {
            "features": list(scenario.feature_names),
            "feature scales": [feature.scale for feature in scenario.features],
            "horizon": scenario.horizon,
            "discount": scenario.discount,
            "decision period": scenario.decision_period_s,
            "lag": human.lag_s,
            "speeds": [human.max_speed, human.preferred_speed],
        },
        phi_size,
        len(scenario.features),
        Interactions,
        ChoiceLikelihood,
    )


def tabular_records(solver: TabularSolver) -> Records[TabularInteractions]:
    """Of a `TabularSolver`'s loop."""
    game, reward = solver.game, solver.reward

    def likelihood(pi_l: Array, counts: Array) -> TabularLikelihood:
        tables = (torch.from_numpy(np.asarray(x)) for x in (pi_l, counts))
        return TabularLikelihood(game, reward, *tables)

    zero = torch.zeros(reward.n_features, dtype=torch.float64)
    return Records(
        "tabular game",
        {
            "shape": list(game.transition.shape),
            "horizon": game.horizon,
            "discount": game.discount,
            "transition": _digest(game.transition),
            "reward": _digest(reward.jacobian(zero)),
        },
        game.n_states * game.n_learner_actions,
        reward.n_features,
        TabularInteractions,
        likelihood,
    )


def arrays_of(record: Any) -> Arrays:
    """The arrays, tensors and whole numbers among the fields of a dataclass, by name."""
    values = {f.name: getattr(record, f.name) for f in dataclasses.fields(record) if f.init}
    return {
        name: value.numpy() if isinstance(value, Tensor) else np.asarray(value)
        for name, value in values.items()
        if isinstance(value, (Tensor, np.ndarray, int))
    }


def fields_of(arrays: Arrays) -> dict[str, Any]:
    """What `arrays_of` took, whole numbers as such."""
    return {name: value if value.ndim else int(value) for name, value in arrays.items()}


def _digest(table: Tensor) -> str:
    return hashlib.sha256(table.contiguous().numpy().tobytes()).hexdigest()[:16]
