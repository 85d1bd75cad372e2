"""How fast the double loop drives the exact hypergradient to zero (FORMULATION section 4)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.bilevel import LoopConfig, LoopState, bisirl
from bisirl_ros.metrics.bootstrap import bootstrap_mean
from bisirl_ros.report.plot_style import ALARM, GREY, INK, PALE, PERSON, ROBOT, label_axes
from bisirl_ros.tabular.interactions import TabularInteractions
from bisirl_ros.tabular.population import Population, soft_expert
from bisirl_ros.tabular.solver import TabularSolver
from bisirl_ros.theory.random_games import KnownGame, random_game
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BAR = -0.5
EPISODES = 20
"""Per outer step, of 5 decisions each: 100 fresh decisions for 8 reward parameters."""
ENTROPY = 0.3
"""beta_H: without it the best policies lie at infinity, where F is flat but phi never arrives."""
VARIANTS = {
    "implicit": ("implicit", True),
    "first_order": ("first-order", True),
    "implicit_wrong_model": ("implicit", False),
    "first_order_wrong_model": ("first-order", False),
}
"""Which hypergradient, and whether the learner's model of the expert is right."""


def run(setup: Setup, say: Say) -> Outcome:
    """The real double loop from the uniform policy, theory's steps eta_0 / sqrt(k + 1).

    eta_0 = 1 / L, where L is the largest curvature of f at the start: the rate holds for any eta_0,
    as the steps fall below every bound, but a short run shows it only if they are not too short.
    Twenty fresh episodes per outer step, one step per batch, evidence carried. At every k the
    referee is the exact grad F(phi_k) of the population. Fitted is log of (1/K) sum_{k<K}
    ||grad F(phi_k)||^2 against log K over the last decade of K: before it, steps of 1 / L have
    hardly moved phi, and how long that takes is a matter of constants, not of the rate. Any power
    of K down to -1 can be seen so: the mean keeps the first terms.

    The bar is about `implicit` with a right model. The other variants are there to be read beside
    it: the wrong model is an expert whose table is off the features and whose rationality is 0.7.
    Interval: of the mean slope over games, bootstrap over games.
    """
    seeds, steps = setup.seeds(10, 3), 30 if setup.quick else 150
    beside = seeds[: 1 if setup.quick else 4]
    squares: dict[str, list[list[float]]] = {name: [] for name in VARIANTS}
    left: dict[str, list[float]] = {name: [] for name in VARIANTS}
    for name, (method, right) in VARIANTS.items():
        for seed in seeds if name == "implicit" else beside:
            found, second = _squared_norms(seed, steps, method, right)
            squares[name].append(found)
            left[name].append(second)
            first, last, slope = found[0], found[-1], _slope(found)
            say(f"{name}, seed {seed}: ||grad F||^2 {first:.2g} -> {last:.2g}, slope {slope:.2f}")
    slopes = {name: [_slope(game) for game in games] for name, games in squares.items()}
    seconds = {name: float(np.median(shares)) for name, shares in left.items()}
    alike = [float(np.mean(of[: len(beside)])) for of in slopes.values()]
    mean, (low, high) = float(np.mean(slopes["implicit"])), bootstrap_mean(slopes["implicit"])
    figures: dict[str, Any] = {
        "slope": mean,
        "slope_worst_game": max(slopes["implicit"]),
        "slopes_of_variants_on_the_same_games": dict(zip(VARIANTS, alike, strict=True)),
        "slopes": slopes,
        "slopes_from_first": [_slope(game, 1) for game in squares["implicit"]],
        "last_over_first": {
            name: float(np.median([game[-1] / game[0] for game in games]))
            for name, games in squares.items()
        },
        "second_term_of_what_is_left": seconds,
        "fitted_from": steps // 10,
        "squared_norms": squares,
    }
    told = "quick: less half its interval" if setup.quick else "with its whole interval"
    return Outcome(
        figures,
        seeds,
        [low, high],
        f"log-log slope of (1/K) sum ||grad F||^2 <= {BAR:g} over the last decade of K, {told}",
        holds=(mean - 0.5 * (high - low) if setup.quick else high) <= BAR,
        note=f"slope {mean:.2f} [{low:.2f}, {high:.2f}]; on {len(beside)} of the games implicit "
        f"{alike[0]:.2f}, first-order {alike[1]:.2f}, with a wrong model {alike[2]:.2f} and "
        f"{alike[3]:.2f}; at the end ||second term||^2 is "
        + ", ".join(f"{share:.2g}" for share in seconds.values())
        + " times ||grad F||^2",
    )


