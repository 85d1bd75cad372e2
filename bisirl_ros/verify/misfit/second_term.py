"""Does the hypergradient's second term earn its place? In finite games, with it and without it.

`first-order` takes the estimate as if it did not depend on the policy. Where the model is right and
evidence is carried, theory says that it loses nothing (the cross term is zero in the mean); where
the model is wrong, or only the newest batch counts, the estimate does depend on the policy.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.bilevel import LoopConfig, LoopState, bisirl
from bisirl_ros.metrics.bootstrap import bootstrap_mean
from bisirl_ros.tabular.interactions import TabularInteractions
from bisirl_ros.tabular.occupancy import expected_return
from bisirl_ros.tabular.optimal_policy import policy_starts
from bisirl_ros.tabular.solver import TabularSolver
from bisirl_ros.theory.random_games import KnownGame, random_game
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup
from bisirl_ros.verify.misfit.experts import EXPERTS, RIGHT, SHORT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

METHODS = WITH, WITHOUT = "implicit", "first-order"
EVIDENCE = CARRIED, NEWEST = "carried", "of the newest batch"
RATES, EPISODES = (LoopConfig().learning_rate, 0.3), (2, 20)
SEEDS, BATCHES = 14, 40
QUICK_BATCHES, STARTS, CLIMB = 3, 8, 400
STANDARD_ERRORS = 2.0


def measure(setup: Setup, say: Say) -> Outcome:
    """Regret of the last policy, by expert, evidence, learning rate and episodes a batch."""
    seeds = setup.seeds(SEEDS, 1)
    batches = QUICK_BATCHES if setup.quick else BATCHES
    grid = list(itertools.product((RIGHT, SHORT), EVIDENCE, RATES, EPISODES))
    grid = grid[:1] if setup.quick else grid
    names = {
        (expert, evidence, rate, count): f"{expert}, {evidence}, rate {rate:g}, {count} a batch"
        for expert, evidence, rate, count in grid
    }
    wanted = {
        f"{names[case]}, seed {seed}": (*case, seed, batches) for case in grid for seed in seeds
    }
    rows = setup.parts.measure(both, wanted, say)
    table = {
        name: compared([rows[f"{name}, seed {seed}"] for seed in seeds]) for name in names.values()
    }
    for name, row in table.items():
        say(
            f"{name:<62} regret {row[WITH]:6.1%}, first-order {row[WITHOUT]:6.1%}, less"
            f" {row['gain']:+6.1%} +- {row['error']:.1%}"
        )
    worse = [k for k, r in table.items() if r["gain"] < -STANDARD_ERRORS * r["error"]]
    better = [k for k, r in table.items() if r["gain"] > STANDARD_ERRORS * r["error"]]
    return Outcome(
        {"table": table, "worse": worse, "better": better},
        seeds,
        {name: row["interval"] for name, row in table.items()},
        f"with the second term no regret above first-order's by {STANDARD_ERRORS:g} standard"
        " errors; where it is below is named, or that there is none",
        setup.quick or not worse,
        "quick: judged by being played at all"
        if setup.quick
        else f"worse: {'; '.join(worse) or 'nowhere'}; better: {'; '.join(better) or 'nowhere'}",
    )


def compared(rows: list[dict[str, float]]) -> dict[str, Any]:
    """Means over seeds; gain: what the second term takes from the regret, paired, and its error."""
    gains = np.array([row[WITHOUT] - row[WITH] for row in rows])
    found: dict[str, Any] = {of: float(np.mean([row[of] for row in rows])) for of in METHODS}
    error = float(gains.std(ddof=1) / np.sqrt(len(gains))) if len(gains) > 1 else float("inf")
    return {
        **found,
        "gain": float(gains.mean()),
        "error": error,
        "interval": bootstrap_mean(gains.tolist()),
    }


def both(
    expert: str, evidence: str, rate: float, episodes: int, seed: int, batches: int
) -> dict[str, float]:
    """Regret of either, as a share of the span from the uniform policy; the same game and luck."""
    rng = np.random.default_rng(seed)
    known = EXPERTS[expert](random_game(rng, horizon=5), rng)
    top = _best(known, seed)
    bottom = float(_earned(known, torch.zeros_like(known.random_phi(np.random.default_rng(0)))))
    found = {}
    for method in METHODS:
        phi = _last_policy(known, method, evidence, rate, episodes, seed, batches)
        found[method] = (top - float(_earned(known, phi))) / (top - bottom)
    return found


def _last_policy(
    known: KnownGame,
    method: str,
    evidence: str,
    rate: float,
    episodes: int,
    seed: int,
    batches: int,
) -> Tensor:
    config = LoopConfig(
        checked_episodes=0,
        policy_steps=1,
        learning_rate=rate,
        rate_decay=30.0,
        hypergradient=method,
    )
    rng = np.random.default_rng([seed, 1])
    phi = torch.zeros_like(known.random_phi(rng))
    state: LoopState[TabularInteractions] = LoopState.start(phi, len(known.theta), config, seed)
    nothing = state.evidence

    def interact(now: LoopState[TabularInteractions]) -> tuple[TabularInteractions, Tensor] | None:
        if now.k == batches:
            return None
        if evidence == NEWEST:
            now.evidence, now.collected = nothing, []
        deployed = now.phi
        return known.play(deployed, episodes, rng), deployed

    solver = TabularSolver(known.game, known.reward)
    return bisirl(solver, state, config, interact, lambda report: None).phi.detach()


def _earned(known: KnownGame, phi: Tensor) -> Tensor:
    """The true J_l of policies phi (..., m), among the expert as they are: (...,)."""
    pi_l = known.game.learner_policy(phi)
    reward = known.game.learner_reward(known.table)
    return expected_return(known.game, pi_l, known.expert(pi_l), reward)


def _best(known: KnownGame, seed: int) -> float:
    """The most that a policy was found to earn: several starts, the truth known."""
    phi = policy_starts(known.game, STARTS, np.random.default_rng([seed, 2])).requires_grad_()
    climb = torch.optim.Adam([phi], lr=0.1, maximize=True)
    for _ in range(CLIMB):
        (phi.grad,) = torch.autograd.grad(_earned(known, phi).sum(), phi)
        climb.step()
    with torch.no_grad():
        return float(_earned(known, phi).max())


def draw(outcome: Outcome, ax: Axes) -> None:
    """What the second term takes from the regret, case by case."""
    table: dict[str, Any] = outcome.figures["table"]
    for i, (name, row) in enumerate(table.items()):
        ax.errorbar(100.0 * row["gain"], -i, xerr=200.0 * min(row["error"], 1.0), fmt="o", ms=3,
                    color="0.3")  # fmt: skip
        ax.text(0.0, -i + 0.25, name, fontsize=5.5, ha="center")
    ax.axvline(0.0, color="k", lw=0.8, ls=":", label="no difference")
    ax.set_yticks([])
    ax.set_xlabel("regret that the second term saves [% of the span]", fontsize=8)


EXPERIMENT = Experiment("second_term", "the hypergradient's second term", measure, draw)
