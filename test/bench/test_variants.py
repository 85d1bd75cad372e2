"""Learners that differ from BISIRL in one thing, and that they differ in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from bisirl_ros.bench.cell import Size
from bisirl_ros.bench.cirl import CirlSolver
from bisirl_ros.bench.learn import LEARNERS, graded
from bisirl_ros.bench.task import Task
from bisirl_ros.bench.variants import PassiveSolver, behaviour_cloning
from bisirl_ros.core.arrays import Array
from bisirl_ros.core.people_evidence import PeopleEvidence
from bisirl_ros.crowd.decisions import Decisions
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario, load_scenario
from bisirl_ros.crowd.solver import CrowdSolver
from bisirl_ros.io.contract import Snapshot
from bisirl_ros.verify.offline import OfflineRun, play_offline
from bisirl_ros.verify.situation.people_of import drawn_people

THETA = np.array([1.5, -3.0, -0.5, -0.4])
SMALL = {"likelihood_grid": (3, 6), "imagination_grid": (2, 5), "episodes": 3}


@pytest.fixture
def crossing() -> Scenario:
    torch.set_num_threads(1)
    return load_scenario("crossing")


def some_decisions(scenario: Scenario) -> Decisions:
    """Five decisions of somebody about to meet the robot."""
    rng, t = np.random.default_rng(0), 5
    robot = np.tile([-1.0, 0.0, 0.0, 0.7, 0.0, 0.0], (t, 1))
    robot[:, 0] += 0.3 * np.arange(t)
    people = np.tile([0.2, -1.5, 0.0, 0.9], (t, 1))[:, None]
    people[:, 0, 1] += 0.35 * np.arange(t)
    return Decisions(
        robot, people, np.ones((t, 1), bool), rng.uniform(-0.8, 0.8, (t, 1, 2)),
        np.zeros((t, 1, 6, 6)), ("person_0",), np.tile([2.5, 0.0], (t, 1, 1)),
        np.array([[[0.0, 3.6]]]), np.zeros((t, 1, 1)), 0, np.arange(t),
    )  # fmt: skip


def policies(scenario: Scenario) -> tuple[InteractionPolicy, torch.Tensor, torch.Tensor]:
    policy = InteractionPolicy(scenario.robot)
    first, second = (policy.initial(torch.Generator().manual_seed(s)).double() for s in (0, 1))
    return policy, first, second + 0.5


def test_passive_explains_people_whatever_the_robot_does(crossing: Scenario) -> None:
    policy, phi, other = policies(crossing)
    batch = some_decisions(crossing)
    alone = PassiveSolver(crossing, policy, **SMALL)
    values = [alone.likelihood(batch, x).of["person_0"].value(THETA) for x in (phi, other)]
    assert values[0] == values[1]
    away = replace(batch, robot=batch.robot + 50.0 * np.eye(6)[0])
    assert alone.likelihood(away, phi).of["person_0"].value(THETA) == pytest.approx(values[0])
    seen = CrowdSolver(crossing, policy, **SMALL)
    told = [seen.likelihood(batch, x).of["person_0"].value(THETA) for x in (phi, other)]
    assert told[0] != told[1] and told[0] != values[0]


def test_behaviour_cloning_neither_looks_ahead_nor_knows_a_reward(crossing: Scenario) -> None:
    policy, phi, _ = policies(crossing)
    solver = behaviour_cloning(crossing, policy, **SMALL)
    assert solver.model.scenario.person.horizon == 1
    assert solver.model.scenario.task.kappa == 0.0 != crossing.task.kappa
    assert np.isfinite(solver.likelihood(some_decisions(crossing), phi).of["person_0"].value(THETA))


class Gaussian:
    """What somebody said, as N(truth, 1 / 25)."""

    def __init__(self, truth: Array) -> None:
        self._truth = truth

    def __len__(self) -> int:
        return 1

    def value(self, theta: Array) -> float:
        return 12.5 * float(np.square(theta - self._truth).sum())

    def joined(self, others: list[object]) -> Gaussian:
        assert not others
        return self


def test_cirls_belief_is_bayes_rule_and_the_plan_is_for_its_mean(
    crossing: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy, phi, _ = policies(crossing)
    solver = CirlSolver(crossing, policy, **SMALL)
    start = PeopleEvidence.start(4, 0.1).met(["person_0"], np.zeros(0))
    part = start.parts["person_0"]
    assert solver.belief(part) == pytest.approx(np.full(64, 1.0 / 64.0))
    likely = Gaussian(solver.hypotheses[3])
    belief = solver.belief(part.add(likely))
    by_hand = np.exp([-likely.value(theta) for theta in solver.hypotheses])
    assert belief == pytest.approx(by_hand / by_hand.sum())
    assert belief.argmax() == 3
    evidence = start.with_parts({"person_0": part.add(likely)})
    asked = []
    monkeypatch.setattr(CrowdSolver, "returns", lambda s, phi, theta, *_: asked.append(theta))
    solver.returns(phi, np.zeros(4), evidence, [], 1, np.random.default_rng(0))
    assert asked[0] == pytest.approx(belief @ solver.hypotheses)
    assert solver.estimate["person_0"] == pytest.approx(asked[0])


def test_estimates_are_graded_by_error_and_coverage(crossing: Scenario) -> None:
    policy, phi, _ = policies(crossing)
    truth = np.array([[2.0, 0.0, 0.0, 0.0]])
    last = Snapshot(
        1, phi, ("person_0",), truth + np.eye(4)[:1], 0.04 * np.eye(4)[None],
        np.zeros(4), np.eye(4), "crossing", crossing.feature_names,
    )  # fmt: skip
    found = graded(CrowdSolver(crossing, policy, **SMALL), last, ("person_0",), truth)
    assert found == {"reward_error": 0.5, "coverage": 0.75}
    stranger = graded(CrowdSolver(crossing, policy, **SMALL), last, ("person_1",), truth)
    assert stranger == {"reward_error": 1.0, "coverage": 0.75}


def test_drifting_people_are_judged_as_they_are_in_the_end(crossing: Scenario) -> None:
    task = Task(crossing, "drifting", 0, Size(), 25)
    ends = replace(task, episodes=0).theta_at_end, replace(task, episodes=50).theta_at_end
    np.testing.assert_array_equal(ends[0], task.theta)
    np.testing.assert_allclose(task.theta_at_end, 0.5 * (ends[0] + ends[1]))
    others = replace(task, people="noisy")
    np.testing.assert_array_equal(others.theta_at_end, task.theta)


@pytest.mark.slow
@pytest.mark.parametrize("people", ["social_force", "orca", "noisy", "drifting", "learning"])
def test_people_of_any_kind_can_be_learned_from(people: str, crossing: Scenario) -> None:
    if people == "orca":
        pytest.importorskip("pyrvo", reason="needs pyrvo")
    found = LEARNERS["bisirl"](Task(crossing, people, 0, Size(episodes=4), 2))
    assert len(found.figures["returns"]) == len(found.figures["outcomes"]) == 2
    assert ("reward_error" in found.figures) == (people not in ("social_force", "orca"))
    assert np.isfinite([found.figures["held_out"], found.figures["constant_velocity"]]).all()


def test_the_usual_people_and_solver_of_an_offline_run_are_what_they_were(
    crossing: Scenario,
) -> None:
    people = drawn_people(crossing, 0)
    usual = OfflineRun(crossing, people, episodes=1)
    named = OfflineRun(crossing, people, episodes=1, kind="soft_expert", solver=CrowdSolver)
    other = OfflineRun(crossing, people, episodes=1, kind="constant_velocity")
    runs = [play_offline(run) for run in (usual, named, other)]
    np.testing.assert_array_equal(runs[0].last.theta, runs[1].last.theta)
    assert not np.array_equal(runs[0].last.theta, runs[2].last.theta)
