"""Does the lower level use the interactions as well as any estimator can?

Data are N independent episodes under one policy, and the held-out likelihood is that of one more
episode of the same law. With F the Fisher information of an episode, an efficient estimate has
covariance F^-1 / N, so that its expected excess of the negative log-likelihood of an episode over
that of theta* is tr(F F^-1) / 2N = k / 2N for k parameters (Cramer-Rao; Wilks 1938). The held-out
expectation is exact, by occupancies; only the data are drawn.

Half of the games hold a person of mild preferences (weights of standard deviation 0.3: decisions
of 1.0 nat, of 1.1 at most), half one of strong ones (1.0: 0.7 nat), as the gap between likelihood
and feature matching grows with the luck of the transitions, which is in units of the value. The
horizon is finite, since the random length of episodes without one hurts feature matching only.
N = 2000 brings the likelihood to within a few hundredths of its limit, and nearly every sample's
features within the model's reach: with fewer episodes feature matching often has no answer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.baselines.feature_matching import FeatureMatching, feature_sums
from bisirl_ros.core.arrays import Array
from bisirl_ros.core.identified import identified_subspace
from bisirl_ros.core.lower_level import Objective, Status, solve_lower_level
from bisirl_ros.metrics.bootstrap import bootstrap_mean
from bisirl_ros.report.plot_style import ALARM, GREY, INK, PERSON, ROBOT, label_axes
from bisirl_ros.tabular.likelihood import TabularLikelihood
from bisirl_ros.tabular.occupancy import visits
from bisirl_ros.tabular.solver import TabularSolver
from bisirl_ros.theory.random_games import KnownGame, random_game
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup

if TYPE_CHECKING:
    from matplotlib.axes import Axes

K, HORIZON, EPISODES, LIMIT = 8, 10, 2000, 1.1
SCALES = {"mild": 0.3, "strong": 1.0}
METHODS = ("likelihood", "matching", "joint_matching")  # joint: the learner's actions as drawn


@dataclass(frozen=True)
class Repetition:
    """excess: by method, over k / 2N; inf where no minimum was found; rank: of F."""

    preferences: str
    excess: dict[str, float]
    rank: int


def run(setup: Setup, say: Say) -> Outcome:
    """Each repetition has a game of its own."""
    seeds = setup.seeds(600, 30)
    found = []
    for i, seed in enumerate(seeds):
        found.append(repetition(seed))
        if (i + 1) % max(len(seeds) // 10, 1) == 0:
            ratio = np.mean([one.excess["likelihood"] for one in found])
            say(f"{i + 1}/{len(seeds)} repetitions: excess {ratio:.2f} of the limit k / 2N")
    return judge("likelihood", found, seeds, setup.quick)


def judge(method: str, found: list[Repetition], seeds: list[int], quick: bool) -> Outcome:
    """The interval of the method's mean is a bootstrap over repetitions.

    Full: all of it is below the bar; quick: some of it is.
    """
    excess = np.array([one.excess[method] for one in found])
    low, high = bootstrap_mean(excess)
    least_rank = min(one.rank for one in found)
    groups = {name: [one for one in found if one.preferences == name] for name in SCALES}
    figures: dict[str, Any] = {
        "ratio": float(excess.mean()),
        "parameters": K,
        "episodes": EPISODES,
        "least_rank": least_rank,
        "limit_of_ratio": LIMIT,
        "by_preferences": {
            name: {m: _summary(np.array([one.excess[m] for one in group])) for m in METHODS}
            for name, group in groups.items()
        },
    }
    rule = (
        "lower end of the 95 % interval: few repetitions" if quick else "all of the 95 % interval"
    )
    bar = f"excess held-out NLL <= {LIMIT:g} times k / 2N ({rule})"
    reached = (low if quick else high) <= LIMIT
    return Outcome(figures, seeds, [low, high], bar, bool(reached and least_rank == K))


def draw(outcome: Outcome, ax: Axes) -> None:
    """How the excess is distributed over repetitions, beside what theory says it is."""
    edges = np.geomspace(0.1, 100.0, 37)
    groups = outcome.figures["by_preferences"]
    pooled = [x for group in groups.values() for x in group["likelihood"]["excess"]]
    ratio, (low, high) = outcome.figures["ratio"], outcome.interval
    label = f"maximum likelihood: mean {ratio:.2f} [{low:.2f}, {high:.2f}]"
    ax.stairs(_share(pooled, edges), edges, fill=True, color=ROBOT, alpha=0.45, label=label)
    for (name, group), style in zip(groups.items(), ("-", "--"), strict=True):
        one = group["matching"]
        label = f"feature matching, {name}: mean {one['mean']:.1f}, median {one['median']:.1f}"
        share = _share(one["excess"], edges)
        ax.stairs(share, edges, color=PERSON, lw=1.6, linestyle=style, label=label)
    half, x = K / 2, np.geomspace(edges[0], edges[-1], 400)
    density = half**half / math.gamma(half) * x**half * np.exp(-half * x)  # of log x
    share = density * math.log(edges[1] / edges[0])
    ax.plot(x, share, color=INK, lw=1.4, label="theory: chi-squared(k) / k")
    ax.axvline(1.0, color=GREY, lw=1.0)
    ax.axvline(LIMIT, color=ALARM, lw=1.2, label=f"bar for the mean: {LIMIT:g}")
    ax.set_xscale("log")
    ax.set_xlim(edges[0], edges[-1])
    ax.set_xticks([0.1, 1, 10, 100], ["0.1", "1", "10", "100"])
    label_axes(ax, "excess held-out NLL of an episode / (k / 2N) [1]", "share of repetitions [1]")


def repetition(seed: int) -> Repetition:
    """One game, one policy, one batch, explained by each method."""
    rng, preferences = np.random.default_rng(seed), list(SCALES)[seed % len(SCALES)]
    known = random_game(rng, n_features=K, horizon=HORIZON, scale=SCALES[preferences])
    phi = known.random_phi(rng)
    batch = known.play(phi, EPISODES, rng)
    game, reward, pi_l = known.game, known.reward, known.game.learner_policy(phi)
    held_out = _expected_likelihood(known, pi_l)
    episodes = torch.tensor([float(EPISODES)], dtype=torch.float64)

    def matching(policy: Tensor | None) -> FeatureMatching:
        sums = feature_sums(game, reward, batch, policy)[None]
        return FeatureMatching(game, reward, pi_l[None], sums, episodes)

    objectives: dict[str, Objective] = {
        "likelihood": TabularSolver(game, reward).likelihood(batch, phi),
        "matching": matching(pi_l),
        "joint_matching": matching(None),
    }
    limit, least = K / (2 * EPISODES), held_out.value(known.theta)
    excess = {}
    for name, objective in objectives.items():
        theta = _minimiser(objective)
        excess[name] = math.inf if theta is None else (held_out.value(theta) - least) / limit
    rank = identified_subspace(held_out.fisher(known.theta)).rank
    return Repetition(preferences, excess, rank)


def _expected_likelihood(known: KnownGame, pi_l: Tensor) -> TabularLikelihood:
    """The negative log-likelihood of one more episode, in expectation."""
    pi_e = known.expert(pi_l)
    counts = visits(known.game, pi_l, pi_e)[..., None] * pi_e
    return TabularLikelihood(known.game, known.reward, pi_l[None], counts[None])


def _minimiser(objective: Objective) -> Array | None:
    """theta, from 0 and without a prior; None where there seems to be no minimum."""
    found = solve_lower_level(objective, np.zeros(K), trajectories=EPISODES, tolerance=1e-8)
    return found.theta if found.status is Status.CONVERGED else None


def _summary(values: Array) -> dict[str, Any]:
    found = values[np.isfinite(values)]
    return {
        "mean": float(found.mean()),
        "interval": bootstrap_mean(found),
        "median": float(np.median(values)),
        "without_minimum": int(len(values) - len(found)),
        "excess": found.tolist(),
    }


def _share(values: list[float], edges: Array) -> Array:
    inside = np.clip(values, edges[0], edges[-1])
    return np.asarray(np.histogram(inside, edges)[0] / len(values))


EXPERIMENT = Experiment(
    "efficiency", "the likelihood learns as much as any estimator can", run, draw
)
