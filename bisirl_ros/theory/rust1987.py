"""The lower level on real decisions whose maximum-likelihood answer is published (Rust 1987).

Every month the superintendent of a bus company keeps or replaces the engine of each bus. States
are 90 bins of 5,000 miles since the last replacement. Keeping costs 0.001 theta per bin, replacing
costs RC; mileage is 0 after a replacement, and within the month it grows by 0, 1 or 2 bins. Taste
shocks are standard extreme value, so that the choices are the soft-Bellman response of
FORMULATION section 1 to a learner with a single action.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.lower_level import LowerLevelResult, Status, solve_lower_level
from bisirl_ros.core.reward_distance import binomial_interval
from bisirl_ros.errors import InputError
from bisirl_ros.io.files import read_table
from bisirl_ros.report.plot_style import INK, PERSON, ROBOT, label_axes
from bisirl_ros.tabular.game import TabularGame
from bisirl_ros.tabular.likelihood import TabularLikelihood
from bisirl_ros.tabular.response import respond
from bisirl_ros.tabular.reward import LinearReward
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TABLE = Path("rust1987", "group_4.csv")
COLUMNS = ("period", "state", "usage", "decision")
STATES, STEPS, DISCOUNT = 90, 3, 0.9999
BIN_MILES = 5  # thousand
STARTS = ((0.0, 0.0), (20.0, 10.0), (1.0, 20.0))  # (RC, theta)
PUBLISHED = {"RC": 10.0750, "theta": 2.2930, "negative_log_likelihood": 163.584}
HALF_UNIT = {"RC": 0.005, "theta": 0.0005, "negative_log_likelihood": 0.05}  # of the 4th digit
PUBLISHED_ERRORS = {"RC": 1.582, "theta": 0.639}  # of all parameters jointly, from the scores
SAME = 1e-5  # largest difference of RC or theta between starts
LIMIT_S = 10.0
Z = 1.959964

Fit = tuple[TabularLikelihood, LowerLevelResult]


@dataclass(frozen=True)
class Records:
    """counts: (S, 2) kept and replaced, by state; moves: (3,) months with 0, 1, 2 bins driven."""

    counts: Array
    moves: Array


def read_records(path: Path) -> Records:
    """The monthly records of all buses without each bus's first, whose usage is not known.

    Raises InputError for a table that cannot be read, or a cell out of its range.
    """
    lines = read_table(path)
    header = [name.strip() for name in lines[0]] if lines else []
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise InputError(f"{path}: column '{missing[0]}' is missing; is it a table of bus engines?")
    places = [header.index(name) for name in COLUMNS]
    counts, moves = np.zeros((STATES, 2)), np.zeros(STEPS)
    for number, row in enumerate(lines[1:], start=2):
        where = f"{path}: line {number}"
        if len(row) != len(header):
            raise InputError(
                f"{where}: {len(row)} cells where the header has {len(header)}; mend the line"
            )
        period, state, usage, decision = (row[place].strip() for place in places)
        if usage or period != "0":
            s, d = _whole(state, "state", STATES, where), _whole(decision, "decision", 2, where)
            counts[s, d] += 1
            moves[_whole(usage, "usage", STEPS, where)] += 1
    if not moves.any():
        raise InputError(f"{path}: no line has a usage; is it a table of bus engines?")
    return Records(counts, moves)


def engine_game(move: Array, discount: float = DISCOUNT) -> tuple[TabularGame, LinearReward]:
    """The game of one bus and psi for (RC, theta); move: (3,) probability of each increment.

    What would leave the last bin stays in it.
    """
    transition = np.zeros((STATES, 1, 2, STATES))
    for s in range(STATES):
        for step, p in enumerate(move):
            transition[s, 0, 0, min(s + step, STATES - 1)] += p
            transition[s, 0, 1, step] += p
    psi = np.zeros((STATES, 1, 2, 2))
    psi[:, 0, 1, 0] = -1.0
    psi[:, 0, 0, 1] = -0.001 * np.arange(STATES)
    start = torch.zeros(STATES, dtype=torch.float64)
    start[0] = 1.0
    game = TabularGame(torch.from_numpy(transition), start, discount)
    return game, LinearReward(torch.from_numpy(psi))


def fit(records: Records, start: tuple[float, float], discount: float = DISCOUNT) -> Fit:
    """The likelihood of the decisions and its minimiser (RC, theta), without a prior."""
    game, reward = engine_game(records.moves / records.moves.sum(), discount)
    counts = torch.from_numpy(records.counts)[None, None]
    likelihood = TabularLikelihood(game, reward, _nobody()[None], counts)
    found = solve_lower_level(
        likelihood, np.array(start), trajectories=len(likelihood), tolerance=1e-10
    )
    return likelihood, found


def run(setup: Setup, say: Say) -> Outcome:
    """The same at either scale: it takes about a second."""
    bar = (
        "RC 10.0750, theta 2.2930, -log-likelihood 163.584 to 4 significant digits, "
        f"from {len(STARTS)} starts, in under {LIMIT_S:.0f} s"
    )
    path = None if setup.data is None else setup.data / TABLE
    if path is None or not path.is_file():
        place = "no folder with outside data" if path is None else f"{path} is not there"
        note = f"{place}; point --data to the folder that holds {TABLE}"
        return Outcome({}, [], None, bar, None, note)
    began = time.perf_counter()
    records = read_records(path)
    fits = [fit(records, start) for start in STARTS]
    seconds = time.perf_counter() - began
    figures, interval = _figures(records, fits)
    figures["seconds"] = seconds
    for name, value in PUBLISHED.items():
        say(f"{name.replace('_', ' ')} {figures[name]:.4f}, published {value}")
    agrees = all(abs(figures[name] - PUBLISHED[name]) <= HALF_UNIT[name] for name in PUBLISHED)
    settled = all(result.status is Status.CONVERGED for _, result in fits)
    same = figures["spread_over_starts"] < SAME
    return Outcome(figures, [], interval, bar, agrees and settled and same and seconds < LIMIT_S)


def draw(outcome: Outcome, ax: Axes) -> None:
    """How often an engine was replaced at each mileage, and how often the answer says."""
    f, pooled = outcome.figures, 10
    kept, replaced = (np.reshape(f[name], (-1, pooled)).sum(-1) for name in ("kept", "replaced"))
    for i in np.flatnonzero(kept + replaced):
        of, trials = int(replaced[i]), int(kept[i] + replaced[i])
        x, low_high = BIN_MILES * pooled * (i + 0.5), binomial_interval(of, trials)
        label = "observed, 50,000 miles pooled, 95 % interval" if i == 0 else None
        ax.plot([x, x], [100 * end for end in low_high], color=PERSON, lw=2)
        ax.plot(x, 100 * of / trials, "o", color=PERSON, ms=6, label=label)
    miles = BIN_MILES * (np.arange(STATES) + 0.5)
    percent = 100 * np.array(f["replacement_probability"])
    ax.plot(miles, percent, color=ROBOT, lw=2, label="the response at the estimate")
    told = (
        f"RC = {f['RC']:.4f} (published 10.0750)\n"
        f"theta = {f['theta']:.4f} (published 2.2930)\n"
        f"-log-likelihood = {f['negative_log_likelihood']:.3f} (published 163.584)"
    )
    ax.text(0.02, 0.6, told, transform=ax.transAxes, fontsize=8.5, color=INK)
    label_axes(ax, "mileage since the last replacement [1000 miles]", "replaced per month [%]")


def _whole(cell: str, name: str, below: int, where: str) -> int:
    try:
        value = float(cell)
    except ValueError:
        value = float("nan")
    if not (0 <= value < below and value == int(value)):
        rule = f"give a whole number from 0 to {below - 1}"
        raise InputError(f"{where}: {cell!r} in column '{name}'; {rule}")
    return int(value)


def _nobody() -> Tensor:
    """The policy of a learner with one action: (S, 1)."""
    return torch.ones((STATES, 1), dtype=torch.float64)


def _figures(records: Records, fits: Sequence[Fit]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Everything about the best of the fits, and the 95 % intervals of RC and theta."""
    likelihood, found = min(fits, key=lambda one: one[0].value(one[1].theta))
    theta, names = found.theta, ("RC", "theta")
    error = np.sqrt(np.diag(np.linalg.inv(likelihood.hessian(theta))))
    scores, counts = likelihood.log_pi_jacobian(theta), likelihood.counts.numpy().reshape(-1, 1)
    by_scores = np.sqrt(np.diag(np.linalg.inv((scores * counts).T @ scores)))
    table = likelihood.reward.table(torch.from_numpy(theta))
    response = respond(likelihood.game, _nobody(), table)
    figures = {
        **dict(zip(names, theta.tolist(), strict=True)),
        "negative_log_likelihood": likelihood.value(theta),
        "published": PUBLISHED,
        "standard_errors": dict(zip(names, error.tolist(), strict=True)),
        "outer_product_standard_errors": dict(zip(names, by_scores.tolist(), strict=True)),
        "published_standard_errors": PUBLISHED_ERRORS,
        "spread_over_starts": float(np.ptp([fit.theta for _, fit in fits], axis=0).max()),
        "newton_iterations": [fit.iterations for _, fit in fits],
        "gradient_norms": [fit.residual for _, fit in fits],
        "bellman_residual": response.residual,
        "bellman_iterations": response.iterations,
        "largest_value": float(response.v.abs().max()),
        "move_probabilities": (records.moves / records.moves.sum()).tolist(),
        "replacement_probability": response.pi[0, :, 1].tolist(),
        "kept": records.counts[:, 0].tolist(),
        "replaced": records.counts[:, 1].tolist(),
    }
    ends = np.stack([theta - Z * error, theta + Z * error], -1)
    return figures, dict(zip(names, ends.tolist(), strict=True))


EXPERIMENT = Experiment(
    "rust1987", "real decisions with a published maximum-likelihood answer", run, draw
)
