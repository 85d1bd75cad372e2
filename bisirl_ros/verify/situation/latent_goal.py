"""Three possible goals, the truth hidden: who is going where, and what do they want?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.bilevel import LoopConfig
from bisirl_ros.crowd.scenario import Scenario, load_scenario
from bisirl_ros.metrics.bootstrap import bootstrap_mean
from bisirl_ros.session.session import Session
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup
from bisirl_ros.verify.offline import OfflineRun, play_offline
from bisirl_ros.verify.situation.people_of import drawn_people, graded
from bisirl_sim.episode import Episode

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GOALS = ((-2.6, 3.2), (0.0, 3.6), (2.6, 3.2))
SURE, SHARE, COVERAGE = 0.9, 0.90, 0.90
TAUGHT = 6
"""Episodes before the belief is judged: with no estimate of the reward all goals look alike."""


def measure(setup: Setup, say: Say) -> Outcome:
    """Learn beside somebody whose goal is one of three; how early is it known?"""
    seeds = setup.seeds(10, 1)
    episodes = TAUGHT + (3 if setup.quick else 10)
    right, inside, errors = [], [], []
    for seed in seeds:
        scenario = three_goals(load_scenario("crossing"))
        people = drawn_people(scenario, seed)
        beliefs: dict[int, float] = {}
        loop = LoopConfig(policy_steps=1, checked_episodes=0)
        run = OfflineRun(
            scenario, people, loop, episodes=episodes, seed=seed, on_step=_halfway(beliefs)
        )
        found = play_offline(run)
        error, holds = graded(found.last, people)
        judged = [belief > SURE for k, belief in beliefs.items() if k >= TAUGHT]
        right += judged
        errors += error
        inside += holds
        say(f"seed {seed}: right {np.mean(judged):.0%}, error {error[0]:.1%}, {sum(holds)} inside")
    holds_ = float(np.mean(right)) >= SHARE and float(np.mean(inside)) >= COVERAGE
    return Outcome(
        {
            "right_goal_by_half_way": float(np.mean(right)),
            "coverage": float(np.mean(inside)),
            "error": float(np.mean(errors)),
        },
        seeds,
        bootstrap_mean([float(r) for r in right]),
        f"right goal believed in at > {SURE} by half of the walk in >= {SHARE:.0%};"
        f" coverage >= {COVERAGE:.0%}",
        holds_ if not setup.quick else float(np.mean(right)) > 1.0 / len(GOALS),
    )


def three_goals(scenario: Scenario) -> Scenario:
    """The same scenario, whose person may be going to any of GOALS."""
    first = replace(scenario.starts.people[0], goals=GOALS)
    return replace(
        scenario, starts=replace(scenario.starts, people=(first, *scenario.starts.people[1:]))
    )


def _halfway(beliefs: dict[int, float]) -> Callable[[int, Session, Episode], None]:
    """Notes the belief in the true goal when half of the way to it is done, by episode."""

    def note(k: int, session: Session, episode: Episode) -> None:
        if k in beliefs:
            return
        start, now = (s.people[0, 0, :2] for s in (episode.start, episode.situation))
        goal = torch.from_numpy(np.asarray(episode.goals[0]))
        if float((goal - now).norm()) > 0.5 * float((goal - start).norm()):
            return
        places, log_belief = session.goals.of(("person_0",))
        beliefs[k] = _belief_in(places[0], log_belief[0], np.asarray(episode.goals[0]))

    return note


def _belief_in(places: Array, log_belief: Array, goal: Array) -> float:
    nearest = int(np.linalg.norm(places - goal, axis=-1).argmin())
    return float(np.exp(log_belief[nearest]))


def draw(outcome: Outcome, ax: Axes) -> None:
    """The two shares beside their bars."""
    figures = outcome.figures
    names = ("right_goal_by_half_way", "coverage")
    ax.bar(
        ["right goal half way", "weights inside ±95 %"], [figures[n] for n in names], color="0.6"
    )
    ax.axhline(SHARE, color="k", lw=0.8, ls=":", label="bars")
    ax.set_ylabel("share", fontsize=8)
    ax.set_ylim(0.0, 1.05)


EXPERIMENT = Experiment("latent_goal", "one of three goals, which is hidden", measure, draw)