def _squared_norms(seed: int, steps: int, method: str, right: bool) -> tuple[list[float], float]:
    """||grad F(phi_k)||^2 for k = 0 .. steps - 1 of one run; at its end, that of the second term

    of the hypergradient over that of the whole."""
    rng = np.random.default_rng(seed)
    known = _person(random_game(rng, horizon=5), rng, right)
    solver = TabularSolver(known.game, known.reward, beta_h=ENTROPY)
    population = Population(solver, known.expert)
    start = torch.zeros(known.game.n_states * known.game.n_learner_actions, dtype=torch.float64)
    theta = torch.from_numpy(population.lower_level(start).theta)
    config = LoopConfig(
        checked_episodes=0,
        hypergradient=method,
        optimiser="sgd",
        learning_rate=1.0 / _curvature(solver, start, theta),
        rate_decay=1.0,
        policy_steps=1,
        replayed_batches=1,
        evidence_window=20,
    )
    squares: list[float] = []
    play = np.random.default_rng(int(rng.integers(2**31)))

    def interact(
        state: LoopState[TabularInteractions],
    ) -> tuple[TabularInteractions, Tensor] | None:
        if state.k >= steps:
            return None
        phi = state.phi
        squares.append(float(population.hypergradient(phi).square().sum()))
        return known.play(phi, EPISODES, play), phi

    state: LoopState[TabularInteractions] = LoopState.start(start, len(theta), config, seed)
    bisirl(solver, state, config, interact, lambda report: None)
    end = state.phi
    whole, first_order = population.hypergradient(end), population.outer_terms(end)[0].d_phi
    return squares, float((whole - first_order).square().sum() / whole.square().sum())


def _person(known: KnownGame, rng: np.random.Generator, right: bool) -> KnownGame:
    noise = 0.5 * torch.from_numpy(rng.normal(size=known.table.shape))
    other = soft_expert(known.game, known.table + noise, rationality=0.7)
    return known if right else replace(known, expert=other)


def _curvature(solver: TabularSolver, phi: Tensor, theta: Tensor) -> float:
    """Largest absolute eigenvalue of d2 f / d phi2."""

    def f(at: Tensor) -> Tensor:
        return solver.objective(at, theta)

    hessian = torch.func.jacrev(torch.func.grad(f))(phi)
    return float(torch.linalg.eigvalsh(hessian).abs().max())


def _averages(squares: list[float]) -> Array:
    """(1/K) sum_{k<K}, for K = 1, 2, ..."""
    return np.asarray(np.cumsum(squares) / np.arange(1, len(squares) + 1))


def _slope(squares: list[float], first: int | None = None) -> float:
    """Of log average against log K, from `first` (the last tenth of log K if None) to the end."""
    first = len(squares) // 10 if first is None else first
    k = np.unique(np.geomspace(first, len(squares), 20).round().astype(int))
    return float(np.polyfit(np.log(k), np.log(_averages(squares)[k - 1]), 1)[0])


def draw(outcome: Outcome, ax: Axes) -> None:
    """The running mean of every game, its geometric mean over games, and the bar's slope."""
    squares, first = outcome.figures["squared_norms"], outcome.figures["fitted_from"]
    looks = {
        "implicit": (ROBOT, "-", "implicit (thin: each game)"),
        "implicit_wrong_model": (PERSON, "-", "implicit, the expert is not the model's"),
        "first_order_wrong_model": (ALARM, ":", "first-order, the expert is not the model's"),
    }
    k = np.arange(1, len(squares["implicit"][0]) + 1)
    ax.axvspan(first, k[-1], color=PALE, alpha=0.35, lw=0)
    for game in squares["implicit"]:
        ax.plot(k, _averages(game), color=ROBOT, lw=0.7, alpha=0.35)
    for name, (colour, line, label) in looks.items():
        mean = np.exp(np.mean([np.log(_averages(game)) for game in squares[name]], 0))
        ax.plot(k, mean, line, color=colour, lw=2.2, label=label)
        if name == "implicit":
            bar = mean[first - 1] * (k[first - 1 :] / first) ** BAR
            ax.plot(k[first - 1 :], bar, "--", color=INK, lw=1.4, label=f"slope {BAR:g}")
    ax.set_xscale("log")
    ax.set_yscale("log")
    low, high = np.log10(ax.get_ylim())
    ax.set_ylim(10.0 ** np.floor(low), 10.0 ** np.ceil(high))
    ax.text(first, ax.get_ylim()[0], " fitted", color=GREY, fontsize=8.5, va="bottom")
    label_axes(ax, "outer iterations K", "mean of ||grad F||^2 over k < K [reward^2]")


EXPERIMENT = Experiment("convergence", "the double loop against the exact gradient", run, draw)
