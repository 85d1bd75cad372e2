"""Every hypergradient estimate against central differences, and what leaving a term out costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.hypergradient import Estimator, Hypergradient, OuterTerms, hypergradient
from bisirl_ros.core.inverse_hessian import conjugate_gradient
from bisirl_ros.report.plot_style import GREY, INK, PERSON, ROBOT, label_axes
from bisirl_ros.tabular.occupancy import expected_return, visits
from bisirl_ros.tabular.population import Population, soft_expert
from bisirl_ros.tabular.reward import LinearReward
from bisirl_ros.tabular.solver import TabularSolver
from bisirl_ros.theory.random_games import KnownGame, random_game
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CG_STEPS, NEUMANN_TERMS, SPSA_SAMPLES = (2, 4, 8), (10, 100, 1000), (1, 4, 16)
IMPLICIT_BAR, CG_BAR, SPSA_BAR = 1e-6, 1e-8, 0.2
SPSA_THEORY = [((24 - 1) / m) ** 0.5 for m in SPSA_SAMPLES]
RADIUS = 1e-4
"""Of the differences: their bias falls with its square, their rounding grows with its inverse."""
UNEQUAL = (0.0, 1.0, 2.0, 3.0)
"""Decades between the largest and the smallest feature: how the Hessian is made ill-conditioned."""


@dataclass(frozen=True)
class _Case:
    """A game with a policy; right: whether the learner's model of the expert is."""

    known: KnownGame
    population: Population
    phi: Tensor
    right: bool


def run(setup: Setup, say: Say) -> Outcome:
    """Random games, 8 states and 3 x 3 actions: 24 learner and 8 reward parameters.

    Each seed draws four: horizon 5 or none; an expert of the model, or one whose table is off the
    features by noise of standard deviation 0.5 and whose rationality is 0.7. The data are the
    expected ones of that expert. Errors are relative, ||v - grad F|| / ||grad F||, with the dense
    solve as grad F once that has been compared with central differences. CG(8) is held to its bar
    twice: in the solution of the linear system and in the hypergradient. Intervals: of SPSA's root
    mean square error over sqrt((n - 1) / m), bootstrap over games; the rest is exact, game by game.
    """
    seeds, repeats = setup.seeds(10, 2), (16, 4, 1) if setup.quick else (24, 6, 2)
    games = []
    for seed in seeds:
        for horizon in (5, None):
            for right in (True, False):
                games.append(_measured(_case(seed, horizon, right), seed, repeats))
        last = games[-1]
        say(f"seed {seed}: implicit {last['implicit']:.0e} from central differences, "
            f"CG(8) {last['cg'][-1]:.0e}, first-order {last['first_order']:.0%} off")  # fmt: skip
    unequal = [_unequal(seed, decades) for seed in seeds[:5] for decades in UNEQUAL]
    worst = max(unequal, key=lambda found: found["condition"])
    ratios, interval = _spsa_ratios(games, setup.seed)
    figures = {
        "implicit_worst": max(game["implicit"] for game in games),
        "cg_8_worst": max(max(game["cg_8_solve"], game["cg"][-1]) for game in games),
        "condition_worst": max(game["condition"] for game in games),
        "spsa_over_theory": ratios,
        "median_when_right": _medians(games, True),
        "median_when_wrong": _medians(games, False),
        "unequal_features": unequal,
        "games": games,
    }
    # So few perturbations as in a quick run resolve SPSA's error to within their interval only.
    slack = [0.5 * (high - low) * setup.quick for low, high in interval.values()]
    off = [abs(ratio - 1.0) - more for ratio, more in zip(ratios, slack, strict=True)]
    within = f"{SPSA_BAR:.0%}{' + interval' if setup.quick else ''}"
    return Outcome(
        figures,
        seeds,
        interval,
        f"implicit <= {IMPLICIT_BAR:.0e} from differences, CG(8) <= {CG_BAR:.0e} from dense, "
        f"SPSA within {within} of sqrt((n-1)/m)",
        holds=figures["implicit_worst"] <= IMPLICIT_BAR
        and figures["cg_8_worst"] <= CG_BAR
        and max(off) <= SPSA_BAR,
        note=f"drawn games have condition numbers up to {figures['condition_worst']:.0f}; features "
        f"of unequal size, {worst['condition']:.0e}: CG(8) is {worst['cg_8']:.0e} off, "
        f"CG(100) {worst['cg_100']:.0e}",
    )


