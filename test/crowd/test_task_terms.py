"""The robot's own task, case by case."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
import torch

from bisirl_ros.crowd.scenario import Scenario, load_scenario
from bisirl_ros.crowd.situation import Situation
from bisirl_ros.crowd.task import TaskSpec, TermSpec
from bisirl_ros.crowd.task_terms import CONTACT_MARGIN_M, task_reward
from bisirl_ros.errors import InputError

from .conftest import situation

FAR = (0.0, -30.0, 0.0, 1.0)


def at(x: float, *people: tuple[float, ...]) -> Situation:
    return situation((x, 0.0, 0.0, 0.0, 0.0, 0.0), people)


def weights(scenario: Scenario) -> tuple[float, float, float, float]:
    """What a stride, a decision on the way, a turn and a contact are worth."""
    worth = {term.name: term.weight for term in scenario.task.terms}
    return worth["progress"], worth["travelling"], worth["turning"], worth["contact"]


def earned(scenario: Scenario, before: Situation, x: float, turn_rate: float = 0.0) -> float:
    """r_task of going to x, people staying where they are."""
    after = torch.tensor([[x, 0.0, 0.0, 0.0, 0.0, turn_rate]], dtype=torch.float64)
    return float(task_reward(scenario, before, after, before.people))


def test_a_stride_a_detour_a_turn_contact_and_rest(crossing: Scenario) -> None:
    progress, travelling, turning, contact = weights(crossing)
    stride, x = crossing.robot.max_speed * crossing.decision_period_s, -2.0
    full = progress + travelling
    assert earned(crossing, at(x, FAR), x + stride) == pytest.approx(full, abs=1e-3)
    back = earned(crossing, at(x + stride, FAR), x)
    assert back == pytest.approx(-progress + travelling, abs=1e-3)
    turned = earned(crossing, at(x, FAR), x + stride, 1.2)
    assert turned == pytest.approx(full + turning * 1.44, abs=1e-3)
    touching = at(x, (x + stride, 0.0, 0.0, 0.0))
    assert earned(crossing, touching, x + stride) == pytest.approx(full + contact, abs=1e-3)
    assert earned(crossing, at(2.5, FAR), 2.5) == pytest.approx(0.0, abs=0.02)


def test_along_a_path_progress_is_the_way_along_it(crossing: Scenario) -> None:
    """Straight on past the corner of an L is no progress."""
    route = ((0.0, 0.0), (2.0, 0.0))
    before = situation((1.0, 0.0, 0.0, 0.0, 0.0, 0.0), goal=(2.0, 4.0), route=route)
    progress, travelling, *_ = weights(crossing)
    full = progress + travelling
    assert earned(crossing, before, 1.4) == pytest.approx(full, abs=1e-2)
    beyond = situation((2.0, 0.0, 0.0, 0.0, 0.0, 0.0), goal=(2.0, 4.0), route=route)
    assert earned(crossing, beyond, 2.4) < -progress


def test_contact_is_felt_before_it_happens_and_by_the_nearest(crossing: Scenario) -> None:
    reach = crossing.contact_distance_m + CONTACT_MARGIN_M
    far, near = earned(crossing, at(0.0, FAR), 0.0), (0.0, reach, 0.0, 0.0)
    half = -weights(crossing)[3] / 2
    assert far - earned(crossing, at(0.0, near), 0.0) == pytest.approx(half, rel=1e-3)
    assert far - earned(crossing, at(0.0, FAR, near), 0.0) == pytest.approx(half, rel=1e-3)
    absent = replace(at(0.0, near), present=torch.tensor([[False]]))
    assert earned(crossing, absent, 0.0) == pytest.approx(far)
    assert earned(crossing, at(0.0), 0.0) == pytest.approx(far, abs=1e-6)


def one(scenario: Scenario, term: TermSpec) -> Scenario:
    """A robot that is paid for one thing."""
    return replace(scenario, task=TaskSpec((term,), kappa=0.0))


GUIDED = ((0.0, 0.0, 0.0, 0.0), (4.0, 1.0, 0.0, 0.0))


def paid(scenario: Scenario, term: TermSpec, *after: tuple[float, float]) -> float:
    """What people's going to `after` earns a robot that stays at (1, 0); their goal is (5, 0)."""
    before = situation((1.0, 0.0, 0.0, 0.0, 0.0, 0.0), GUIDED[: len(after)])
    people = torch.tensor([[[x, y, 0.0, 0.0] for x, y in after]]).double()
    goal = torch.tensor([[[5.0, 0.0]] * len(after)]).double()
    return float(task_reward(one(scenario, term), before, before.robot, people, goal))


def test_it_may_be_paid_for_other_peoples_way(crossing: Scenario) -> None:
    term = TermSpec("people_progress", 2.0, scale=0.4)
    assert paid(crossing, term, (0.4, 0.0)) == pytest.approx(2.0, abs=1e-3)
    both = paid(crossing, term, (0.4, 0.0), (4.0, 1.0))
    assert both == pytest.approx(2.0, abs=1e-3)
    waiting = TermSpec("people_travelling", -0.3)
    assert paid(crossing, waiting, (0.4, 0.0), (4.9, 0.0)) == pytest.approx(-0.3, abs=1e-2)
    nobody = situation((1.0, 0.0, 0.0, 0.0, 0.0, 0.0), ())
    assert float(task_reward(one(crossing, term), nobody, nobody.robot, nobody.people)) == 0.0


def test_it_may_be_paid_for_where_people_are(crossing: Scenario) -> None:
    inside = TermSpec("people_inside", -2.0, box=(-1.0, 0.0, 1.0, 2.0))
    assert paid(crossing, inside, (0.0, 1.0)) == pytest.approx(-2.0, abs=1e-3)
    assert paid(crossing, inside, (0.0, 0.0)) == pytest.approx(-1.0, abs=1e-3)
    assert paid(crossing, inside, (0.0, -2.0)) == pytest.approx(0.0, abs=1e-3)
    beside = TermSpec("company", 1.0, scale=0.5, distance=1.2)
    assert paid(crossing, beside, (1.0, 1.2)) == pytest.approx(1.0, abs=1e-6)
    assert paid(crossing, beside, (1.0, 1.7)) == pytest.approx(0.60653, abs=1e-4)
    absent = replace(at(1.0, (1.0, 1.2, 0.0, 0.0)), present=torch.tensor([[False]]))
    assert float(task_reward(one(crossing, beside), absent, absent.robot, absent.people)) == 0.0


def test_an_unknown_term_or_a_population_that_does_not_fit_is_one_line(tmp_path: Path) -> None:
    text = (files("bisirl_ros.scenarios") / "guide.yaml").read_text()
    for old, new, said in (
        ("name: turning", "name: flying", "flying"),
        ("[3, -2, -0.3, -0.5]", "[3, -2]", "brisk has 2 weights"),
    ):
        path = tmp_path / "mine.yaml"
        path.write_text(text.replace(old, new))
        with pytest.raises(InputError, match=said):
            load_scenario(str(path))
