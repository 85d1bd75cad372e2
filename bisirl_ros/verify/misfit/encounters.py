"""Episodes beside somebody of a kind, learned from one after the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.bilevel import LoopConfig, LoopState, outer_iteration
from bisirl_ros.core.metrics import relative_error
from bisirl_ros.core.outer_report import PersonEstimate
from bisirl_ros.core.robust import NORMAL_95
from bisirl_ros.crowd.actors import Actor, PolicyDriver, tell
from bisirl_ros.crowd.actors.bodies import deciding
from bisirl_ros.crowd.decisions import Decisions
from bisirl_ros.crowd.episode import play
from bisirl_ros.crowd.left_out import LeftOut
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario, load_scenario
from bisirl_ros.crowd.situation import Situation
from bisirl_ros.crowd.solver import CrowdSolver
from bisirl_ros.crowd.true_weights import true_weights
from bisirl_ros.verify.misfit.kinds import KINDS, USED_TO_IT

EPISODES, PER_POLICY = 24, 4
STRAYING = 0.3
"""Deviation of the robots' policies from the goal seeker's: each answers people in its own way."""
LOOP = LoopConfig(policy_steps=0)
LEARNED = replace(LOOP, structure="learned")


class _Recorded:
    """Remembers what `actor` did."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor
        self.did: list[tuple[Situation, Tensor]] = []

    def act(self, situation: Situation, luck: Tensor) -> Tensor:
        """See `Actor.act`."""
        target = self._actor.act(situation, luck)
        self.did.append((situation, target))
        return target


@dataclass(frozen=True)
class Encounters:
    """What a robot lived through with one person: decisions, and phi (m,), of each episode."""

    scenario: Scenario
    theta: Array
    lived: list[tuple[Decisions, Tensor]]


def encounters(
    kind: str, seed: int, episodes: int, per_policy: int = 0, who: int | None = None
) -> Encounters:
    """Of somebody of KINDS, beside policies that are drawn at random; seen exactly.

    per_policy: episodes under each, at once; 0: PER_POLICY, of those who learn by episodes one
    who: the seed of the person, where that is another one
    """
    per_policy = per_policy or (1 if kind == USED_TO_IT else PER_POLICY)
    who = seed if who is None else who
    scenario = load_scenario("crossing")
    policy, theta = InteractionPolicy(scenario.robot), true_weights(scenario, seed=who)
    rng = np.random.default_rng([seed, 21])
    lived: list[tuple[Decisions, Tensor]] = []
    person = KINDS[kind](scenario, policy, theta, who)
    while len(lived) < episodes:
        phi = policy.initial(torch.Generator().manual_seed(who))
        phi += STRAYING * torch.from_numpy(rng.standard_normal(len(phi))).to(phi)
        tell(person, phi, len(lived))
        recorded = _Recorded(person)
        start = scenario.sample(per_policy, rng)
        driver = PolicyDriver(policy, phi.double())
        played = play(scenario, driver, recorded, theta, start, rng)
        periods = np.round(played.duration_s / scenario.decision_period_s).astype(int)
        lived += [
            (_of_episode(recorded.did[: periods[b]], scenario, b, len(lived) + b), phi)
            for b in range(per_policy)
        ]
    return Encounters(scenario, theta[0], lived[:episodes])


def _of_episode(
    did: list[tuple[Situation, Tensor]], scenario: Scenario, b: int, episode: int
) -> Decisions:
    """What was chosen in episode b of those played, as long as there was something to choose."""
    now = [(situation.chosen(slice(b, b + 1)), target[b]) for situation, target in did]
    first = now[0][0]
    going = np.array([deciding(scenario, s)[0].numpy() for s, _ in now])
    target = np.array([target.numpy() for _, target in now], float)
    moments, people = going.shape
    return Decisions(
        robot=np.concatenate([s.robot.numpy() for s, _ in now]),
        people=np.concatenate([s.people.numpy() for s, _ in now]),
        present=np.ones((moments, people), bool),
        target=np.where(going[..., None], target, np.nan),
        spread=np.zeros((moments, people, 6, 6)),
        identities=scenario.identities,
        route=np.repeat(first.aims.route.numpy(), moments, 0),
        goals=first.aims.goals[0].numpy(),
        log_belief=np.repeat(first.aims.log_belief.numpy(), moments, 0),
        policy_version=episode,
        step=np.arange(float(moments)),
        episode=episode,
    )


def learned(kind: str, seed: int, episodes: int) -> dict[str, Any]:
    """What is learned of somebody of KINDS, whose weights are the scenario's for that seed.

    found: after which episode they were doubted, counted from 1, or None; how: in what they differ
    log_evidence: against the model, after each episode; error: of the weights, relative
    inside: whether the published 95 % intervals hold them; laplace: whether the leading model's do
    structure: by which they are explained; probability: of each that may be theirs
    given: found, error, inside: the same where their structure is not asked for
    """
    met = encounters(kind, seed, episodes)
    state, each = learned_from(met, LEARNED)
    last, part = each[-1], state.evidence.parts[met.scenario.identities[0]]
    off = np.abs(last.theta - met.theta)
    laplace = np.sqrt(np.diag(part.covariance(state.theta)))
    as_given = learned_from(met, LOOP)[1]
    given = as_given[-1]
    return {
        "found": next((k + 1 for k, one in enumerate(each) if one.doubted), None),
        "how": LeftOut(met.scenario).in_words(last.deviations),
        "log_evidence": [one.log_evidence for one in each],
        "structure": last.structure,
        "probability": dict(last.structures),
        "error": relative_error(last.theta, met.theta),
        "inside": (off <= NORMAL_95 * last.std).tolist(),
        "laplace": (off <= NORMAL_95 * laplace).tolist(),
        "given": {
            "found": next((k + 1 for k, one in enumerate(as_given) if one.doubted), None),
            "error": relative_error(given.theta, met.theta),
            "inside": (np.abs(given.theta - met.theta) <= NORMAL_95 * given.std).tolist(),
        },
    }


def learned_from(
    met: Encounters, loop: LoopConfig
) -> tuple[LoopState[Decisions], list[PersonEstimate]]:
    """What is known in the end, and what was said after each episode."""
    policy = InteractionPolicy(met.scenario.robot)
    solver = CrowdSolver(met.scenario, policy, learn_structure=loop is LEARNED)
    state: LoopState[Decisions] = LoopState.start(
        met.lived[0][1], solver.n_features, loop, 0, people=True
    )
    (name,) = met.scenario.identities
    each = [
        outer_iteration(solver, state, loop, batch, phi).people[name] for batch, phi in met.lived
    ]
    return state, each
