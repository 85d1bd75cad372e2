"""What planning for all that people may be is worth, beside who is the model and who is not.

What was learned of somebody in 24 episodes is kept, and policies are planned for it, from the goal
seeker on: for people as estimated, for all that they may be, and for the worst of it (`core.risk`).
Two more robots: one stops when somebody is near, and one was told the person's weights.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from bisirl_ros.bench.plan import untrained
from bisirl_ros.core.bilevel import LoopState
from bisirl_ros.core.policy_comparison import AT_A_TIME
from bisirl_ros.core.policy_update import improve_repeatedly
from bisirl_ros.core.risk import ESTIMATE, RISKS
from bisirl_ros.core.robust import NORMAL_95
from bisirl_ros.crowd.actors import Actor, PolicyDriver, tell
from bisirl_ros.crowd.actors.registry import make_robot
from bisirl_ros.crowd.decisions import Decisions
from bisirl_ros.crowd.episode import play
from bisirl_ros.crowd.oracle import oracle_policy
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.solver import CrowdSolver
from bisirl_ros.metrics.bootstrap import bootstrap_mean
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup
from bisirl_ros.verify.misfit.encounters import EPISODES, LEARNED, encounters, learned_from
from bisirl_ros.verify.misfit.kinds import KINDS, RIGHT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TOLD, STOPS = "told their weights", "stop_when_near"
ROBOTS = (*RISKS, STOPS, TOLD)
SEEDS = 5
UPDATES, PLAYED, QUICK_UPDATES, QUICK_PLAYED = 72, 256, 6, 8
QUICK_EPISODES = 4
PLANNING = replace(LEARNED, policy_steps=6, checked_episodes=AT_A_TIME, hypergradient="first-order")
RIGHT_LOSES, KEPT = 0.01, 0.9
"""Of the return beside whoever is the model; and of what the best robot earns, beside anybody."""


def measure(setup: Setup, say: Say) -> Outcome:
    """The same people for all robots."""
    seeds, kinds = setup.seeds(SEEDS, 1), list(KINDS)[: 1 if setup.quick else None]
    full, quick = (EPISODES, UPDATES, PLAYED), (QUICK_EPISODES, QUICK_UPDATES, QUICK_PLAYED)
    size = quick if setup.quick else full
    wanted = {f"{kind}, seed {seed}": (kind, seed, *size) for kind in kinds for seed in seeds}
    rows = setup.parts.measure(of_person, wanted, say)
    table: dict[str, Any] = {}
    for kind in kinds:
        of = [rows[f"{kind}, seed {seed}"] for seed in seeds]
        table[kind] = {
            robot: {key: float(np.mean([row[robot][key] for row in of])) for key in of[0][robot]}
            for robot in ROBOTS
        }
        each = (f"{n} {v['return']:.2f} {v['collisions']:.1%}" for n, v in table[kind].items())
        say(f"{kind:<40} {', '.join(each)}")
    episodes = len(seeds) * size[-1]
    missed = {risk: missed_by(risk, table, episodes) for risk in RISKS}
    for risk, what in missed.items():
        say(f"{risk}: {'; '.join(what) or 'holds'}")
    best = min(RISKS, key=lambda risk: len(missed[risk]))
    lost = [
        1.0 - rows[f"{RIGHT}, seed {seed}"][best]["return"]
        / rows[f"{RIGHT}, seed {seed}"][ESTIMATE]["return"]
        for seed in seeds
    ]  # fmt: skip
    return Outcome(
        {"by_kind": table, "missed": missed, "best": best},
        seeds,
        bootstrap_mean(lost),
        f"one way to plan: collisions not above {STOPS}'s by more than chance, return >= {KEPT:.0%}"
        f" of the best robot's beside everybody, and within {RIGHT_LOSES:.0%} of {ESTIMATE}'s"
        " beside the model",
        setup.quick or not missed[best],
        "quick: judged by being played at all" if setup.quick else "; ".join(missed[best]),
    )


def missed_by(risk: str, table: dict[str, Any], episodes: int) -> list[str]:
    """What of the bar robots that plan so do not hold, in words; episodes: beside each kind."""
    found = []
    for kind, of in table.items():
        ours, most = of[risk], max(robot["return"] for robot in of.values())
        if more_often(ours["collisions"], of[STOPS]["collisions"], episodes):
            found.append(f"{kind}: collisions {ours['collisions']:.1%}")
        if ours["return"] < KEPT * most:
            found.append(f"{kind}: {ours['return'] / most:.0%} of the best return")
    if table[RIGHT][risk]["return"] < (1.0 - RIGHT_LOSES) * table[RIGHT][ESTIMATE]["return"]:
        found.append("loses beside the model")
    return found


def more_often(share: float, other: float, count: int) -> bool:
    """Whether one share of `count` is above another by more than chance (Agresti, Caffo 2000)."""
    a, b = ((count * p + 1.0) / (count + 2.0) for p in (share, other))
    return a - b > NORMAL_95 * float(np.sqrt((a * (1.0 - a) + b * (1.0 - b)) / (count + 2.0)))


def of_person(
    kind: str, seed: int, episodes: int, updates: int, played: int
) -> dict[str, dict[str, float]]:
    """Mean return, share of collisions and mean least distance [m] of ROBOTS beside somebody."""
    met = encounters(kind, seed, episodes)
    scenario, theta = met.scenario, met.theta[None]
    policy, (known, _) = InteractionPolicy(scenario.robot), learned_from(met, LEARNED)
    solver = CrowdSolver(scenario, policy)
    told = oracle_policy(solver, theta, PLANNING, updates, seed)
    assert told is not None
    phis = {risk: planned(known, scenario, risk, seed, updates) for risk in RISKS} | {TOLD: told}
    drivers: dict[str, Actor] = {n: PolicyDriver(policy, phi) for n, phi in phis.items()}
    drivers[STOPS] = make_robot(STOPS, scenario, seed)
    found = {}
    for name, driver in drivers.items():
        person, rng = KINDS[kind](scenario, policy, theta, seed), np.random.default_rng([seed, 12])
        tell(person, phis.get(name, untrained(scenario, seed)), episodes)
        start = scenario.sample(played, rng)
        of = play(scenario, driver, person, theta, start, rng)
        found[name] = {
            "return": float(of.returns.mean()),
            "collisions": float(of.collided.mean()),
            "least_m": float(of.min_distance_m.mean()),
        }
    return found


def planned(
    known: LoopState[Decisions], scenario: Scenario, risk: str, seed: int, updates: int
) -> Tensor:
    """phi for somebody of whom that was learned: (m,)."""
    config = replace(PLANNING, risk=risk)
    solver = CrowdSolver(
        scenario, InteractionPolicy(scenario.robot), learn_structure=True, risk=risk
    )
    start = untrained(scenario, seed)
    state: LoopState[Decisions] = LoopState.start(
        start, solver.n_features, config, seed, people=True
    )
    state.theta, state.evidence = known.theta, known.evidence
    state.collected = known.collected
    for _ in range(updates // config.policy_steps):
        improve_repeatedly(solver, state, config)
    return state.phi


def draw(outcome: Outcome, ax: Axes) -> None:
    """Return by kind of person, as a share of the best robot's."""
    table = outcome.figures["by_kind"]
    for i, robot in enumerate(ROBOTS):
        best = [max(one["return"] for one in of.values()) for of in table.values()]
        share = [of[robot]["return"] / most for of, most in zip(table.values(), best, strict=True)]
        ax.plot(share, np.arange(len(table)) + 0.12 * i, "o", ms=3, label=robot)
    ax.set_yticks(np.arange(len(table)), list(table), fontsize=5)
    ax.set_xlabel("of the best robot's return", fontsize=8)


EXPERIMENT = Experiment("careful", "plans for all that people may be", measure, draw)