def _case(seed: int, horizon: int | None, right: bool) -> _Case:
    rng = np.random.default_rng(seed)
    known = random_game(rng, horizon=horizon)
    expert = known.expert
    if not right:
        noise = 0.5 * torch.from_numpy(rng.normal(size=known.table.shape))
        expert = soft_expert(known.game, known.table + noise, rationality=0.7)
    solver = TabularSolver(known.game, known.reward)
    return _Case(known, Population(solver, expert), known.random_phi(rng), right)


def _measured(case: _Case, seed: int, repeats: tuple[int, ...]) -> dict[str, Any]:
    """All relative errors in one game."""
    rng = np.random.default_rng(seed)
    terms, theta = case.population.outer_terms(case.phi)
    hessian = case.population.objective(case.phi).hessian(theta)
    w = np.linalg.solve(hessian, terms.d_theta)
    exact = terms.d_phi - terms.pull_back(w)[0]

    def off(estimate: Tensor) -> float:
        return float((estimate - exact).norm() / exact.norm())

    def by(method: Hypergradient, **settings: Any) -> Tensor:
        estimator = Estimator(method, perturbation=RADIUS, **settings)
        return hypergradient(terms, case.phi, hessian.__matmul__, estimator, rng)

    differences = by(Hypergradient.FINITE_DIFFERENCE)
    frozen_batch, frozen_expert = _frozen(case, terms, theta, w)
    spsa = [
        [off(by(Hypergradient.SPSA, samples=m)) ** 2 for _ in range(count)]
        for m, count in zip(SPSA_SAMPLES, repeats, strict=True)
    ]
    solved = conjugate_gradient(hessian.__matmul__, terms.d_theta, CG_STEPS[-1])
    implicit = by(Hypergradient.IMPLICIT)
    return {
        "right": case.right,
        "condition": float(np.linalg.cond(hessian)),
        "implicit": float((implicit - differences).norm() / differences.norm()),
        "cg": [off(by(Hypergradient.IMPLICIT, cg_steps=steps)) for steps in CG_STEPS],
        "cg_8_solve": float(np.linalg.norm(solved - w) / np.linalg.norm(w)),
        "neumann": [off(by(Hypergradient.NEUMANN, neumann_terms=n)) for n in NEUMANN_TERMS],
        "spsa": [float(np.mean(squares)) for squares in spsa],
        "first_order": off(by(Hypergradient.FIRST_ORDER)),
        "frozen_batch": off(frozen_batch),
        "frozen_expert": off(frozen_expert),
    }


def _frozen(case: _Case, terms: OuterTerms, theta: Array, w: Array) -> tuple[Tensor, Tensor]:
    """Section 3's two mistakes: data that do not shift with phi; a response that does not in f."""
    solver, game = case.population.solver, case.known.game
    phi, at = case.phi.clone().requires_grad_(), torch.from_numpy(theta).requires_grad_()
    pi_l, response = solver.response(phi, at)
    pi_e = case.population.expert(pi_l)
    counts = (visits(game, pi_l, pi_e)[..., None] * pi_e).detach()
    g = -(counts * response.log_pi).sum()
    slope = torch.autograd.grad(g, at, create_graph=True)[0]
    cross = torch.autograd.grad(slope @ torch.from_numpy(w), phi, retain_graph=True)[0]
    r_l = game.learner_reward(solver.reward.table(at))
    f = expected_return(game, pi_l, response.pi.detach(), r_l)
    d_phi = torch.autograd.grad(f, phi)[0]
    return terms.d_phi - cross, d_phi - terms.pull_back(w)[0]


