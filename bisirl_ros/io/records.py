"""How the interactions and likelihoods of one game are kept in a file, and built again."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.likelihood import Likelihood
from bisirl_ros.core.loop_state import Batch
from bisirl_ros.tabular.interactions import TabularInteractions
from bisirl_ros.tabular.likelihood import TabularLikelihood
from bisirl_ros.tabular.solver import TabularSolver

if TYPE_CHECKING:
    from bisirl_ros.crowd.decisions import Decisions
    from bisirl_ros.crowd.scenario import Scenario

Arrays = dict[str, Array]

PLAIN = ":json"
"""Ends the name of an array that is the JSON of a value which is none, as bytes."""


@dataclass(frozen=True)
class Records(Generic[Batch]):
    """What a checkpoint of one game's learner has to know.

    name: of the game; identity: all that a weight's meaning depends on, by name, JSON-able
    phi_size: m; n_features: n, of one person
    batch, likelihood: make them of the fields that `arrays_of` took; a likelihood is one person's
    known: fields of a likelihood that `likelihood` knows by itself, and no file holds
    """

    name: str
    identity: dict[str, Any]
    phi_size: int
    n_features: int
    batch: Callable[..., Batch]
    likelihood: Callable[..., Likelihood]
    known: tuple[str, ...] = ()


def scenario_records(scenario: Scenario, phi_size: int) -> Records[Decisions]:
    """Of the loop of a crowd's solver: a weight means what the person's kind makes of it."""
    from bisirl_ros.crowd.choices import Choices  # a tabular learner needs no crowd
    from bisirl_ros.crowd.decisions import Decisions
    from bisirl_ros.crowd.goal_mixture import GoalMixture

    person = dataclasses.asdict(scenario.person)
    features = person.pop("features")
    identity = {
        "features": list(scenario.feature_names),
        "feature scales": [feature["scale"] for feature in features],
        **{name.replace("_", " "): value for name, value in person.items()},
        "drive": scenario.robot.drive,
    }
    n = len(scenario.feature_names)

    def likelihood(**fields: Any) -> Choices | GoalMixture:
        return GoalMixture(**fields) if "lengths" in fields else Choices(**fields)

    return Records(f"scenario {scenario.name}", identity, phi_size, n, Decisions, likelihood)


def tabular_records(solver: TabularSolver) -> Records[TabularInteractions]:
    """Of a `TabularSolver`'s loop."""
    game, reward = solver.game, solver.reward

    def likelihood(pi_l: Array, counts: Array, trajectories: int) -> TabularLikelihood:
        policy, chosen = (torch.from_numpy(np.asarray(x)) for x in (pi_l, counts))
        return TabularLikelihood(game, reward, policy, chosen, trajectories)

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
        known=("game", "reward"),
    )


def arrays_of(record: Any, known: tuple[str, ...] = ()) -> Arrays:
    """The fields of a dataclass as arrays, by name; known: fields to leave out.

    Arrays and tensors as they are; None, truth values, numbers, strings and tuples of these as the
    bytes of their JSON, under the name with PLAIN at its end. Raises TypeError for anything else.
    """
    arrays: Arrays = {}
    for field in dataclasses.fields(record):
        if not field.init or field.name in known:
            continue
        value = getattr(record, field.name)
        if isinstance(value, Tensor):
            arrays[field.name] = value.detach().cpu().numpy()
        elif isinstance(value, np.ndarray):
            arrays[field.name] = value
        else:
            arrays[field.name + PLAIN] = _as_bytes(value, f"{type(record).__name__}.{field.name}")
    return arrays


def fields_of(arrays: Arrays) -> dict[str, Any]:
    """What `arrays_of` took, by the names of the fields."""
    return {
        name.removesuffix(PLAIN): _plain(json.loads(value.tobytes()))
        if name.endswith(PLAIN)
        else value
        for name, value in arrays.items()
    }


def _as_bytes(value: Any, where: str) -> Array:
    value = value.item() if isinstance(value, np.generic) else value
    try:
        if _plain(json.loads(json.dumps(value))) != value:
            raise TypeError("comes back changed")
        return np.frombuffer(json.dumps(value).encode(), np.uint8)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{where}: a {type(value).__name__} cannot be kept ({error})") from error


def _plain(value: Any) -> Any:
    """A value out of JSON, with tuples for its lists."""
    return tuple(map(_plain, value)) if isinstance(value, list) else value


def _digest(table: Tensor) -> str:
    return hashlib.sha256(table.contiguous().numpy().tobytes()).hexdigest()[:16]
