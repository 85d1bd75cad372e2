"""The person changes half way: is it noticed, is the new reward recovered, and at what price?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.bilevel import LoopConfig, LoopState, OuterReport, bisirl
from bisirl_ros.core.metrics import relative_error
from bisirl_ros.core.reward_distance import binomial_interval
from bisirl_ros.report.plot_style import ALARM, GREY, INK, ROBOT, label_axes
from bisirl_ros.tabular.interactions import TabularInteractions
from bisirl_ros.tabular.population import soft_expert
from bisirl_ros.tabular.solver import TabularSolver
from bisirl_ros.theory.random_games import KnownGame, random_game
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BATCHES, CHANGE, EPISODES = 24, 12, 32
"""Batches in a run, batches before the change, episodes in a batch."""
STILL_EPISODES = (2, 8, 32)
"""Episodes in a batch where nobody changes: small batches are what a normal tail misjudges."""
ALARM_LEVEL = 0.01
RECOVERED = 0.1
STUDENT = {4: 3.182, 20: 2.093}
"""97.5 % quantile of the t statistic of as many seeds."""


@dataclass(frozen=True)
class _Run:
    """error: relative, after each batch; alarms: the batches (from 0) at which a change was seen"""

    error: list[float]
    alarms: list[int]

    @property
    def delay(self) -> int | None:
        """Batches from the change to the first alarm after it, that one included."""
        return next((k - CHANGE + 1 for k in self.alarms if k >= CHANGE), None)


def run(setup: Setup, say: Say) -> Outcome:
    """Random games; at the change theta turns into a random direction at right angles to it.

    The new theta is as long as the old one: somebody else, who cares as much. Each seed plays one
    run with the drift test, the same without it, and further seeds play runs with the test and
    without a change. Intervals: of the mean error, t over seeds; of the false alarms, Wilson's.
    """
    seeds, still = setup.seeds(20, 4), setup.seeds(330, 9)
    pairs = []
    for i, seed in enumerate(seeds):
        pairs.append((_play(seed, ALARM_LEVEL), _play(seed, 0.0)))
        tested, untested = pairs[-1]
        say(f"change {i + 1}/{len(seeds)}: noticed after {tested.delay} batches, error "
            f"{tested.error[-1]:.3f}, without the test {untested.error[-1]:.3f}")  # fmt: skip
    alarms: dict[int, list[bool]] = {episodes: [] for episodes in STILL_EPISODES}
    for i, seed in enumerate(still):
        episodes = STILL_EPISODES[i % len(STILL_EPISODES)]
        quiet = _play(seed, ALARM_LEVEL, changes=False, episodes=episodes)
        alarms[episodes].append(bool(quiet.alarms))
        if (i + 1) % 10 == 0:
            count = sum(sum(found) for found in alarms.values())
            say(f"no change {i + 1}/{len(still)}: {count} runs with a false alarm")
    return _judged(setup, seeds, pairs, alarms)


def _judged(
    setup: Setup,
    seeds: list[int],
    pairs: list[tuple[_Run, _Run]],
    alarms_by_size: dict[int, list[bool]],
) -> Outcome:
    figures = _figures(pairs, alarms_by_size)
    still, alarms = figures["runs_without_change"], figures["false_alarms"]
    low, high = binomial_interval(alarms, still)
    ends = np.array([tested.error[-1] for tested, _ in pairs])
    mean = figures["error_end"]
    half = float(STUDENT[len(ends)] * ends.std(ddof=1) / np.sqrt(len(ends)))
    # A quick run is too short to resolve 1 % or the mean: its bar is what its intervals allow.
    quiet = (low if setup.quick else alarms / still) <= ALARM_LEVEL
    recovered = (mean - half if setup.quick else mean) <= RECOVERED
    within = " (quick: within the 95 % interval)" if setup.quick else ""
    return Outcome(
        figures,
        seeds,
        {"error_end": [mean - half, mean + half], "false_alarm_share": [low, high]},
        f"change noticed in every run, mean error <= {RECOVERED:g} at the end, "
        f"false alarms in <= {100 * ALARM_LEVEL:g} % of runs{within}",
        holds=figures["detected"] == 1.0 and quiet and recovered,
        note=f"noticed in {figures['detected']:.0%} of {len(pairs)} runs; error {mean:.3f}, "
        f"without the test {figures['error_end_untested']:.3f}; false alarms in {alarms} of "
        f"{still} runs",
    )


def _figures(
    pairs: list[tuple[_Run, _Run]], alarms_by_size: dict[int, list[bool]]
) -> dict[str, Any]:
    tested, untested = ([pair[i] for pair in pairs] for i in range(2))
    delays = [r.delay for r in tested if r.delay is not None]
    end = np.array([[r.error[-1] for r in runs] for runs in (tested, untested)])
    still = sum(len(found) for found in alarms_by_size.values())
    alarms = sum(sum(found) for found in alarms_by_size.values())
    return {
        "detected": len(delays) / len(tested),
        "delay_mean_batches": float(np.mean(delays)) if delays else None,
        "delay_worst_batches": max(delays, default=None),
        "alarms_before_the_change": sum(any(k < CHANGE for k in r.alarms) for r in tested),
        "error_end": float(end[0].mean()),
        "error_end_untested": float(end[1].mean()),
        "recovered": float((end[0] <= RECOVERED).mean()),
        "recovered_untested": float((end[1] <= RECOVERED).mean()),
        "false_alarms": alarms,
        "runs_without_change": still,
        "false_alarm_share": alarms / still,
        "false_alarms_by_episodes": {str(e): sum(found) for e, found in alarms_by_size.items()},
        "change": CHANGE,
        "errors": [r.error for r in tested],
        "errors_untested": [r.error for r in untested],
    }


def _play(seed: int, alarm: float, changes: bool = True, episodes: int = EPISODES) -> _Run:
    """One run of the double loop; with the same seed, the same game and the same luck.

    Its outer loop is the first-order one: which policy is deployed matters little here, time does.
    """
    rng = np.random.default_rng(seed)
    first, second = _people(rng)
    config = LoopConfig(
        checked_episodes=0,
        hypergradient="first-order",
        policy_steps=1,
        rate_decay=30.0,
        drift_alarm=alarm,
        inner_tolerance=1e-3,
    )
    size = first.game.n_states * first.game.n_learner_actions
    start = torch.zeros(size, dtype=torch.float64)
    state: LoopState[TabularInteractions] = LoopState.start(
        start, len(first.theta), config, int(rng.integers(2**31))
    )
    found = _Run([], [])

    def now(k: int) -> KnownGame:
        return second if changes and k >= CHANGE else first

    def interact(
        at: LoopState[TabularInteractions],
    ) -> tuple[TabularInteractions, Tensor] | None:
        phi = at.phi
        return (now(at.k).play(phi, episodes, at.rng), phi) if at.k < BATCHES else None

    def report(outer: OuterReport) -> None:
        theta = now(outer.k - 1).theta
        found.error.append(relative_error(outer.theta, theta))
        if outer.drift:
            found.alarms.append(outer.k - 1)

    bisirl(TabularSolver(first.game, first.reward), state, config, interact, report)
    return found


def _people(rng: np.random.Generator) -> tuple[KnownGame, KnownGame]:
    """One game with the person before the change, and with the one after it."""
    known = random_game(rng, n_states=4, n_actions=(2, 3), n_features=3, horizon=3)
    n = len(known.theta)
    before, other = known.theta / np.linalg.norm(known.theta), rng.normal(size=n)
    after = other - (other @ before) * before
    after /= np.linalg.norm(after)
    return _person(known, np.sqrt(n) * before), _person(known, np.sqrt(n) * after)


def _person(known: KnownGame, theta: Array) -> KnownGame:
    table = known.reward.table(torch.from_numpy(theta))
    return replace(known, theta=theta, expert=soft_expert(known.game, table))


def draw(outcome: Outcome, ax: Axes) -> None:
    """The error after each batch, with the drift test and without it."""
    figures = outcome.figures
    batch = np.arange(1, len(figures["errors"][0]) + 1)
    for name, colour, label in (
        ("errors_untested", ALARM, "without the drift test"),
        ("errors", ROBOT, "with the drift test"),
    ):
        low, middle, high = np.quantile(np.array(figures[name]), [0.1, 0.5, 0.9], axis=0)
        ax.fill_between(batch, low, high, color=colour, alpha=0.15, lw=0)
        ax.plot(batch, middle, color=colour, lw=2, label=f"{label} (median, 10-90 % of runs)")
    ax.axhline(RECOVERED, color=GREY, ls="--", lw=1, label=f"recovered: {RECOVERED:g}")
    ax.axvline(figures["change"] + 0.5, color=INK, lw=1, ls=":", label="the person changes")
    ax.set_yscale("log")
    label_axes(ax, f"batch of {EPISODES} episodes", "relative error of theta [-]")


EXPERIMENT = Experiment("drift", "a person who changes half way", run, draw)
