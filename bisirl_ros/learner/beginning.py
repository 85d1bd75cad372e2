"""Of what a learner begins: a checkpoint, or what is believed before anything was seen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bisirl_ros.core.initial_belief import InitialBelief
from bisirl_ros.core.loop_state import LoopState
from bisirl_ros.crowd.decisions import Decisions
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.io.checkpoint import load_last_good
from bisirl_ros.io.records import Records
from bisirl_ros.io.reward_file import read_reward

if TYPE_CHECKING:
    from bisirl_ros.learner.worker import WorkerConfig


def beginning(
    config: WorkerConfig, policy: InteractionPolicy, records: Records[Decisions]
) -> tuple[LoopState[Decisions], dict[str, Any], str]:
    """The state, a checkpoint's extra, and "" or why the newest checkpoint is not used.

    Raises InputError for files that are unfit, or do not go together.
    """
    initial = initial_belief(config.initial_reward, config.scenario)
    if config.checkpoint:
        return load_last_good(Path(config.checkpoint), records, config.loop, initial)
    phi, *others = policy.starts(config.seed, config.loop.policy_starts)
    state: LoopState[Decisions] = LoopState.start(
        phi,
        records.n_features,
        config.loop,
        config.seed,
        people=True,
        initial=initial,
        more_starts=others,
    )
    return state, {}, ""


def forget_people(
    state: LoopState[Decisions], config: WorkerConfig, records: Records[Decisions]
) -> str:
    """Learn of people anew: they made other decisions than was thought; what to say of it."""
    new, _, _ = beginning(
        replace(config, checkpoint=""), InteractionPolicy(config.scenario.robot), records
    )
    state.theta, state.evidence, state.collected = new.theta, new.evidence, []
    return "; what was learned of people is learned anew" if state.k else ""


def initial_belief(path: str, scenario: Scenario) -> InitialBelief | None:
    """What a `reward.json` says of the scenario's people; None where the path is empty.

    Raises InputError for a file that is unfit, or of people to whom weights mean other things.
    """
    if not path:
        return None
    reward = read_reward(Path(path).expanduser())
    whose = f"scenario {scenario.name}"
    reward.refuse_others(scenario.person, f"initial_reward {path}", whose)
    return InitialBelief.around(reward.mean, reward.covariance)
