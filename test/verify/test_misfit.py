"""The suite `misfit`: its people are what they are called, and it can be played."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.posterior import GIVEN
from bisirl_ros.crowd.left_out import LeftOut
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario, load_scenario
from bisirl_ros.crowd.true_weights import true_weights
from bisirl_ros.verify.experiment import Setup
from bisirl_ros.verify.misfit import (
    EXPERIMENTS,
    careful,
    outside,
    people,
    right,
    second_term,
    structure,
    timekeeping,
    wild,
)
from bisirl_ros.verify.misfit.encounters import LOOP, encounters, learned, learned_from
from bisirl_ros.verify.misfit.kinds import KINDS, RIGHT, RIGHTLY, SOMEBODY_M, USED_TO_IT
from bisirl_ros.verify.parts import Parts


def mean_choice(kind: str, at: tuple[float, ...]) -> Array:
    """Where somebody of a kind goes on average from a state, the robot far away: (2,) [m/s]."""
    scenario = load_scenario("crossing")
    policy, theta = InteractionPolicy(scenario.robot), true_weights(scenario, seed=0)
    person = KINDS[kind](scenario, policy, theta, 0)
    phi = policy.initial(torch.Generator().manual_seed(0))
    if hasattr(person, "told"):
        person.told(phi, 0)
    rng = np.random.default_rng(0)
    here = scenario.sample(1, rng)
    robot = torch.tensor([[-9.0, 0.0, 0.0, 0.0, 0.0, 0.0]], dtype=here.robot.dtype)
    people = torch.tensor([[at]], dtype=here.people.dtype)
    here = here.with_bodies(robot, people)
    luck = torch.from_numpy(rng.random((60, 1, 1)))
    found = torch.stack([person.act(here, one)[0, 0] for one in luck])
    return np.asarray(found.mean(0))


def test_a_goal_elsewhere_is_gone_for() -> None:
    at = (0.0, 1.0, 0.0, 1.0)
    assert mean_choice("goal 1 m to the left", at)[0] < mean_choice(RIGHT, at)[0] - 0.1


def test_somebody_unseen_is_kept_away_from() -> None:
    at = (SOMEBODY_M[0] - 0.4, SOMEBODY_M[1] - 0.8, 0.0, 1.0)
    assert mean_choice("avoids somebody unseen", at)[0] < mean_choice(RIGHT, at)[0] - 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_everybody_can_be_met(kind: str) -> None:
    met = encounters(kind, 0, 2)
    assert [batch.episode for batch, _ in met.lived] == [0, 1]
    for batch, _ in met.lived:
        assert batch.decided[0].all()
        assert np.linalg.norm(batch.target[batch.decided], axis=-1).max() <= 1.81


def test_what_is_learned_of_people_who_are_the_model_is_right() -> None:
    found = learned(RIGHT, 0, 12)
    assert found["found"] is None
    assert found["error"] < 0.25
    assert found["inside"] == found["laplace"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["ORCA", "avoids somebody unseen"])
def test_people_whom_no_structure_explains_are_found_and_their_intervals_hold_more(
    kind: str,
) -> None:
    found = learned(kind, 0, 12)
    assert found["found"] is not None
    assert max(found["log_evidence"]) > np.log(100.0)
    assert np.all(np.array(found["inside"]) >= np.array(found["laplace"]))


@pytest.mark.slow
def test_where_somebody_is_kept_away_from_is_said_about() -> None:
    met = encounters("avoids somebody unseen", 3, 16)
    (*_, last) = learned_from(met, LOOP)[1]
    said = LeftOut(met.scenario).in_words(last.deviations)
    place = re.fullmatch(r"keeps further from \((.*), (.*)\) than foreseen", said)
    assert last.doubted and place, said
    assert np.hypot(*np.subtract([float(at) for at in place.groups()], SOMEBODY_M)) < 1.5


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind",
    [USED_TO_IT, "looks ahead 12, not 8", "goal 1 m to the left", "one decision in ten at random"],
)
def test_of_people_who_decide_otherwise_it_is_learned_how(kind: str) -> None:
    found = learned(kind, 0, 12)
    assert found["found"] is None and found["structure"] in RIGHTLY[kind]
    assert found["error"] < 0.17 < found["given"]["error"]
    assert sum(found["inside"]) > sum(found["given"]["inside"])


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["decides .2 s later", "decides every .6 s, not .4"])
def test_of_people_who_decide_at_other_times_it_is_learned_when(kind: str) -> None:
    found = timekeeping.keeping_time(kind, 0, 6)
    assert found["structure"] in timekeeping.RIGHTLY[kind]
    assert found["error"] < 0.17 < found["given"]["error"]
    assert sum(found["inside"]) > sum(found["given"]["inside"])


@pytest.mark.slow
@pytest.mark.parametrize(
    "experiment", [e for e in EXPERIMENTS if e.key != "people"], ids=lambda e: e.key
)
def test_it_can_be_played(experiment: Any, tmp_path: Path) -> None:
    said: list[str] = []
    found = experiment.run(Setup(quick=True, parts=Parts(tmp_path / "parts")), said.append)
    assert found.holds and said and "quick" in found.note


def rows(**changes: Any) -> dict[str, Any]:
    row = {
        "found": None,
        "how": "walks faster",
        "log_evidence": [0.0, 1.0],
        "error": 0.1,
        "inside": [True] * 19 + [False],
        "laplace": [True] * 20,
        "structure": GIVEN,
        "given": {"found": None, "error": 0.1, "inside": [True] * 20},
    }
    return {**row, **changes}


class Given(Parts):
    """Rows that are given instead of measured."""

    def __init__(self, row_of: Callable[[int, str], dict[str, Any]]) -> None:
        self._row_of = row_of

    def measure(self, run: Any, wanted: Any, say: Any) -> dict[str, Any]:
        return {name: self._row_of(i, name) for i, name in enumerate(wanted)}


@pytest.mark.parametrize(("alarms", "holds"), [(0, True), (6, True), (7, False)])
def test_two_in_a_hundred_may_be_doubted(alarms: int, holds: bool) -> None:
    parts = Given(lambda i, name: rows(found=3 if i < alarms else None))
    assert right.measure(Setup(parts=parts), lambda line: None).holds is holds


def test_intervals_that_hold_too_rarely_are_no_success() -> None:
    parts = Given(lambda i, name: rows(inside=[True] * 9 + [False]))
    assert right.measure(Setup(parts=parts), lambda line: None).holds is False


@pytest.mark.parametrize("error", [0.109, 0.111])
def test_what_is_lost_by_learning_a_structure_counts(error: float) -> None:
    parts = Given(lambda i, name: rows(error=error))
    assert right.measure(Setup(parts=parts), lambda line: None).holds is (error < 0.11)


def test_each_kind_outside_has_to_be_found() -> None:
    def row_of(missed: str) -> Callable[[int, str], dict[str, Any]]:
        return lambda i, name: rows(found=None if name.startswith(missed) else 5)

    for missed, holds in (("nobody", True), ("ORCA", False)):
        found = outside.measure(Setup(parts=Given(row_of(missed))), lambda line: None)
        assert found.holds is holds
        assert (missed in found.note) is not holds


@pytest.mark.parametrize(
    ("changes", "holds"),
    [({}, True), ({"error": 0.16}, False), ({"inside": [True, False]}, False),
     ({"structure": "another"}, False)],
)  # fmt: skip
def test_each_kind_inside_has_to_be_learned(changes: dict[str, Any], holds: bool) -> None:
    def row_of(i: int, name: str) -> dict[str, Any]:
        kind = name.rsplit(", seed", 1)[0]
        right_row = rows(structure=structure.TOLD[kind][0])
        return right_row | changes if kind == "discount .8" else right_row

    found = structure.measure(Setup(parts=Given(row_of)), lambda line: None)
    assert found.holds is holds and ("discount .8" in found.note) is not holds


@pytest.mark.parametrize(("error", "holds"), [(0.149, True), (0.151, False)])
def test_wild_decisions_may_cost_half_as_much_again(error: float, holds: bool) -> None:
    parts = Given(lambda i, name: rows(error=0.1 if name.startswith(RIGHT) else error))
    assert wild.measure(Setup(parts=parts), lambda line: None).holds is holds


@pytest.mark.parametrize(("lost", "holds"), [(0.0, True), (0.05, False)])
def test_a_second_term_that_costs_regret_is_no_success(lost: float, holds: bool) -> None:
    """In one of the cases, by more than its error."""

    def row_of(i: int, name: str) -> dict[str, Any]:
        worse = lost if name.startswith("the model, carried, rate 0.3, 2 ") else 0.0
        return {"implicit": 0.1 + worse + 0.01 * (i % 2 - 0.5), "first-order": 0.1}

    found = second_term.measure(Setup(parts=Given(row_of)), lambda line: None)
    assert (found.figures["worse"] == []) is holds
    assert found.holds is holds


def careful_row(name: str, **changes: dict[str, float]) -> dict[str, Any]:
    usual = {"return": 20.0, "collisions": 0.01, "least_m": 1.0}
    row = {robot: dict(usual) for robot in careful.ROBOTS}
    for robot, values in changes.items():
        row[robot] |= values
    return row


@pytest.mark.parametrize(
    ("kind", "changes", "missed"),
    [
        (RIGHT, {}, ""),
        ("ORCA", {"collisions": 0.03}, "ORCA: collisions 3.0%"),
        ("ORCA", {"collisions": 0.012}, ""),
        ("ORCA", {"return": 17.0}, "ORCA: 85% of the best return"),
        (RIGHT, {"return": 19.5}, "loses beside the model"),
        (RIGHT, {"return": 19.9}, ""),
    ],
)
def test_what_a_careful_robot_has_to_hold(
    kind: str, changes: dict[str, float], missed: str
) -> None:
    def row_of(i: int, name: str) -> dict[str, Any]:
        here = name.startswith(kind)
        return careful_row(name, mean=changes if here else {}, cvar=changes if here else {})

    found = careful.measure(Setup(parts=Given(row_of)), lambda line: None).figures
    assert found["missed"]["mean"] == found["missed"]["cvar"] == [missed] * bool(missed)
    assert found["missed"]["estimate"] == [] and found["best"] == "estimate"


def test_no_way_to_plan_that_holds_is_a_miss() -> None:
    bad = {"collisions": 0.5}
    parts = Given(lambda i, name: careful_row(name, estimate=bad, mean=bad, cvar=bad))
    found = careful.measure(Setup(parts=parts), lambda line: None)
    assert found.holds is False and "collisions 50.0%" in found.note


@pytest.mark.parametrize(
    ("clustered", "missed"), [(1.2, ""), (1.3, "proximity"), (0.7, "proximity")]
)
def test_deviations_have_to_be_the_bootstraps(clustered: float, missed: str) -> None:
    def row_of(i: int, name: str) -> dict[str, Any]:
        row = {"names": ["progress", "proximity"], "persons": 9, "laplace": [0.5, 0.5]}
        each = [[sign, sign] for sign in (-1.0, 1.0)]
        return {**row, "drawn": each, "clustered": [1.0, clustered]}

    with tempfile.TemporaryDirectory() as data:
        (Path(data) / people.FOLDER).mkdir()
        setup = Setup(parts=Given(row_of), data=Path(data))
        found = people.measure(setup, lambda line: None)
    assert found.note == missed and found.holds is not bool(missed)
    assert found.figures["ratio"]["laplace"]["progress"] == pytest.approx(0.5, abs=0.02)


def test_without_recordings_nothing_is_said_of_people() -> None:
    assert people.measure(Setup(), lambda line: None).holds is None


def test_a_scenario_is_not_changed_by_who_differs_from_it() -> None:
    scenario: Scenario = load_scenario("crossing")
    policy, theta = InteractionPolicy(scenario.robot), true_weights(scenario, seed=0)
    before = replace(scenario)
    for make in KINDS.values():
        make(scenario, policy, theta, 0)
    assert scenario == before
