"""A run that began from a learned reward goes on from its checkpoint with the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from bisirl_ros.core.initial_belief import InitialBelief
from bisirl_ros.core.loop_state import LoopState
from bisirl_ros.core.people_evidence import REWARDS, PeopleEvidence
from bisirl_ros.errors import InputError
from bisirl_ros.io.checkpoint import (
    CHECKPOINT,
    load_checkpoint,
    load_last_good,
    save_checkpoint,
)
from bisirl_ros.io.contract import pack, unpack

from ..core.conftest import Day
from .test_checkpoint import CONFIG, RECORDS, learn, same

COVARIANCE = np.array([[0.5, 0.2, 0.0], [0.2, 0.3, -0.1], [0.0, -0.1, 4.0]])
BELIEF = InitialBelief.around(np.array([2.0, -3.0, 0.5]), COVARIANCE)
OTHER = InitialBelief.around(np.array([2.0, -3.1, 0.5]), COVARIANCE)


def begun(reward: str = "pooled", initial: InitialBelief | None = BELIEF) -> LoopState[Day]:
    config = replace(CONFIG, reward=reward)
    return LoopState.start(torch.zeros(2), 3, config, 7, people=True, initial=initial)


@pytest.mark.parametrize("reward", REWARDS)
@pytest.mark.parametrize("given", [None, BELIEF])
def test_it_goes_on_as_if_never_interrupted(
    reward: str, given: InitialBelief | None, tmp_path: Path
) -> None:
    config, path = replace(CONFIG, reward=reward), tmp_path / "c.safetensors"
    whole, broken = begun(reward), begun(reward)
    learn(whole, config, range(5))
    for i in range(5):
        if i in (0, 3):
            save_checkpoint(path, broken, RECORDS)
            broken, _ = load_checkpoint(path, RECORDS, config, given)
        learn(broken, config, range(i, i + 1))
    same(whole, broken)
    assert isinstance(broken.evidence, PeopleEvidence)
    assert (broken.evidence.initial.root == BELIEF.root).all()
    if reward == "each":
        assert (broken.evidence.newcomer(broken.theta)[0] == BELIEF.mean).all()


@pytest.mark.parametrize(("began", "given"), [(BELIEF, OTHER), (None, BELIEF)])
def test_another_initial_reward_is_refused_in_one_line(
    began: InitialBelief | None, given: InitialBelief, tmp_path: Path
) -> None:
    config, path = replace(CONFIG, reward="pooled"), tmp_path / "c.safetensors"
    state = begun(initial=began)
    for count in (range(1), range(1, 2)):
        learn(state, config, count)
        save_checkpoint(path, state, RECORDS)
    for load in (load_checkpoint, load_last_good):
        with pytest.raises(InputError, match="did not begin from this initial_reward") as error:
            load(path, RECORDS, config, given)
        assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_a_checkpoint_of_before_knew_nothing(tmp_path: Path) -> None:
    """It has no such arrays: its people were believed by its precision alone."""
    config, path = replace(CONFIG, reward="pooled", prior_precision=0.3), tmp_path / "c.safetensors"
    state: LoopState[Day] = LoopState.start(torch.zeros(2), 3, config, 7, people=True)
    learn(state, config, range(2))
    save_checkpoint(path, state, RECORDS)
    tensors, header = unpack(CHECKPOINT, path.read_bytes(), "here")
    kept = {name: x for name, x in tensors.items() if not name.startswith("initial.")}
    assert len(kept) == len(tensors) - 2
    path.write_bytes(pack(CHECKPOINT, kept, header))
    same(load_checkpoint(path, RECORDS, replace(config, prior_precision=0.1))[0], state)


@pytest.mark.parametrize(
    "bad", [{"root": np.zeros((3, 3))}, {"mean": np.full(3, np.nan)}, {"mean": np.zeros(2)}]
)
def test_a_damaged_one_is_refused(bad: dict[str, np.ndarray], tmp_path: Path) -> None:
    config, path = replace(CONFIG, reward="pooled"), tmp_path / "c.safetensors"
    state = begun()
    learn(state, config, range(1))
    assert isinstance(state.evidence, PeopleEvidence)
    state.evidence = replace(state.evidence, initial=replace(BELIEF, **bad))  # type: ignore[arg-type]
    save_checkpoint(path, state, RECORDS)
    with pytest.raises(InputError, match="damaged or unfit"):
        load_checkpoint(path, RECORDS, config)
