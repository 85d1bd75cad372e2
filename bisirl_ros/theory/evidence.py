"""A robot that learns to give way sees no discomfort any more: does it forget what it had learned?

In the doorway (`doorway.py`) the robot has a small gain of its own from going ahead, and shares the
person's reward. It starts by going ahead, and gives way once it knows what proximity costs the
person; from then on nobody comes near, and what happens says nothing about that weight any more
(FORMULATION section 2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.bilevel import LoopConfig, LoopState, OuterReport, bisirl
from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.lower_level import solve_lower_level
from bisirl_ros.core.metrics import relative_error
from bisirl_ros.core.posterior import EXPERT
from bisirl_ros.report.plot_style import ALARM, GREY, PERSON, ROBOT, label_axes
from bisirl_ros.tabular.interactions import TabularInteractions
from bisirl_ros.tabular.solver import TabularSolver
from bisirl_ros.theory.doorway import NEAR, doorway, logits
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup

if TYPE_CHECKING:
    from matplotlib.axes import Axes

EPISODES, WINDOW = 2, 10
"""Episodes in a batch; batches that the windowed estimate keeps: 20 episodes."""
STRIDE = 5
"""Batches between two windowed estimates."""
PRIOR = 0.1
"""Precision of the prior, weak: about 1 % of what is said of the least known weight."""


@dataclass(frozen=True)
class _Run:
    """carried, windowed: relative error after each batch, after each STRIDE of them

    near: share of decisions made near, in each batch
    limit: Cramer-Rao limit of the relative error from all batches together
    prior_share: of the prior in the precision of the least known direction
    """

    carried: list[float]
    windowed: list[float]
    near: list[float]
    limit: float
    prior_share: float


def run(setup: Setup, say: Say) -> Outcome:
    """The double loop, its evidence carried; beside it an estimate from the last 20 episodes alone.

    Both explain the same interactions from the same prior. Batches older than 20 episodes are
    condensed in the one and dropped in the other. The full run also lets a loop with the window
    steer the robot. The intervals are bootstraps over seeds, which keep the two of a seed together.
    """
    seeds, batches = setup.seeds(24, 4), 60 if setup.quick else 100
    runs, steered = [], []
    for i, seed in enumerate(seeds):
        runs.append(_play(seed, batches))
        if not setup.quick:
            steered.append(_play(seed, batches, forgetful=True).carried[-1])
        now = runs[-1]
        say(f"seed {i + 1}/{len(seeds)}: error carried {now.carried[-1]:.3f}, window "
            f"{now.windowed[-1]:.3f}, limit {now.limit:.3f}")  # fmt: skip
    return _judged(setup, seeds, runs, steered)


def _judged(setup: Setup, seeds: list[int], runs: list[_Run], steered: list[float]) -> Outcome:
    ends = np.array([(r.carried[-1], r.windowed[-1], r.limit) for r in runs])
    drawn = np.random.default_rng(setup.seed).integers(len(ends), size=(4000, len(ends)))
    over_window, over_limit = (
        [_rms_ratio(ends, 0, j), *_interval([_rms_ratio(ends[i], 0, j) for i in drawn])]
        for j in (1, 2)
    )
    figures = _figures(ends, runs, steered)
    figures["carried_over_window"], figures["carried_over_limit"] = over_window[0], over_limit[0]
    figures["p_paired"] = _sign_flips(ends[:, 1] - ends[:, 0], setup.seed)
    # Four seeds do not settle a ratio: a quick run asks what its interval allows.
    at = 1 if setup.quick else 0
    within = " (quick: lower ends of the 95 % intervals)" if setup.quick else ""
    return Outcome(
        figures,
        seeds,
        {"carried_over_window": over_window[1:], "carried_over_limit": over_limit[1:]},
        f"error of carried evidence <= half of a 20-episode window's, <= 1.5 x Cramer-Rao{within}",
        holds=over_window[at] <= 0.5 and over_limit[at] <= 1.5,
        note=f"error {figures['error_carried']:.3f}, window {figures['error_window']:.3f}, limit "
        f"{figures['limit']:.3f} (root mean squares); the prior is at most "
        f"{figures['prior_share']:.1%} of the precision",
    )


def _figures(ends: Array, runs: list[_Run], steered: list[float]) -> dict[str, Any]:
    return {
        "error_carried": _rms(ends[:, 0]),
        "error_window": _rms(ends[:, 1]),
        "limit": _rms(ends[:, 2]),
        "prior_share": max(r.prior_share for r in runs),
        "near_first": float(np.mean([r.near[:WINDOW] for r in runs])),
        "near_last": float(np.mean([r.near[-WINDOW:] for r in runs])),
        "error_window_steers": _rms(np.array(steered)) if steered else None,
        "carried": [r.carried for r in runs],
        "windowed": [r.windowed for r in runs],
        "near": np.mean([r.near for r in runs], axis=0).tolist(),
        "limits": [r.limit for r in runs],
    }


def _play(seed: int, batches: int, forgetful: bool = False) -> _Run:
    """One run of the double loop; forgetful: its own evidence is the window's."""
    rng = np.random.default_rng(seed)
    known = doorway(rng, gain=0.2)
    solver, length = TabularSolver(known.game, known.reward), float(np.linalg.norm(known.theta))
    truth = torch.from_numpy(known.theta)
    config = LoopConfig(
        checked_episodes=0,
        policy_steps=1,
        learning_rate=0.1,
        rate_decay=30.0,
        prior_precision=PRIOR,
        evidence_window=WINDOW,
    )
    state: LoopState[TabularInteractions] = LoopState.start(
        logits(1.0), len(known.theta), config, int(rng.integers(2**31))
    )
    carried: list[float] = []
    windowed: list[float] = []
    near: list[float] = []
    fisher: Array = np.zeros((3, 3))

    def interact(
        at: LoopState[TabularInteractions],
    ) -> tuple[TabularInteractions, Tensor] | None:
        nonlocal fisher
        if at.k == batches:
            return None
        carried_so_far = at.evidence.parts[EXPERT]
        if forgetful and len(carried_so_far.batches) == WINDOW:
            at.evidence = carried_so_far.forget(at.theta, newest=WINDOW - 1, rho=0.0)
        phi = at.phi
        batch = known.play(phi, EPISODES, at.rng)
        fisher = fisher + EPISODES * solver.fisher(phi, truth).numpy()
        near.append(float((batch.state == NEAR).mean()))
        return batch, phi

    def report(outer: OuterReport) -> None:
        carried.append(relative_error(outer.theta, known.theta))
        if outer.k % STRIDE == 0 and not forgetful:
            kept = replace(
                Evidence.start(3, PRIOR), batches=state.evidence.parts[EXPERT].batches[-WINDOW:]
            )
            n = kept.trajectories
            theta = solve_lower_level(kept, outer.theta, trajectories=n, tolerance=1e-5).theta
            windowed.append(relative_error(theta, known.theta))

    bisirl(solver, state, config, interact, report)
    limit = float(np.sqrt(np.trace(np.linalg.inv(fisher)))) / length
    least = float(np.linalg.eigvalsh(fisher)[0])
    return _Run(carried, windowed, near, limit, PRIOR / (PRIOR + least))


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(values**2)))


