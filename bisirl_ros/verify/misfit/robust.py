"""Robust intervals hold the weights that are nearest to what people do, model or not.

Where no weights of the model explain somebody, there still are those that explain most of very many
decisions (pseudo-true ones: White 1982). Intervals are of these: found again and again from a few
episodes of the same person, and from the exact law of experts in finite games.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.likelihood import Likelihood
from bisirl_ros.core.lower_level import Status, solve_lower_level
from bisirl_ros.core.prior_width import explained
from bisirl_ros.core.robust import NORMAL_95, robust_covariance
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.solver import CrowdSolver
from bisirl_ros.errors import InputError
from bisirl_ros.metrics.bootstrap import bootstrap_mean
from bisirl_ros.tabular.population import Population
from bisirl_ros.tabular.solver import TabularSolver
from bisirl_ros.theory.random_games import random_game
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup
from bisirl_ros.verify.misfit.encounters import EPISODES, LOOP, encounters
from bisirl_ros.verify.misfit.experts import EXPERTS
from bisirl_ros.verify.misfit.kinds import KINDS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SEEDS, QUICK_SEEDS = 28, 2
DECISIONS, QUICK_DECISIONS = 30_000, 100
CHUNK, QUICK_CHUNK, TOGETHER = 80, 8, 8
"""Episodes that are learned from as one batch of very many; those under one policy."""
AFTERWARDS = 10_000
"""Seeds of the very many episodes, beyond those of a few."""
GAMES, REPETITIONS, QUICK_REPETITIONS = 14, 20, 2
POLICIES, BATCHES, EPISODES_A_BATCH = 1000, 24, 4
PERSON = 0
TOLERANCE, COVERAGE = 1e-8, 0.88


def measure(setup: Setup, say: Say) -> Outcome:
    """One person of each kind, met anew by each seed; experts in games, each many times."""
    seeds, quick = setup.seeds(SEEDS, QUICK_SEEDS), setup.quick
    kinds = list(KINDS)[: 2 if quick else None]
    many = QUICK_DECISIONS if quick else DECISIONS
    chunk = QUICK_CHUNK if quick else CHUNK
    wanted = {f"{kind}, {many} decisions": (kind, many, chunk) for kind in kinds}
    best = setup.parts.measure(of_many, wanted, say)
    few = {f"{kind}, seed {seed}": (kind, seed) for kind in kinds for seed in seeds}
    found = setup.parts.measure(of_few, few, say)
    table = {
        kind: coverage(
            [found[f"{kind}, seed {seed}"] for seed in seeds], best[f"{kind}, {many} decisions"]
        )
        for kind in kinds
    }
    repetitions = QUICK_REPETITIONS if quick else REPETITIONS
    games = setup.seeds(GAMES, 1)
    played = {f"{who}, game {game}": (who, game, repetitions) for who in EXPERTS for game in games}
    rows = setup.parts.measure(of_game, played, say)
    for who in EXPERTS:
        of = [coverage(**rows[f"{who}, game {game}"]) for game in games]
        held = [held for one in of for held in one.pop("held")]
        table[f"game: {who}"] = {
            **{key: float(np.mean([one[key] for one in of])) for key in of[0]},
            "held": held,
        }
    for kind, row in table.items():
        say(
            f"{kind:<40} {row['robust']:.0%} robust, {row['laplace']:.0%} by the model; the weights"
            f" themselves known to {row['own']:.0%} of a deviation"
        )
    missed = [kind for kind, row in table.items() if row["robust"] < COVERAGE]
    return Outcome(
        {"kinds": table, "missed": missed},
        seeds,
        {kind: bootstrap_mean(row.pop("held")) for kind, row in table.items()},
        f"robust 95 % intervals hold the pseudo-true weights in >= {COVERAGE:.0%}, in every row",
        quick or not missed,
        "quick: judged by being played at all" if quick else "; ".join(missed),
    )


def coverage(rows: list[dict[str, Any]], best: dict[str, Any]) -> dict[str, Any]:
    """Shares of the intervals that hold the best weights, `held` of the robust ones by row.

    own: how well those are known, as a share of a row's robust deviation, the most of any weight
    """
    off = np.abs(np.array([row["theta"] for row in rows]) - best["theta"])
    std = {key: np.array([row[key] for row in rows]) for key in ("robust", "laplace")}
    held = {key: off <= NORMAL_95 * of for key, of in std.items()}
    return {
        **{key: float(np.mean(of)) for key, of in held.items()},
        "own": float(np.max(best["robust"] / std["robust"].mean(0))),
        "held": held["robust"].mean(-1).tolist(),
    }


def of_many(kind: str, decisions: int, chunk: int = CHUNK) -> dict[str, list[float]]:
    """The weights that explain most of so many decisions of somebody of KINDS.

    chunk: episodes that are explained as one batch
    """
    chunks: list[Likelihood] = []
    seed = AFTERWARDS
    while sum(map(len, chunks)) < decisions:
        first, *rest = _choices(kind, seed, chunk, TOGETHER)
        chunks.append(first.joined(rest))
        seed += 1
    return _explained(chunks)


def of_few(kind: str, seed: int) -> dict[str, list[float]]:
    """What a learner knows after its episodes; each under a policy of its own."""
    return _explained(_choices(kind, seed, EPISODES, 1))


def _choices(kind: str, seed: int, episodes: int, per_policy: int) -> list[Likelihood]:
    """Somebody's choices, by episode."""
    met = encounters(kind, seed, episodes, per_policy, PERSON)
    solver = CrowdSolver(met.scenario, InteractionPolicy(met.scenario.robot))
    (name,) = met.scenario.identities
    return [solver.likelihood(batch, phi).of[name] for batch, phi in met.lived]


