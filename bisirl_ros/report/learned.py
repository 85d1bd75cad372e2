"""The reward of people that a run learned, for other runs to start from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bisirl_ros.errors import InputError
from bisirl_ros.io.reward_file import LearnedReward
from bisirl_ros.report.record import RunRecord


def learned_reward(run: RunRecord, record: Mapping[str, Any]) -> LearnedReward | None:
    """What a record of topic `learning` tells of strangers; None where nobody teaches of them.

    Raises InputError for one that makes no sense.
    """
    stranger = record.get("stranger")
    if stranger is None:
        return None
    n = len(run.scenario.feature_names)
    try:
        mean, covariance = (np.array(stranger[key], float) for key in ("mean", "covariance"))
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"learning: a stranger's reward is not numbers ({error})") from error
    shapes, finite = (mean.shape, covariance.shape), np.isfinite([mean.sum(), covariance.sum()])
    if shapes != ((n,), (n, n)) or not finite.all():
        raise InputError(f"learning: a stranger's reward is not one of {n} features")
    people, decisions = len(record["people"]), sum(e.decisions for e in run.episodes)
    source = f"scenario {run.scenario.name}: {decisions} decisions of {people} in one run"
    return LearnedReward.of(run.scenario.person, mean, covariance, people, source)
