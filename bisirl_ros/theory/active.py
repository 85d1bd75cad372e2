"""A robot that would rather not learn: what the information term of the outer objective buys.

In the doorway (`doorway.py`) going ahead costs the robot 0.5 per decision, and it begins as its
task alone would have it: it gives way. So it earns most, and learns next to nothing of what
proximity is worth to the person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.bilevel import LoopConfig, LoopState, OuterReport, bisirl
from bisirl_ros.core.metrics import relative_error
from bisirl_ros.report.plot_style import ALARM, GREY, ROBOT, label_axes
from bisirl_ros.tabular.interactions import TabularInteractions
from bisirl_ros.tabular.solver import TabularSolver
from bisirl_ros.theory.doorway import doorway, logits
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup

if TYPE_CHECKING:
    from matplotlib.axes import Axes

EPISODES = 2
ENOUGH = 0.1
BETA_I = 30.0
"""An episode spent near carries information of order 1 about proximity and costs of order 1.5, so
beta_i / 2 log(1 + 1 / Lambda) pays for it until Lambda is about 10: a standard deviation of 0.3, a
tenth of the length of theta."""
WITHOUT, WITH = "without", "with"


@dataclass(frozen=True)
class _Run:
    """error: relative, after each batch; earned: J_l under the truth of each deployed policy"""

    error: list[float]
    earned: list[float]

    @property
    def episodes(self) -> int | None:
        """Played when the error was first at most ENOUGH; None where it never was."""
        return next((EPISODES * (k + 1) for k, e in enumerate(self.error) if e <= ENOUGH), None)

    @property
    def settled(self) -> bool:
        """Whether the error was at most ENOUGH when the run stopped."""
        return self.error[-1] <= ENOUGH


def run(setup: Setup, say: Say) -> Outcome:
    """The double loop with beta_i and without, same game and same luck; episodes to error 0.1.

    A run that does not get there by the cap counts as the cap, which favours the side that has
    more of them. The interval is a bootstrap over seeds, which keeps the two runs of a seed
    together, of the ratio of the medians.
    """
    seeds, batches = setup.seeds(24, 4), 40 if setup.quick else 80
    cap, runs = EPISODES * batches, []
    for i, seed in enumerate(seeds):
        runs.append((_play(seed, batches, 0.0), _play(seed, batches, BETA_I)))
        told = [r.episodes or f"more than {cap}" for r in runs[-1]]
        say(f"seed {i + 1}/{len(seeds)}: episodes to error {ENOUGH:g}: {told[1]}, "
            f"without the information term {told[0]}")  # fmt: skip
    return _judged(setup, seeds, runs, cap)


def _judged(setup: Setup, seeds: list[int], runs: list[tuple[_Run, _Run]], cap: int) -> Outcome:
    episodes = np.array([[r.episodes or cap for r in pair] for pair in runs])
    drawn = np.random.default_rng(setup.seed).integers(len(runs), size=(4000, len(runs)))
    interval = np.quantile([_ratio(episodes[i]) for i in drawn], [0.025, 0.975]).tolist()
    figures = _figures(runs, episodes, cap)
    median, censored, settled = (figures[of] for of in ("median", "censored", "settled"))
    within = " (quick: lower end of the 95 % interval)" if setup.quick else ""
    at = interval[0] if setup.quick else figures["ratio"]
    return Outcome(
        figures,
        seeds,
        interval,
        f"the information term at least halves the episodes to error {ENOUGH:g}{within}",
        holds=bool(at <= 0.5),
        note=f"median {median[WITH]:g} episodes ({censored[WITH]} of {len(runs)} runs stopped at "
        f"{cap} and count as that), without {median[WITHOUT]:g} ({censored[WITHOUT]} stopped); "
        f"{settled[WITH]:.0%} of runs end below it, without {settled[WITHOUT]:.0%}; "
        f"it cost {figures['cost_total']:.0f} of a return of {figures['return_without'] * cap:.0f}",
    )


def _figures(runs: list[tuple[_Run, _Run]], episodes: Array, cap: int) -> dict[str, Any]:
    earned = np.array([[r.earned for r in pair] for pair in runs])
    cost = EPISODES * (earned[:, 0] - earned[:, 1])
    sides: dict[str, dict[str, Any]] = {
        name: {
            "episodes": episodes[:, i].tolist(),
            "median": float(np.median(episodes[:, i])),
            "censored": sum(pair[i].episodes is None for pair in runs),
            "settled": float(np.mean([pair[i].settled for pair in runs])),
            "error_end": float(np.mean([pair[i].error[-1] for pair in runs])),
            "errors": [pair[i].error for pair in runs],
        }
        for i, name in enumerate((WITHOUT, WITH))
    }
    return {
        "ratio": _ratio(episodes),
        "cap": cap,
        "cost_total": float(cost.sum(1).mean()),
        "cost_per_episode_last": float(cost[:, -1].mean() / EPISODES),
        "return_without": float(earned[:, 0].mean()),
        "return_with": float(earned[:, 1].mean()),
        **{of: {name: side[of] for name, side in sides.items()} for of in sides[WITH]},
    }


def _ratio(episodes: Array) -> float:
    """Median with the information term over median without; episodes: (runs, 2)."""
    without, with_term = np.median(episodes, axis=0)
    return float(with_term / without)


def _play(seed: int, batches: int, beta_i: float) -> _Run:
    """One run of the double loop; with the same seed, the same game and the same luck."""
    rng = np.random.default_rng(seed)
    known = doorway(rng, gain=-0.5)
    solver, truth = TabularSolver(known.game, known.reward), torch.from_numpy(known.theta)
    config = LoopConfig(
        checked_episodes=0,
        policy_steps=1,
        learning_rate=0.2,
        rate_decay=30.0,
        beta_i=beta_i,
        hypergradient="first-order",
    )
    state: LoopState[TabularInteractions] = LoopState.start(
        logits(-2.0), len(known.theta), config, int(rng.integers(2**31))
    )
    found = _Run([], [])

    def interact(
        at: LoopState[TabularInteractions],
    ) -> tuple[TabularInteractions, Tensor] | None:
        if at.k == batches:
            return None
        phi = at.phi
        with torch.no_grad():
            found.earned.append(float(solver.objective(phi, truth)))
        return known.play(phi, EPISODES, at.rng), phi

    def report(outer: OuterReport) -> None:
        found.error.append(relative_error(outer.theta, known.theta))

    bisirl(solver, state, config, interact, report)
    return found


def draw(outcome: Outcome, ax: Axes) -> None:
    """Both errors over the episodes, and where the medians reach the bar."""
    figures = outcome.figures
    for name, colour, label in (
        (WITHOUT, ALARM, "without the information term"),
        (WITH, ROBOT, "with the information term"),
    ):
        errors = np.array(figures["errors"][name])
        episode = EPISODES * np.arange(1, errors.shape[1] + 1)
        low, middle, high = np.quantile(errors, [0.1, 0.5, 0.9], axis=0)
        ax.fill_between(episode, low, high, color=colour, alpha=0.15, lw=0)
        ax.plot(episode, middle, color=colour, lw=2, label=f"{label} (median, 10-90 % of runs)")
    ax.axhline(ENOUGH, color=GREY, ls="--", lw=1, label=f"error {ENOUGH:g}")
    reached = figures["median"][WITH]
    ax.axvline(reached, color=ROBOT, ls=":", lw=1, label=f"first there: median {reached:g}")
    ax.set_ylim(bottom=0.0)
    label_axes(ax, "episode", "relative error of theta [-]")


EXPERIMENT = Experiment("active", "a robot that asks by driving", run, draw)
