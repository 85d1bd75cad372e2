"""The gradient through people's choices: its bias against central differences, noise, and time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.loop_config import LoopConfig
from bisirl_ros.core.loop_state import LoopState
from bisirl_ros.core.policy_update import improve_repeatedly
from bisirl_ros.crowd.adjoint import Through
from bisirl_ros.crowd.decisions import Decisions
from bisirl_ros.crowd.oracle import untaught
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.crowd.solver import CrowdSolver
from bisirl_ros.crowd.true_weights import true_weights
from bisirl_ros.verify.benchmark.scenarios import measured_scenarios
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COSINE, QUIETER, SLOWER = 0.98, 0.1, 1.2
ASKED_IN_FULL = (
    f"; variance <= {QUIETER:g} of the score function's where the response matters; "
    f"an update <= {SLOWER:g} times as long"
)
MATTERS = 0.2
"""The response matters where the gradient without it is off by this share."""
STEP = 0.02
"""Of the central differences, along unit vectors of phi."""
DIRECTIONS = 4
"""Leading directions of the estimates, beside their means, along which differences are taken."""
TURNS = 9
"""Updates whose times are compared."""
LEARNED = 12
"""Outer updates before it is measured: the policy has begun to interact."""


def measure(setup: Setup, say: Say) -> Outcome:
    """For each scenario: cosine, noise and time."""
    batches, episodes = (8, 256) if setup.quick else (64, 4096)
    wanted = {name: (name, setup.seed, batches, episodes) for name in measured_scenarios(setup)}
    rows = setup.parts.measure(of_scenario, wanted, say)
    missed, cosine = [], 0.5 if setup.quick else COSINE
    for name, row in rows.items():
        say(f"{name:<13} " + ", ".join(f"{key} {value:.3g}" for key, value in row.items()))
        if row["cosine"] < cosine:
            missed.append(f"{name}: cosine {row['cosine']:.3f}")
        if not setup.quick and row["response_share"] > MATTERS and row["variance_ratio"] > QUIETER:
            missed.append(f"{name}: variance ratio {row['variance_ratio']:.2f}")
        if not setup.quick and row["time_ratio"] > SLOWER:
            missed.append(f"{name}: {row['time_ratio']:.2f} times slower")
    return Outcome(
        {"scenarios": rows, "missed": missed},
        [setup.seed],
        None,
        f"cosine with central differences >= {cosine:g}" + ("" if setup.quick else ASKED_IN_FULL),
        not missed,
        "; ".join(missed),
    )


def of_scenario(name: str, seed: int, batches: int, episodes: int) -> dict[str, float]:
    """One scenario, true weights, a policy that has learned a little."""
    scenario = load_scenario(name)
    theta = true_weights(scenario, seed=seed)
    solvers = {
        through: CrowdSolver(scenario, InteractionPolicy(scenario.robot), through=through)
        for through in Through
    }
    state = _begun(solvers[Through.MEAN], theta, seed)
    found = {
        through: _estimates(solver, state, theta, batches) for through, solver in solvers.items()
    }
    mean, score, nothing = (found[t] for t in (Through.MEAN, Through.SCORE, Through.NOTHING))
    basis = _directions(mean, score)
    exact = _differences(solvers[Through.MEAN], state, theta, basis, episodes)
    ours = basis.T @ mean.mean(0)
    unresponsive = mean.mean(0) - nothing.mean(0)
    return {
        "cosine": _cosine(ours, exact),
        "length_ratio": float(np.linalg.norm(ours) / np.linalg.norm(exact)),
        "cosine_of_score": _cosine(basis.T @ score.mean(0), exact),
        "cosine_without_response": _cosine(basis.T @ nothing.mean(0), exact),
        "variance_ratio": float(mean.var(0).sum() / score.var(0).sum()),
        "response_share": float(np.linalg.norm(unresponsive) / np.linalg.norm(mean.mean(0))),
        "time_ratio": _times_as_long(solvers[Through.MEAN], solvers[Through.SCORE], state, theta),
    }


def _begun(solver: CrowdSolver, theta: Array, seed: int) -> LoopState[Decisions]:
    config = LoopConfig(policy_steps=LEARNED, checked_episodes=0)
    state = untaught(solver, config, seed)
    improve_repeatedly(solver, state, config, known_theta=theta.flatten())
    return state


def _terms(
    solver: CrowdSolver, state: LoopState[Decisions], theta: Array, luck: list[int]
) -> Tensor:
    rng, phi = np.random.default_rng(luck), state.phi
    return solver.outer_terms(phi, theta.flatten(), state.evidence, [], rng).d_phi


def _estimates(
    solver: CrowdSolver, state: LoopState[Decisions], theta: Array, batches: int
) -> Array:
    """The gradient from each of so many batches of 24 episodes, the same for all: (batches, m)."""
    every = [_terms(solver, state, theta, [1, i]) for i in range(batches)]
    return np.stack([gradient.double().numpy() for gradient in every])


def _directions(mean: Array, score: Array) -> Array:
    """An orthonormal basis of where the estimates point and vary: (m, DIRECTIONS + 2)."""
    leading = np.linalg.svd(mean - mean.mean(0), full_matrices=False)[2][:DIRECTIONS]
    basis: Array = np.linalg.qr(np.stack([mean.mean(0), score.mean(0), *leading]).T)[0]
    return basis


def _differences(
    solver: CrowdSolver, state: LoopState[Decisions], theta: Array, basis: Array, episodes: int
) -> Array:
    """Central differences of f along each direction, the same starts and luck on both sides."""
    phi, found = state.phi.double(), []
    for direction in torch.from_numpy(basis.T.copy()):
        values = [
            solver.returns(
                (phi + side * STEP * direction).float(),
                theta.flatten(),
                state.evidence,
                [],
                episodes,
                np.random.default_rng([2, 0]),
            ).mean()
            for side in (1.0, -1.0)
        ]
        found.append((values[0] - values[1]) / (2.0 * STEP))
    return np.array(found, float)


def _times_as_long(
    solver: CrowdSolver, other: CrowdSolver, state: LoopState[Decisions], theta: Array
) -> float:
    """An update by `solver` against one by `other`, in turns: whatever else runs slows both."""
    ratios = []
    for i in range(TURNS):
        seconds = []
        for asked in (solver, other):
            began = time.perf_counter()
            _terms(asked, state, theta, [3, i])
            seconds.append(time.perf_counter() - began)
        ratios.append(seconds[0] / seconds[1])
    return float(np.median(ratios))


def _cosine(a: Array, b: Array) -> float:
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def draw(outcome: Outcome, ax: Axes) -> None:
    """Cosines by scenario, with and without the response."""
    rows: dict[str, Any] = outcome.figures["scenarios"]
    at = np.arange(len(rows))
    for i, (key, label) in enumerate(
        (("cosine", "through the mean"), ("cosine_without_response", "response left out"))
    ):
        ax.bar(at + 0.4 * i, [row[key] for row in rows.values()], 0.4, label=label)
    ax.axhline(COSINE, color="k", lw=0.8, ls=":", label="bar")
    ax.set_xticks(at + 0.2, list(rows), fontsize=7, rotation=20)
    ax.set_ylabel("cosine with central differences", fontsize=8)


EXPERIMENT = Experiment("gradient", "the gradient through people's choices", measure, draw)
