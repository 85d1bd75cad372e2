"""Where nothing can be learned, nothing is: experts without a reward, policies without news."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.bilevel import LoopConfig, LoopState, OuterReport, bisirl
from bisirl_ros.core.reward_distance import binomial_interval, coverage, shaping_basis
from bisirl_ros.report.plot_style import ALARM, GREY, INK, ROBOT, label_axes
from bisirl_ros.tabular.interactions import TabularInteractions
from bisirl_ros.tabular.population import soft_expert
from bisirl_ros.tabular.reward import LinearReward
from bisirl_ros.tabular.solver import TabularSolver
from bisirl_ros.theory.identifiability import spectrum
from bisirl_ros.theory.random_games import KnownGame, random_game
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BATCHES, EPISODES = 3, 40
"""Of a run of the loop; with horizon 5, 600 decisions for 8 weights."""
LOW, HIGH = 0.92, 0.98
LEVEL = 0.05
REPEATS, RANK = 6, 16
PRIOR_BAR = 1e-6


@dataclass(frozen=True)
class _Found:
    """What a run ends with.

    covered: share of weights whose 95 % interval holds 0; p_value: of theta = 0, jointly
    largest: |theta|; off_prior: largest |std / the prior's - 1|; rank: as the loop reports it
    """

    covered: float
    p_value: float
    largest: float
    off_prior: float
    rank: int


def run(setup: Setup, say: Say) -> Outcome:
    """Four controls, each on its own random games of 8 states and 3 x 3 actions.

    An expert who chooses uniformly at random has theta = 0 and nothing else: after a run of the
    double loop, the share of weights whose 95 % interval holds zero, and the chi-squared test of
    all weights together, theta' Lambda theta. Its power: the same with an expert who has a reward.
    A policy deployed six times: the rank of what it shows of the whole table of 72. Features that
    are pure shaping, gamma E Phi(s') - Phi(s): the posterior has to stay the prior.
    Intervals: of the mean coverage over runs (normal; weights of one run are not independent), and
    of the rejections (Wilson).
    """
    seeds = setup.seeds(300, 20)
    few = seeds[: len(seeds) // 8]
    noise = []
    for i, seed in enumerate(seeds):
        noise.append(_estimated(_without_reward(seed), seed))
        if (i + 1) % (10 if setup.quick else 30) == 0:
            say(f"uniform expert {i + 1}/{len(seeds)}: {np.mean([f.covered for f in noise]):.1%} "
                f"of weights covered, {np.mean([f.p_value < LEVEL for f in noise]):.1%} "
                "jointly rejected")  # fmt: skip
    power = [_estimated(_with_reward(seed), seed) for seed in few]
    ranks = [_repeated(seed) for seed in few[:10]]
    say(f"one policy {REPEATS} times: ranks {ranks[-1]}")
    shaped = [_estimated(_shaping_only(seed), seed) for seed in few[:10]]
    return _judged(setup, seeds, noise, power, ranks, shaped)


def _judged(
    setup: Setup,
    seeds: list[int],
    noise: list[_Found],
    power: list[_Found],
    ranks: list[list[int]],
    shaped: list[_Found],
) -> Outcome:
    shares = np.array([found.covered for found in noise])
    covered, half = float(shares.mean()), float(1.96 * shares.std(ddof=1) / len(shares) ** 0.5)
    rejected = sum(found.p_value < LEVEL for found in noise)
    low, high = binomial_interval(rejected, len(noise))
    flat = all(rank == RANK for row in ranks for rank in row)
    off_prior = max(found.off_prior for found in shaped)
    figures: dict[str, Any] = {
        "coverage": covered,
        "rejected": rejected / len(noise),
        "rejected_with_reward": float(np.mean([found.p_value < LEVEL for found in power])),
        "p_values": [found.p_value for found in noise],
        "p_values_with_reward": [found.p_value for found in power],
        "ranks_of_one_policy": ranks[0],
        "games_with_rank_16": sum(set(row) == {RANK} for row in ranks),
        "shaping_largest_weight": max(found.largest for found in shaped),
        "shaping_std_off_prior": off_prior,
        "shaping_rank_reported": [found.rank for found in shaped],
    }
    slack = half if setup.quick else 0.0
    return Outcome(
        figures,
        seeds,
        {"coverage": [covered - half, covered + half], "rejected": [low, high]},
        f"uniform expert: 95 % intervals hold 0 in {LOW:.0%}-{HIGH:.0%}"
        f"{' (quick: +- interval)' if setup.quick else ''}, joint test rejects <= 5 % (Wilson); "
        f"one policy: rank {RANK}",
        holds=LOW - slack <= covered <= HIGH + slack
        and low <= LEVEL
        and flat
        and off_prior <= PRIOR_BAR,
        note=f"covered {covered:.1%}, jointly rejected {rejected / len(noise):.1%}, with a reward "
        f"{figures['rejected_with_reward']:.0%}; pure shaping moves no standard deviation by more "
        f"than {off_prior:.0e} of the prior's",
    )


def _without_reward(seed: int) -> KnownGame:
    known = _with_reward(seed)
    zero = torch.zeros_like(known.table)
    return replace(known, theta=np.zeros_like(known.theta), expert=soft_expert(known.game, zero))


def _with_reward(seed: int) -> KnownGame:
    return random_game(np.random.default_rng(seed), horizon=5)


def _shaping_only(seed: int) -> KnownGame:
    """The learner's features are shaping, whatever the expert wants; discounted, no horizon."""
    known = random_game(np.random.default_rng(seed))
    basis = shaping_basis(known.game.transition.numpy(), known.game.discount)
    psi = torch.from_numpy(basis).reshape(*known.table.shape, basis.shape[-1])
    return replace(known, reward=LinearReward(psi), theta=np.zeros(basis.shape[-1]))


def _repeated(seed: int) -> list[int]:
    """Ranks after 1, 2, ... deployments of one policy."""
    rng = np.random.default_rng(seed)
    known = random_game(rng)
    found = spectrum(known, [known.random_phi(rng)] * REPEATS)
    return [max(pair) for pair in zip(found["rank"], found["reported"], strict=True)]


def _estimated(known: KnownGame, seed: int) -> _Found:
    """A run of the double loop, from a random policy, with default settings but few steps."""
    rng = np.random.default_rng([seed, 1])
    config = LoopConfig(checked_episodes=0, policy_steps=1, rate_decay=30.0)
    state: LoopState[TabularInteractions] = LoopState.start(
        known.random_phi(rng), len(known.theta), config, seed
    )
    reports: list[OuterReport] = []

    def interact(
        at: LoopState[TabularInteractions],
    ) -> tuple[TabularInteractions, Tensor] | None:
        phi = at.phi
        return (known.play(phi, EPISODES, rng), phi) if at.k < BATCHES else None

    bisirl(TabularSolver(known.game, known.reward), state, config, interact, reports.append)
    theta, std = reports[-1].theta, reports[-1].std
    squared = float(theta @ state.evidence.posterior_precision(theta) @ theta)
    half = torch.tensor([len(theta) / 2.0, squared / 2.0], dtype=torch.float64)
    return _Found(
        covered=coverage(theta, std, np.zeros_like(theta)),
        p_value=float(torch.special.gammaincc(half[0], half[1])),
        largest=float(np.abs(theta).max()),
        off_prior=float(np.abs(std * config.prior_precision**0.5 - 1.0).max()),
        rank=reports[-1].rank,
    )


def draw(outcome: Outcome, ax: Axes) -> None:
    """How often the joint test's p-value is below x: on the diagonal where theta is zero."""
    figures = outcome.figures
    for name, colour, label in (
        ("p_values", ROBOT, "expert chooses uniformly at random"),
        ("p_values_with_reward", ALARM, "expert has a reward"),
    ):
        values = np.sort(figures[name])
        share = np.arange(1, len(values) + 1) / len(values)
        x, y = np.r_[0.0, values, 1.0], np.r_[0.0, share, 1.0]
        ax.step(x, y, where="post", color=colour, lw=2, label=label)
    ax.plot([0, 1], [0, 1], "--", color=INK, lw=1.2, label="a perfectly calibrated test")
    ax.axvline(LEVEL, color=GREY, ls=":", lw=1.2, label=f"level {LEVEL:g}")
    ranks = ", ".join(map(str, figures["ranks_of_one_policy"]))
    ax.text(0.42, 0.36, f"one policy, 1 to {REPEATS} times: rank {ranks} of 72", fontsize=8.5,
            color=INK)  # fmt: skip
    ax.set_ylim(0, 1.04)
    label_axes(ax, "p-value of theta = 0 [-]", "share of runs with a smaller one [-]")


EXPERIMENT = Experiment("negative", "nothing is learned where nothing can be", run, draw)
