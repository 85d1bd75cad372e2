"""The settling experiment: a known reward, the double loop run to convergence, what came of it.

Games: random ones with 8 states, 3 x 3 actions and 8 features, and a 4 x 4 grid with two agents.
Only the referee knows the person's reward; the loop (section 4; implicit hypergradient, Adam) sees
sampled states and actions. Budget: 20 batches, within which the loop's policy settles, of 4000
episodes. The Cramer-Rao limit of the weights' relative error, computed for each game, is 0.5 to
0.8 % after those 8e5 decisions, so that the bar of 0.02 is three times the error to expect. The
grid's weights, a rare collision's above all, are harder to tell: 8 batches of 10,000 episodes leave
1 % of their norm at that limit.

Regret (tabular.regret) is that of the policy optimal for the estimate, in every trial of a game
(theory.trials). Beside them, `loop_regret`: of the policy that the loop itself ended with, which
follows a gradient to the nearest hill. Interval: of means over games, bootstrap.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.bilevel import LoopConfig, LoopState, OuterReport, bisirl
from bisirl_ros.core.identified import identified_subspace
from bisirl_ros.core.lower_level import Status
from bisirl_ros.core.reward_distance import binomial_interval, cosine, epic, pearson, starc
from bisirl_ros.metrics.bootstrap import bootstrap_mean
from bisirl_ros.report.plot_style import ALARM, INK, PERSON, ROBOT, label_axes
from bisirl_ros.tabular.interactions import TabularInteractions
from bisirl_ros.tabular.optimal_policy import policy_starts
from bisirl_ros.tabular.regret import excess_log_likelihood, regret
from bisirl_ros.theory.random_games import KnownGame
from bisirl_ros.theory.trials import Case, grid_case, random_case
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BARS = {"starc": 0.02, "training": 0.005, "dynamics": 0.02, "partner": 0.02, "task": 0.02}
"""STARC distance, and regret in each trial."""
LABELS = {
    "starc": "STARC distance",
    "training": "regret:\ntraining game",
    "dynamics": "regret:\nother dynamics",
    "partner": "regret: more\nrational partner",
    "task": "regret:\nother task",
}
HELD_OUT_POLICIES = 12


@dataclass(frozen=True)
class Plan:
    """batches: outer iterations; episodes: of each; starts: of a search for the best policy."""

    batches: int
    episodes: int
    starts: int
    learning_rate: float = 0.2


@dataclass(frozen=True)
class Learned:
    """What the double loop ended with."""

    state: LoopState[TabularInteractions]
    reports: list[OuterReport]


def run(setup: Setup, say: Say) -> Outcome:
    """Learn every game, measure each estimate."""
    seeds = setup.seeds(20, 2)
    random_plan = Plan(5, 3000, 4) if setup.quick else Plan(20, 4000, 32)
    grid_plan = Plan(4, 5000, 2, 0.5) if setup.quick else Plan(8, 10_000, 2, 0.5)
    cases = [random_case(seed) for seed in seeds]
    cases.append(grid_case(2 if setup.quick else 4, setup.seed))
    games: list[dict[str, Any]] = []
    for case in cases:
        plan = grid_plan if case is cases[-1] else random_plan
        games.append(measured(case, learn(case, plan), plan))
        say(
            f"{case.name}: {games[-1]['decisions']} decisions, "
            + ", ".join(f"{key} {games[-1][key]:.5f}" for key in BARS)
        )
    return _outcome(setup, seeds, games, random_plan)


def learn(case: Case, plan: Plan) -> Learned:
    """Run the double loop from the uniform policy and theta = 0."""
    config = LoopConfig(
        checked_episodes=0,
        policy_steps=3,
        learning_rate=plan.learning_rate,
        rate_decay=30.0,
        replayed_batches=1,
    )
    game, rng = case.known.game, np.random.default_rng([case.seed, 2])
    phi = torch.zeros(game.n_states * game.n_learner_actions, dtype=torch.float64)
    state: LoopState[TabularInteractions] = LoopState.start(
        phi, case.solver.n_features, config, case.seed
    )
    reports: list[OuterReport] = []

    def interact(now: LoopState[TabularInteractions]) -> tuple[TabularInteractions, Tensor] | None:
        if now.k == plan.batches:
            return None
        deployed = now.phi
        return case.known.play(deployed, plan.episodes, rng), deployed

    return Learned(bisirl(case.solver, state, config, interact, reports.append), reports)


def measured(case: Case, learned: Learned, plan: Plan) -> dict[str, Any]:
    """All figures of one game."""
    known, last, theta = case.known, learned.reports[-1], learned.state.theta
    rng = np.random.default_rng([case.seed, 3])
    found = {
        name: regret(solver, theta, known.theta, policy_starts(solver.game, plan.starts, rng))
        for name, solver in case.trials.items()
    }
    with torch.no_grad():
        reached = float(case.solver.objective(learned.state.phi, _tensor(known.theta)))
    phi = torch.stack([known.random_phi(rng) for _ in range(HELD_OUT_POLICIES)])
    decisions, training = sum(r.decisions for r in learned.reports), found["training"]
    return {
        "game": case.name,
        "decisions": decisions,
        **{name: each.share for name, each in found.items()},
        "solved": all(each.status is Status.CONVERGED for each in found.values()),
        "residual": max(each.residual for each in found.values()),
        "loop_regret": (training.best - reached) / (training.best - training.worst),
        "gradient_norms": [learned.reports[0].gradient_norms[0], last.gradient_norms[-1]],
        "inner": last.inner.status.value,
        **_distances(known, learned),
        "covered": int((np.abs(theta - known.theta) <= 1.959964 * last.std).sum()),
        "weights": len(theta),
        "held_out_excess": excess_log_likelihood(case.solver, phi, theta, known.expert),
        "held_out_limit": len(theta) / (2 * decisions),
    }


def _distances(known: KnownGame, learned: Learned) -> dict[str, Any]:
    """Between the identified parts of estimate and truth."""
    evidence, theta = learned.state.evidence, learned.state.theta
    part = identified_subspace(evidence.information(theta))
    hat, true = part.project(theta), part.project(known.theta)
    information = part.basis.T @ evidence.information(known.theta) @ part.basis
    limit = float(np.sqrt(np.trace(np.linalg.inv(information))))
    r_hat, r_true = (known.reward.table(_tensor(x)).numpy() for x in (hat, true))
    gamma, error = known.game.discount, float(np.linalg.norm(hat - true))
    return {
        "starc": starc(r_hat, r_true, known.game.transition.numpy(), gamma),
        "epic": epic(r_hat, r_true, gamma),
        "cosine": cosine(theta, known.theta, part.basis),
        "pearson": pearson(theta, known.theta, part.basis),
        "relative_error": error / float(np.linalg.norm(true)),
        "error_over_limit": error / limit,
        "rank": part.rank,
    }


def _outcome(setup: Setup, seeds: list[int], games: list[dict[str, Any]], plan: Plan) -> Outcome:
    bars = dict(BARS)
    if setup.quick:  # the sampling error falls with the root of the number of decisions
        bars["starc"] *= float(np.sqrt(20 * 4000 / (plan.batches * plan.episodes)))
    values = {key: np.array([game[key] for game in games]) for key in bars}
    covered, weights = (sum(game[key] for game in games) for key in ("covered", "weights"))
    ratio = np.array([game["error_over_limit"] for game in games])
    summary: dict[str, Any] = {
        "mean": {key: float(value.mean()) for key, value in values.items()},
        "worst": {key: float(value.max()) for key, value in values.items()},
        "share_within": {key: float((value <= bars[key]).mean()) for key, value in values.items()},
        "coverage": [covered / weights, *binomial_interval(covered, weights)],
        "error_over_limit_rms": float(np.sqrt((ratio**2).mean())),
    }
    own = np.array([game["loop_regret"] for game in games])
    summary["loop_regret"] = {"mean": float(own.mean()), "worst": float(own.max())}
    wider = " (wider, for less data)" if setup.quick else ""
    return Outcome(
        figures={"games": games, "bars": bars, **summary},
        seeds=seeds,
        interval={key: bootstrap_mean(value) for key, value in values.items()},
        bar=f"in every game: STARC <= {bars['starc']:.3g}{wider}, regret <= 0.5 %, <= 2 % where "
        "dynamics, partner or task changed",
        holds=all(game["solved"] for game in games)
        and all(bool((value <= bars[key]).all()) for key, value in values.items()),
        note=f"the loop's own last policy, on the hill that its gradient led to: regret "
        f"{own.mean():.1%} on average, {own.max():.1%} at worst",
    )


def draw(outcome: Outcome, ax: Axes) -> None:
    """Every game's figures over their bars, one column each."""
    bars, games = outcome.figures["bars"], outcome.figures["games"]
    floor = 1e-6
    for column, key in enumerate(bars):
        over = np.maximum([game[key] / bars[key] for game in games], floor)
        x = column + np.linspace(-0.22, 0.22, len(over))
        ax.plot(x[:-1], over[:-1], "o", ms=4, color=ROBOT, label="random game" * (column == 0))
        ax.plot(x[-1:], over[-1:], "D", ms=6, color=PERSON, label=games[-1]["game"] * (column == 0))
        mean = outcome.figures["mean"][key] / bars[key]
        told = f"mean {outcome.figures['mean'][key]:.2g}\nworst {outcome.figures['worst'][key]:.2g}"
        ends = [column - 0.3, column + 0.3]
        ax.plot(ends, [mean, mean], color=INK, lw=1.5, label="mean" * (column == 0))
        ax.annotate(told, (column, 1.5), ha="center", va="bottom", fontsize=8, color=INK)
    ax.axhline(1.0, color=ALARM, lw=1.2, label="bar")
    ax.set_yscale("log")
    ax.set_ylim(floor / 2, 20)
    label_axes(ax, "", "figure over its bar, at least 1e-6 [-]")
    ax.set_xticks(range(len(bars)), [f"{LABELS[key]}\nbar {bars[key]:.3g}" for key in bars])


def _tensor(theta: Array) -> Tensor:
    return torch.from_numpy(theta)


EXPERIMENT = Experiment("settling", "a known reward is recovered, game after game", run, draw)