def _unequal(seed: int, decades: float) -> dict[str, float]:
    """CG where some features are this many decades smaller than others, under a weak prior."""
    case = _case(seed, None, right=False)
    size = torch.logspace(0.0, -decades, case.known.reward.n_features, dtype=torch.float64)
    solver = TabularSolver(case.known.game, LinearReward(case.known.reward.psi * size))
    population = Population(solver, case.population.expert, precision=1e-6)
    terms, theta = population.outer_terms(case.phi)
    hessian = population.objective(case.phi).hessian(theta)
    exact = terms.d_phi - terms.pull_back(np.linalg.solve(hessian, terms.d_theta))[0]
    found = {"condition": float(np.linalg.cond(hessian))}
    for steps in (8, 100):
        w = conjugate_gradient(hessian.__matmul__, terms.d_theta, steps)
        v = terms.d_phi - terms.pull_back(w)[0]
        found[f"cg_{steps}"] = float((v - exact).norm() / exact.norm())
    return found


def _spsa_ratios(games: list[dict[str, Any]], seed: int) -> tuple[list[float], dict[str, Any]]:
    """Root mean square error over theory for each m, and its interval."""
    squares = np.array([game["spsa"] for game in games]) / np.square(SPSA_THEORY)
    rows = np.random.default_rng(seed).integers(len(games), size=(4000, len(games)))
    ends = np.quantile(np.sqrt(squares[rows].mean(1)), [0.025, 0.975], axis=0)
    interval = {f"spsa_{m}": ends[:, i].tolist() for i, m in enumerate(SPSA_SAMPLES)}
    return np.sqrt(squares.mean(0)).tolist(), interval


def _medians(games: list[dict[str, Any]], right: bool) -> dict[str, Any]:
    chosen = [game for game in games if game["right"] is right]
    return {
        name: np.median([game[name] for game in chosen], axis=0).tolist()
        for name in ("cg", "neumann", "first_order", "frozen_batch", "frozen_expert")
    }


def draw(outcome: Outcome, ax: Axes) -> None:
    """One column per estimate, one dot per game."""
    games = outcome.figures["games"]
    columns = {"implicit\n100": [game["implicit"] for game in games]}
    for name, key, sizes in (("CG", "cg", CG_STEPS), ("Neumann", "neumann", NEUMANN_TERMS)):
        columns |= {f"{name}\n{n}": [g[key][i] for g in games] for i, n in enumerate(sizes)}
    for i, m in enumerate(SPSA_SAMPLES):
        columns[f"SPSA\n{m}"] = [game["spsa"][i] ** 0.5 for game in games]
    for name in ("first_order", "frozen_batch", "frozen_expert"):
        columns[name.replace("_", "\n").replace("first", "first-")] = [g[name] for g in games]
    for right, colour, shift in ((True, ROBOT, -0.16), (False, PERSON, 0.16)):
        told = "the expert is the model's" if right else "the expert is not the model's"
        for x, errors in enumerate(columns.values()):
            dots = [e for e, g in zip(errors, games, strict=True) if g["right"] is right]
            label = told if x == 0 else None
            ax.plot([x + shift] * len(dots), dots, "o", color=colour, ms=4, alpha=0.5, label=label)
    for x, bar in ((0, IMPLICIT_BAR), (3, CG_BAR)):
        label = "bar" if x == 0 else None
        ax.plot([x - 0.4, x + 0.4], [bar, bar], color=INK, lw=1.6, label=label)
    for i in range(len(SPSA_SAMPLES)):
        label, rms = "sqrt((n-1)/m)" if i == 0 else None, SPSA_THEORY[i]
        ax.plot([6.6 + i, 7.4 + i], [rms, rms], "--", color=GREY, lw=1.6, label=label)
    ax.set_yscale("log")
    ax.set_xticks(range(len(columns)), list(columns))
    label_axes(ax, "estimate, with its steps, terms or samples", "relative error [-]")
    ax.tick_params(axis="x", labelsize=7.5)


EXPERIMENT = Experiment("hypergradient", "estimates of grad F, game by game", run, draw)
