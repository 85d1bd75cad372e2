"""A learner that begins from what others have taught."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bisirl_ros.cli import main
from bisirl_ros.core.bilevel import LoopConfig
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario, load_scenario
from bisirl_ros.errors import InputError
from bisirl_ros.io.contract import unpack_snapshot
from bisirl_ros.io.records import scenario_records
from bisirl_ros.io.reward_file import LearnedReward, write_reward
from bisirl_ros.learner.beginning import beginning, forget_people, initial_belief
from bisirl_ros.learner.worker import Worker, WorkerConfig
from bisirl_ros.parameters.interaction import BisirlParameters
from bisirl_ros.tracking.timing import AS_GIVEN

MEAN = np.array([1.5, -3.0, -0.5, -0.4])
COVARIANCE = np.diag([0.2, 0.5, 0.1, 0.3]) + 0.05


@pytest.fixture(scope="module")
def crossing() -> Scenario:
    """The scenario that is learned in."""
    return load_scenario("crossing")


@pytest.fixture
def reward(crossing: Scenario, tmp_path: Path) -> Path:
    """Learned in it before."""
    path = tmp_path / "reward.json"
    write_reward(path, LearnedReward.of(crossing.person, MEAN, COVARIANCE, 9, "others"))
    return path


class Queues:
    """An inbox that is over at once, and an outbox."""

    def __init__(self, *batches: bytes) -> None:
        self.batches, self.told = [*batches, None], list[tuple[bytes | None, str]]()

    def get(self, timeout: float) -> bytes | None:
        """The next."""
        return self.batches.pop(0)

    def put(self, update: tuple[bytes | None, str]) -> None:
        """What the learner has to say."""
        self.told.append(update)


def told(scenario: Scenario, *batches: bytes, loop: LoopConfig, **more: str) -> Queues:
    """What a learner tells in this process."""
    queues = Queues(*batches)
    config = WorkerConfig(scenario, loop, 0, "cpu", grid=(6, 12), **more)  # type: ignore[arg-type]
    Worker(config, queues, queues).run()
    return queues


@pytest.mark.parametrize("mode", ["each", "shared", "pooled"])
def test_its_first_snapshot_knows_strangers(crossing: Scenario, reward: Path, mode: str) -> None:
    loop = LoopConfig(reward=mode)
    ((data, report),) = told(crossing, loop=loop, initial_reward=str(reward)).told
    assert data is not None and json.loads(report) == {}
    snapshot = unpack_snapshot(data, "learner")
    assert (snapshot.stranger == MEAN).all()
    assert snapshot.stranger_covariance == pytest.approx(COVARIANCE)


def test_with_what_it_learned_it_tells_what_a_stranger_is_like(
    crossing: Scenario, reward: Path, tmp_path: Path, logs: Any
) -> None:
    from bisirl_ros.io.contract import pack_log

    loop, file = LoopConfig(reward="pooled", policy_steps=0), str(tmp_path / "c.safetensors")
    batch = pack_log(logs.log_of(crossing, seed=0, version=0))
    found = told(crossing, batch, loop=loop, initial_reward=str(reward), save_to=file).told
    data, report = found[-1]
    assert data is not None
    snapshot, stranger = unpack_snapshot(data, "learner"), json.loads(report)["stranger"]
    assert stranger["mean"] == snapshot.stranger.tolist() != MEAN.tolist()
    assert stranger["covariance"] == snapshot.stranger_covariance.tolist()
    ((again, _),) = told(crossing, loop=loop, checkpoint=file).told
    assert again is not None
    assert (unpack_snapshot(again, "learner").stranger == snapshot.stranger).all()
    write_reward(reward, LearnedReward.of(crossing.person, -MEAN, COVARIANCE, 9, "other others"))
    with pytest.raises(InputError, match=f"checkpoint {file}: it did not begin from this"):
        told(crossing, loop=loop, checkpoint=file, initial_reward=str(reward))


def test_when_people_decide_is_said_and_kept(crossing: Scenario, tmp_path: Path, logs: Any) -> None:
    from bisirl_ros.io.contract import pack_log

    loop = LoopConfig(structure="learned", policy_steps=0)
    file, late = str(tmp_path / "c.safetensors"), "decides 0.2 s later"
    batches = [pack_log(logs.log_of(crossing, seed, seed, late_s=0.2)) for seed in range(2)]
    found = [json.loads(text) for _, text in told(crossing, *batches, loop=loop, save_to=file).told]
    assert {"said": f"everybody {late}"} in found
    assert [report["timing"] for report in found if "timing" in report] == [late, late]
    config = WorkerConfig(crossing, loop, 0, "cpu", grid=(6, 12), checkpoint=file)
    again = Worker(config, Queues(), Queues())
    assert again._recorder.timings.best.told == late
    given = [
        json.loads(text)
        for _, text in told(crossing, batches[0], loop=LoopConfig(policy_steps=0)).told
    ]
    assert [r["timing"] for r in given if "timing" in r] == [AS_GIVEN], "nobody asked for it"


def test_what_was_learned_of_other_decisions_is_learned_anew(
    crossing: Scenario, reward: Path, logs: Any
) -> None:
    from bisirl_ros.io.contract import pack_log

    config = WorkerConfig(
        crossing, LoopConfig(policy_steps=0), 0, "cpu", grid=(6, 12), initial_reward=str(reward)
    )
    queues = Queues(pack_log(logs.log_of(crossing, 0, 0)))
    worker = Worker(config, queues, queues)
    assert forget_people(worker._state, config, worker._records) == ""
    worker.run()
    state, phi = worker._state, worker._state.phi
    assert state.evidence.identities and state.collected and state.k == 1
    assert "learned anew" in forget_people(state, config, worker._records)
    assert not state.evidence.identities and not state.collected and not len(state.theta)
    assert (state.evidence.newcomer(state.theta)[0] == MEAN).all()
    assert (state.phi == phi).all() and state.k == 1


def test_no_file_is_nothing_known_and_another_kind_of_person_is_refused(
    crossing: Scenario, reward: Path
) -> None:
    assert initial_belief("", crossing) is None
    guide = load_scenario("guide")
    with pytest.raises(InputError, match=f"initial_reward {reward}: feature 1 .*scenario guide"):
        initial_belief(str(reward), guide)
    longer = replace(crossing, person=replace(crossing.person, horizon=3))
    with pytest.raises(InputError, match="its horizon is 8, scenario crossing has 3"):
        initial_belief(str(reward), longer)


def test_it_is_refused_before_anything_starts(
    reward: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for given, word in ((str(reward), "feature 1 is progress"), ("gone.json", "cannot be read")):
        run = ["sim", "--scenario", "guide", "--run-dir", str(tmp_path / "run")]
        assert main([*run, "--initial-reward", given]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert word in line
    assert not (tmp_path / "run").exists()


def test_policies_of_several_starts_have_networks_of_their_own(crossing: Scenario) -> None:
    """The first is the one that a learner with one start has."""
    policy = InteractionPolicy(crossing.robot)
    config = WorkerConfig(crossing, LoopConfig(policy_starts=3), 4, "cpu")
    state, _, _ = beginning(config, policy, scenario_records(crossing, policy.size))
    assert torch.equal(state.phi, policy.initial(torch.Generator().manual_seed(4)))
    every = [search.phi for search in state.searches]
    assert len(every) == 3 and torch.equal(every[0], state.phi)
    assert all(not torch.equal(a, b) for a, b in itertools.combinations(every, 2))


def test_who_only_watches_needs_one_start(crossing: Scenario) -> None:
    parameters = BisirlParameters(observe_only=True, learner=LoopConfig(policy_starts=3))
    loop = parameters.worker(crossing).loop
    assert (loop.policy_steps, loop.policy_starts) == (0, 1)
