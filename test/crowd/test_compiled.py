"""Compiled imagination: the same episodes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.profiler import ProfilerActivity, profile

from bisirl_ros.core.posterior import GIVEN
from bisirl_ros.crowd.candidates import gauss_disc
from bisirl_ros.crowd.compiled import CompiledImagination
from bisirl_ros.crowd.model import CrowdModel, Trajectory
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.crowd.structure import Structures

from .conftest import THETA, random_phi, short

EPISODES, DRAWS = 4, 3
COMPILED = "Torch-Compiled Region"
"""What the profiler calls code that was compiled."""


class Imagined:
    """Episodes of one game, imagined as they are and by `compiled`."""

    def __init__(self, people: int = 1, likely: int = 5) -> None:
        scenario = short(load_scenario("crossing", people=people), 4)
        policy = InteractionPolicy(scenario.robot, hidden=4)
        self.model = CrowdModel(scenario, policy, gauss_disc(1.8, 2, 3), likely=likely)
        self.phi, self.told = random_phi(policy).float(), list[str]()
        self.compiled = CompiledImagination(self.model, self.told.append)

    def pair(self, episodes: int, draws: int, way: str = GIVEN) -> tuple[Trajectory, Trajectory]:
        """The same ones: as they are, and compiled; way: how everybody decides."""
        rng, model = np.random.default_rng(0), self.model
        start = model.starts(episodes, rng)
        theta = model.tensor([*THETA, -1.0][: model.n_features])
        names = [[way] * model.scenario.people] * episodes
        structures = Structures.named(model.scenario, names)
        setting = model.setting(start, start.aims.likeliest, theta, structures)
        luck = model.tensor(rng.random((4, episodes, model.scenario.people)))
        arguments = (self.phi, start, setting, luck, draws)
        return model.imagine(*arguments), self.compiled(*arguments)

    def wait(self) -> None:
        """Until the compiler is done."""
        thread = self.compiled._decide._thread
        assert thread is not None
        thread.join()


def assert_same(one: Trajectory, other: Trajectory) -> None:
    for name in ("robot", "people", "target", "known"):
        torch.testing.assert_close(
            getattr(other, name), getattr(one, name), rtol=1e-4, atol=1e-5, msg=name
        )
    assert (one.offered is None) == (other.offered is None)
    if one.offered and other.offered:
        torch.testing.assert_close(other.offered.velocity, one.offered.velocity)
        torch.testing.assert_close(other.offered.log_area, one.offered.log_area)


@pytest.mark.parametrize(("people", "likely", "draws"), [
    (0, 5, 3), (1, 0, 0), (1, 0, 3), (1, 5, 0), (2, 5, 3),
])  # fmt: skip
def test_decision_by_decision_they_are_the_same_episodes(
    people: int, likely: int, draws: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch, "compile", lambda function, **_: function)
    setup = Imagined(people, likely)
    for _ in range(2):
        assert_same(*setup.pair(EPISODES, draws))
        setup.wait()


@pytest.mark.slow
def test_compiled_episodes_are_the_same_and_others_are_not_compiled() -> None:
    setup = Imagined()
    assert_same(*setup.pair(EPISODES, DRAWS))  # while the thread has hardly begun
    assert setup.told == []
    setup.wait()
    for episodes, draws, compiled in (
        (EPISODES, DRAWS, 3),
        (EPISODES + 2, DRAWS, 0),
        (EPISODES, 0, 0),
    ):
        with profile(activities=[ProfilerActivity.CPU]) as seen:
            assert_same(*setup.pair(episodes, draws))
        names = [event.name for event in seen.events()]
        assert sum(name.startswith(COMPILED) for name in names) == compiled
    (line,) = setup.told
    assert line.startswith("imagination is compiled now, after ")


@pytest.mark.slow
def test_people_who_decide_otherwise_are_compiled_too() -> None:
    setup, way = Imagined(), "foresees the robot going straight on"
    assert_same(*setup.pair(EPISODES, DRAWS, way))
    setup.wait()
    with profile(activities=[ProfilerActivity.CPU]) as seen:
        assert_same(*setup.pair(EPISODES, DRAWS, way))
    names = [event.name for event in seen.events()]
    assert sum(name.startswith(COMPILED) for name in names) == 3
