"""Do the published intervals hold the truth as often as they say?

The double loop itself runs on random games: it deploys a policy, explains the batch under it,
changes the policy a lot (one Adam step of 1), and so on, so that the evidence comes from four
different policies, of which the later ones depend on what was learned before. Then the report's
theta and std, of the Laplace posterior with the loop's default prior, give the 95 % interval of
each weight. The weights are drawn anew for every repetition. A batch holds 20 episodes of 10
decisions on average.

Weights of one repetition share their data; the interval of the pooled coverage is therefore a
bootstrap over repetitions. Beside it: the coverage of a random direction of theta, and of the
learner's return as the estimate predicts it, to first order (Wilson's intervals).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.bilevel import LoopConfig, LoopState, outer_iteration
from bisirl_ros.core.reward_distance import binomial_interval
from bisirl_ros.metrics.bootstrap import bootstrap_mean
from bisirl_ros.report.plot_style import GOOD, GREY, INK, PERSON, ROBOT, label_axes
from bisirl_ros.tabular.interactions import TabularInteractions
from bisirl_ros.tabular.solver import TabularSolver
from bisirl_ros.theory.random_games import KnownGame, random_game
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WEIGHTS, BATCHES, EPISODES = 8, 4, 20
LOW, HIGH, Z = 0.92, 0.98, 1.959964
CONFIG = LoopConfig(checked_episodes=0, policy_steps=1, learning_rate=1.0, rate_decay=30.0)


@dataclass(frozen=True)
class Errors:
    """Errors in units of the standard deviation that was published for them.

    weights: (8,); direction, predicted_return: of one linear function of theta each
    rank: of the identified subspace; distance: mean total variation between deployed policies
    """

    weights: Array
    direction: float
    predicted_return: float
    rank: int
    distance: float


def run(setup: Setup, say: Say) -> Outcome:
    """Each repetition is a game of its own with theta ~ N(0, I)."""
    seeds = setup.seeds(400, 20)
    found = []
    for i, seed in enumerate(seeds):
        found.append(repetition(seed))
        if (i + 1) % max(len(seeds) // 10, 1) == 0:
            share = np.mean([np.abs(one.weights) <= Z for one in found])
            say(f"{i + 1}/{len(seeds)} repetitions: {100 * share:.1f} % of the intervals hold")
    return judge(found, seeds, setup.quick)


def judge(found: list[Errors], seeds: list[int], quick: bool) -> Outcome:
    """Full: the pooled coverage lies in the bar; quick: its 95 % interval meets the bar."""
    covered = np.abs([one.weights for one in found]) <= Z
    functions = {
        "random direction": np.abs([one.direction for one in found]) <= Z,
        "predicted return": np.abs([one.predicted_return for one in found]) <= Z,
    }
    low, high = bootstrap_mean(covered.mean(-1))
    pooled = float(covered.mean())
    figures: dict[str, Any] = {
        "pooled": pooled,
        "bar": [LOW, HIGH],
        "per_weight": [_share(column) for column in covered.T],
        "functions": {name: _share(values) for name, values in functions.items()},
        "spread_of_errors": float(np.std([one.weights for one in found])),
        "least_rank": min(one.rank for one in found),
        "policy_distance": float(np.mean([one.distance for one in found])),
    }
    bar = f"{100 * LOW:.0f} to {100 * HIGH:.0f} % of the 95 % intervals hold the true weight"
    if quick:
        bar += ", as far as so few repetitions tell"
    within = low <= HIGH and high >= LOW if quick else LOW <= pooled <= HIGH
    return Outcome(figures, seeds, [low, high], bar, bool(within))


def draw(outcome: Outcome, ax: Axes) -> None:
    """Coverage of every weight, of two functions of them, and pooled."""
    f, (low, high) = outcome.figures, outcome.interval
    rows = [(str(i + 1), share, ROBOT) for i, share in enumerate(f["per_weight"])]
    rows += [(name.replace(" ", "\n"), share, PERSON) for name, share in f["functions"].items()]
    rows.append(("all\nweights", {"share": f["pooled"], "interval": [low, high]}, INK))
    bottom = min(share["interval"][0] for _, share, _ in rows)
    ax.axhspan(
        100 * f["bar"][0], 100 * f["bar"][1], color=GOOD, alpha=0.12, lw=0, label="bar: 92 to 98 %"
    )
    ax.axhline(95.0, color=GREY, lw=1.0, label="as published: 95 %")
    for i, (_, share, colour) in enumerate(rows):
        ends = [100 * end for end in share["interval"]]
        ax.plot([i, i], ends, color=colour, lw=2)
        ax.plot(i, 100 * share["share"], "o", color=colour, ms=6)
    ax.set_xticks(range(len(rows)), [name for name, _, _ in rows])
    ax.set_ylim(min(100 * bottom, 90.0) - 1.0, 100.5)
    label_axes(ax, "reward weight, or function of them", "intervals that hold the truth [%]")
    ax.grid(False, axis="x")


def repetition(seed: int) -> Errors:
    """One game, four batches, the errors of the last report."""
    rng = np.random.default_rng(seed)
    known = random_game(rng, n_features=WEIGHTS)
    solver = TabularSolver(known.game, known.reward)
    state: LoopState[TabularInteractions] = LoopState.start(
        known.random_phi(rng), WEIGHTS, CONFIG, seed
    )
    deployed, report = [], None
    for _ in range(BATCHES):
        phi = state.phi
        deployed.append(known.game.learner_policy(phi))
        report = outer_iteration(solver, state, CONFIG, known.play(phi, EPISODES, rng), phi)
    assert report is not None
    off, covariance = report.theta - known.theta, state.evidence.covariance(report.theta)

    def in_std(direction: Array) -> float:
        return float(direction @ off / np.sqrt(direction @ covariance @ direction))

    return Errors(
        weights=off / report.std,
        direction=in_std(rng.normal(size=WEIGHTS)),
        predicted_return=in_std(_return_slope(solver, known, state.phi)),
        rank=report.rank,
        distance=_distance(deployed),
    )


def _return_slope(solver: TabularSolver, known: KnownGame, phi: Tensor) -> Array:
    """d J_l / d theta at the truth: (n,)."""
    theta = torch.from_numpy(known.theta).requires_grad_()
    slope = torch.autograd.grad(solver.objective(phi, theta), theta)[0]
    return np.asarray(slope.numpy())


def _distance(policies: list[Tensor]) -> float:
    """Mean total variation between two of the policies (S, A_l), over states."""
    pairs = [(a, b) for i, a in enumerate(policies) for b in policies[:i]]
    return float(np.mean([0.5 * float((a - b).abs().sum(-1).mean()) for a, b in pairs]))


def _share(covered: NDArray[np.bool_]) -> dict[str, Any]:
    interval = binomial_interval(int(covered.sum()), len(covered))
    return {"share": float(covered.mean()), "interval": list(interval)}


EXPERIMENT = Experiment(
    "coverage", "the 95 % intervals of the reward weights hold the truth", run, draw
)