def _explained(batches: list[Likelihood]) -> dict[str, list[float]]:
    """theta and its deviations, robust and by the model: (n,) each."""
    n = batches[0].size
    evidence = Evidence.start(n, LOOP.prior_precision, len(batches))
    for batch in batches:
        evidence = evidence.add(batch)
    evidence, theta = explained(evidence, np.zeros(n), lambda some, _: _best(some))
    of = {"robust": robust_covariance(evidence, theta), "laplace": evidence.covariance(theta)}
    std = {key: np.sqrt(np.diag(covariance)).tolist() for key, covariance in of.items()}
    return {"theta": theta.tolist(), **std}


def _best(evidence: Evidence) -> Array:
    """The minimiser (n,); raises InputError where it is not reached."""
    found = solve_lower_level(
        evidence,
        np.zeros(len(evidence.prior_mean)),
        trajectories=evidence.trajectories,
        tolerance=TOLERANCE,
    )
    if found.status is not Status.CONVERGED:
        raise InputError(f"no best weights: stopped ({found.status.value}) at {found.residual:.1e}")
    return found.theta


def of_game(expert: str, seed: int, repetitions: int) -> dict[str, Any]:
    """What is known after so many repetitions; the best weights by the expert's exact law beside
    very many policies, twice.
    """
    rng = np.random.default_rng([seed, 31])
    known = EXPERTS[expert](random_game(np.random.default_rng(seed), horizon=5), rng)
    solver = TabularSolver(known.game, known.reward)
    population = Population(solver, known.expert)
    halves = [
        _best(population.objective(torch.stack([known.random_phi(rng) for _ in range(POLICIES)])))
        for _ in range(2)
    ]

    def lived() -> list[Likelihood]:
        phis = [known.random_phi(rng) for _ in range(BATCHES)]
        return [solver.likelihood(known.play(phi, EPISODES_A_BATCH, rng), phi) for phi in phis]

    rows = [_explained(lived()) for _ in range(repetitions)]
    error = 0.5 * np.abs(halves[0] - halves[1])
    best = {"theta": np.mean(halves, 0).tolist(), "robust": error.tolist()}
    return {"rows": rows, "best": best}


def draw(outcome: Outcome, ax: Axes) -> None:
    """Coverage by kind: robust, and by the model."""
    table = outcome.figures["kinds"]
    for i, (kind, row) in enumerate(table.items()):
        ax.plot(100.0 * row["robust"], -i, "o", ms=4, color="k")
        ax.plot(100.0 * row["laplace"], -i, "o", ms=4, color="0.7")
        ax.text(1.0, -i, kind, va="center", fontsize=6)
    ax.axvline(100.0 * COVERAGE, color="k", lw=0.8, ls=":", label="bar")
    ax.set_xlim(0.0, 101.0)
    ax.set_yticks([])
    ax.set_xlabel("intervals that hold the pseudo-true weights [%]; pale: by the model", fontsize=8)


EXPERIMENT = Experiment("robust", "intervals where no model is right", measure, draw)
