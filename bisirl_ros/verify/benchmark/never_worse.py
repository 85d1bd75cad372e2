"""A deployed policy is never worse than its predecessor by more than its error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bisirl_ros.core.loop_config import LoopConfig
from bisirl_ros.core.policy_update import improve_repeatedly
from bisirl_ros.crowd.oracle import untaught
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.crowd.solver import CrowdSolver
from bisirl_ros.crowd.true_weights import true_weights
from bisirl_ros.metrics.bootstrap import bootstrap_mean
from bisirl_ros.verify.benchmark.scenarios import measured_scenarios
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WORSE, QUICK_WORSE, RUNS, BATCHES = 0.02, 0.1, 100, 16
JUDGED = 512
"""Episodes, of other starts and luck than those it was checked by."""


def measure(setup: Setup, say: Say) -> Outcome:
    """Runs over all scenarios with true weights; every policy on the way is judged."""
    names = measured_scenarios(setup)
    runs, batches = (1, 3) if setup.quick else (RUNS, BATCHES)
    wanted = {
        f"{names[i % len(names)]}, seed {setup.seed + i // len(names)}": (
            names[i % len(names)],
            setup.seed + i // len(names),
            batches,
        )
        for i in range(runs)
    }
    rows = setup.parts.measure(of_run, wanted, say)
    drops = {key: worst_drop(row["returns"]) for key, row in rows.items()}
    below = [key for key, row in rows.items() if row["returns"][-1] < row["returns"][0]]
    worse = QUICK_WORSE if setup.quick else WORSE
    bad = [key for key, drop in drops.items() if drop > worse]
    for key in bad:
        say(f"{key}: {drops[key]:.1%} worse than its predecessor")
    return Outcome(
        {"worst_drop": max(drops.values()), "drops": drops, "below_go_to_goal": below},
        sorted({setup.seed + i // len(names) for i in range(runs)}),
        bootstrap_mean(list(drops.values())),
        f"{runs} runs: no policy's return more than {worse:.0%} below its predecessor's, none ends"
        " below the goal seeker it began as",
        not bad and not below,
        "; ".join([*bad, *(f"{key}: ends below" for key in below)]),
    )


def of_run(name: str, seed: int, batches: int) -> dict[str, Any]:
    """Return of each deployed policy, the first of them the goal seeker; share of each step."""
    scenario = load_scenario(name)
    policy, theta = InteractionPolicy(scenario.robot), true_weights(scenario, seed=seed)
    solver, config = CrowdSolver(scenario, policy), LoopConfig()
    state = untaught(solver, config, seed)

    def value() -> float:
        luck, at = np.random.default_rng([seed, 14]), state.phi.detach()
        return float(solver.returns(at, theta.flatten(), state.evidence, [], JUDGED, luck).mean())

    returns, shares = [value()], []
    for _ in range(batches):
        shares.append(improve_repeatedly(solver, state, config, known_theta=theta.flatten()).share)
        returns.append(value())
    return {"returns": returns, "shares": shares}


def worst_drop(returns: list[float]) -> float:
    """The most that one policy is below the one before it, as a share of that; 0: none is."""
    found = np.array(returns)
    drops = (found[:-1] - found[1:]) / np.abs(found[:-1]).clip(min=1.0)
    return float(drops.max(initial=0.0))


def draw(outcome: Outcome, ax: Axes) -> None:
    """The worst step of each run."""
    drops = np.array(list(outcome.figures["drops"].values()))
    ax.hist(100.0 * drops, bins=20, color="0.6")
    ax.axvline(100.0 * WORSE, color="k", lw=0.8, ls=":", label="bar")
    ax.set_xlabel("worst step down of a run [%]", fontsize=8)
    ax.set_ylabel("runs", fontsize=8)


EXPERIMENT = Experiment("never_worse", "no policy worse than the one before", measure, draw)