def _rms_ratio(ends: Array, i: int, j: int) -> float:
    return _rms(ends[:, i]) / _rms(ends[:, j])


def _interval(values: list[float]) -> list[float]:
    return [float(q) for q in np.quantile(values, [0.025, 0.975])]


def _sign_flips(differences: Array, seed: int) -> float:
    """Two-sided p-value of a mean difference of zero: random signs (Fisher's permutation test)."""
    rng = np.random.default_rng(seed)
    signs = rng.choice([-1.0, 1.0], size=(20000, len(differences)))
    as_far = np.abs(signs @ differences) >= abs(differences.sum()) - 1e-12
    return float((as_far.sum() + 1) / (len(signs) + 1))


def draw(outcome: Outcome, ax: Axes) -> None:
    """Both errors over the episodes, the limit, and how often the two still come near."""
    figures = outcome.figures
    episodes = EPISODES * np.arange(1, len(figures["near"]) + 1)
    for name, colour, label in (
        ("windowed", ALARM, "last 20 episodes only"),
        ("carried", ROBOT, "evidence carried forward"),
    ):
        episode = episodes[STRIDE - 1 :: STRIDE] if name == "windowed" else episodes
        low, middle, high = np.quantile(np.array(figures[name]), [0.1, 0.5, 0.9], axis=0)
        ax.fill_between(episode, low, high, color=colour, alpha=0.15, lw=0)
        ax.plot(episode, middle, color=colour, lw=2, label=f"{label} (median, 10-90 % of runs)")
    ax.plot(episodes, figures["near"], color=PERSON, lw=1.5, label="share of decisions made near")
    ax.axhline(1.5 * figures["limit"], color=GREY, ls="--", lw=1, label="1.5 x Cramer-Rao limit")
    ax.set_ylim(bottom=0.0)
    label_axes(ax, "episode", "relative error of theta, share [-]")


EXPERIMENT = Experiment("evidence", "what a robot that gives way still knows", run, draw)
