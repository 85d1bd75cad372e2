"""A deployed policy is never worse than its predecessor by more than its error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from bisirl_ros.core.loop_config import LoopConfig
from bisirl_ros.core.policy_update import improve_repeatedly
from bisirl_ros.crowd.oracle import untaught
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.crowd.solver import CrowdSolver
from bisirl_ros.crowd.true_weights import true_weights
from bisirl_ros.metrics.bootstrap import bootstrap_mean
from bisirl_ros.verify.benchmark.scenarios import COSTLY, measured_scenarios
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WORSE, QUICK_WORSE, RUNS, BATCHES = 0.02, 0.1, 100, 10
JUDGED, AGAIN = 512, 4096
"""Episodes, of other starts and luck than those it was checked by; and by which a policy that looks
worse by half of WORSE is judged once more, with its predecessor: of so many comparisons some look
so by their luck."""


def measure(setup: Setup, say: Say) -> Outcome:
    """Runs over all scenarios with true weights; every policy on the way is judged."""
    names = measured_scenarios(setup)
    runs, batches = (1, 3) if setup.quick else (RUNS, BATCHES)
    of = runs_over(names, runs, setup.seed)
    wanted = {f"{name}, seed {seed}": (name, seed, batches) for name, seed in of}
    rows = setup.parts.measure(of_run, wanted, say)
    drops = {key: max(row["drops"]) for key, row in rows.items()}
    below = [key for key, row in rows.items() if row["returns"][-1] < row["returns"][0]]
    worse = QUICK_WORSE if setup.quick else WORSE
    bad = [key for key, drop in drops.items() if drop > worse]
    for key in bad:
        say(f"{key}: {drops[key]:.1%} worse than its predecessor")
    return Outcome(
        {"worst_drop": max(drops.values()), "drops": drops, "below_go_to_goal": below},
        sorted({seed for _, seed in of}),
        bootstrap_mean(list(drops.values())),
        f"{runs} runs: no policy's return more than {worse:.0%} below its predecessor's, none ends"
        " below the goal seeker it began as",
        not bad and not below,
        "; ".join([*bad, *(f"{key}: ends below" for key in below)]),
    )


def runs_over(names: Sequence[str], runs: int, first_seed: int) -> list[tuple[str, int]]:
    """(scenario, seed) of each run: one of every costly scenario, the others in turns."""
    costly = [name for name in names if name in COSTLY][:runs]
    others = [name for name in names if name not in COSTLY] or costly
    rest = [
        (others[i % len(others)], first_seed + i // len(others)) for i in range(runs - len(costly))
    ]
    return [*rest, *((name, first_seed) for name in costly)]


def of_run(name: str, seed: int, batches: int) -> dict[str, Any]:
    """Return of each deployed policy, the first of them the goal seeker; how far each is below the
    one before, as a share of that; after which batches a new one was deployed."""
    scenario = load_scenario(name)
    policy, theta = InteractionPolicy(scenario.robot), true_weights(scenario, seed=seed)
    solver, config = CrowdSolver(scenario, policy), LoopConfig()
    state = untaught(solver, config, seed)

    def value(phi: Tensor, episodes: int, luck: int) -> float:
        rng = np.random.default_rng([seed, luck])
        return float(solver.returns(phi, theta.flatten(), state.evidence, [], episodes, rng).mean())

    before = state.phi
    returns, drops, renewed = [value(before, JUDGED, 14)], [], []
    for _ in range(batches):
        improved = improve_repeatedly(solver, state, config, known_theta=theta.flatten())
        renewed.append(improved.renewed)
        after = state.phi
        returns.append(value(after, JUDGED, 14))
        drops.append(drop(returns[-2], returns[-1]))
        if drops[-1] > WORSE / 2.0:
            drops[-1] = drop(value(before, AGAIN, 15), value(after, AGAIN, 15))
        before = after
    return {"returns": returns, "drops": drops, "renewed": renewed}


def drop(before: float, after: float) -> float:
    """How far a return is below the one before it, as a share of that; below 0: it is above."""
    return (before - after) / max(abs(before), 1.0)


def draw(outcome: Outcome, ax: Axes) -> None:
    """The worst step of each run."""
    drops = np.array(list(outcome.figures["drops"].values()))
    ax.hist(100.0 * drops, bins=20, color="0.6")
    ax.axvline(100.0 * WORSE, color="k", lw=0.8, ls=":", label="bar")
    ax.set_xlabel("worst step down of a run [%]", fontsize=8)
    ax.set_ylabel("runs", fontsize=8)


EXPERIMENT = Experiment("never_worse", "no policy worse than the one before", measure, draw)
