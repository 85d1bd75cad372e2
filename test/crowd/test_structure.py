"""The family of structures: each explains as a game made for it would, and is imagined so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.bilevel import LoopConfig
from bisirl_ros.core.posterior import GIVEN
from bisirl_ros.crowd.actors.constant_velocity_view import ConstantVelocityView
from bisirl_ros.crowd.candidates import gauss_disc
from bisirl_ros.crowd.choices import Choices
from bisirl_ros.crowd.decisions import Decisions
from bisirl_ros.crowd.explain import Explainer
from bisirl_ros.crowd.model import CrowdModel
from bisirl_ros.crowd.oracle import untaught
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario, load_scenario
from bisirl_ros.crowd.solver import CrowdSolver
from bisirl_ros.crowd.structure import Structures, family, log_standing
from bisirl_ros.crowd.true_weights import true_weights
from bisirl_ros.verify.misfit.encounters import encounters

SCENARIO = load_scenario("crossing")
SHORT, FAR, STRAIGHT, MET = (
    "looks ahead 4 decisions, not 8",
    "looks ahead 12 decisions, not 8",
    "foresees the robot going straight on",
    "foresees the robot as they met it so far",
)


@pytest.fixture(scope="module")
def lived() -> tuple[Decisions, Tensor]:
    return encounters("the model", 0, 1).lived[0]


def game(scenario: Scenario = SCENARIO) -> CrowdModel:
    policy = InteractionPolicy(scenario.robot)
    return CrowdModel(scenario, policy, gauss_disc(1.8, 4, 8), "cpu", torch.float64)


def explained(lived: tuple[Decisions, Tensor]) -> dict[str, Choices]:
    """By structure."""
    likelihood = Explainer(game(), structures=family(SCENARIO))(*lived)
    (of,) = likelihood.otherwise.values()
    found = {name: explain().known for name, explain in of.items()}
    assert all(isinstance(one, Choices) for one in found.values())
    return found  # type: ignore[return-value]


def alone(lived: tuple[Decisions, Tensor], scenario: Scenario = SCENARIO) -> Choices:
    (found,) = Explainer(game(scenario))(*lived).of.values()
    assert isinstance(found, Choices)
    return found


def same(a: Choices, b: Choices) -> bool:
    return bool(
        np.allclose(a.chosen, b.chosen, atol=1e-12)
        and np.allclose(a.offered, b.offered, atol=1e-12)
    )


def test_as_given_is_what_a_solver_without_a_family_explains(
    lived: tuple[Decisions, Tensor],
) -> None:
    found = explained(lived)
    assert same(found[GIVEN], alone(lived))
    assert len(set(found)) == len(found) == 14
    assert same(found[GIVEN], found[MET])  # there was nothing else to get used to
    alike = (GIVEN, MET)
    others = [one for name, one in found.items() if name not in alike and "anything" not in name]
    assert not any(same(found[GIVEN], one) for one in others)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        (SHORT, {"horizon": 4}),
        (FAR, {"horizon": 12}),
        ("discounts by 0.8, not 0.95", {"discount": 0.8}),
        ("discounts by 1, not 0.95", {"discount": 1.0}),
    ],
)
def test_a_horizon_or_discount_is_that_of_a_scenario_of_such_people(
    name: str, changes: dict[str, float], lived: tuple[Decisions, Tensor]
) -> None:
    person = replace(SCENARIO.person, **changes)  # type: ignore[arg-type]
    assert same(explained(lived)[name], alone(lived, replace(SCENARIO, person=person)))


def test_who_gets_used_to_the_robot_foresees_all_that_they_met(
    lived: tuple[Decisions, Tensor],
) -> None:
    """The newest policy by three tenths; what somebody else met alone is none of theirs."""
    batch, phi = lived
    old, older, foreign = phi + 0.4, phi - 0.4, phi + 2.0
    alien = replace(batch, identities=("somebody else",))

    def under(*before: tuple[Decisions, Tensor]) -> Choices:
        likelihood = Explainer(game(), structures=family(SCENARIO))(batch, phi, before)
        (of,) = likelihood.otherwise.values()
        assert same(of[GIVEN]().known, alone(lived))  # type: ignore[arg-type]
        return of[MET]().known  # type: ignore[return-value]

    each = [alone((batch, policy)) for policy in (phi, old, older)]
    assert not same(each[0], each[1])
    found = under((batch, older), (alien, foreign), (batch, old))
    for name in ("chosen", "offered"):
        parts = [getattr(one, name) for one in each]
        mixed = 0.3 * parts[0] + 0.21 * parts[1] + 0.49 * parts[2]
        assert np.allclose(getattr(found, name), mixed, atol=1e-12)
    assert same(under((batch, phi), (batch, phi)), each[0])


def test_of_a_robot_on_record_nobody_knows_which_policies_they_met(
    lived: tuple[Decisions, Tensor],
) -> None:
    batch, phi = lived
    future = np.repeat(batch.robot[:, None], 13, 1)
    found = Explainer(game(), structures=family(SCENARIO))(replace(batch, robot_future=future), phi)
    (of,) = found.otherwise.values()
    assert FAR in of and MET not in of


def test_who_got_used_to_the_robot_is_imagined_as_given() -> None:
    assert Structures.named(SCENARIO, [[MET], [GIVEN]]) is None


def test_a_goal_elsewhere_is_that_of_decisions_with_that_goal(
    lived: tuple[Decisions, Tensor],
) -> None:
    """But for those who are there: of them nothing is learned, and they are likely to stand."""
    batch, phi = lived
    moved = replace(batch, goals=batch.goals + np.array([-1.0, 0.0]))
    found, by_goal = explained(lived)["goes 1 m -x of the goal"], alone((moved, phi))
    tolerance = SCENARIO.person.goal_tolerance_m
    when = np.flatnonzero(batch.decided[:, 0])
    there = np.linalg.norm(batch.people[when, 0, :2] - moved.goals[0, 0], axis=-1) <= tolerance
    going = np.flatnonzero(~there)
    assert np.allclose(found.offered[going], by_goal.offered[going], atol=1e-12)
    near = replace(batch, goals=batch.people[[0], :1, :2] + np.array([1.0, 0.1]))  # they are there
    found = explained((near, phi))["goes 1 m -x of the goal"]
    assert not found.offered[0].any() and found.offered[-1].any()


def test_whose_goal_is_not_known_may_be_there_if_it_is_one_of_several(
    lived: tuple[Decisions, Tensor],
) -> None:
    """In whichever order the goals are: an episode's likelihood is the sum over them."""
    batch, phi = lived
    theta = true_weights(SCENARIO, seed=0)[0]
    there = batch.people[[3], :1, :2] + np.array([1.0, 0.1])

    def value(goals: Array) -> float:
        count = goals.shape[1]
        belief = np.full((len(batch.robot), 1, count), -np.log(count))
        changed = replace(batch, goals=goals, log_belief=belief)
        (of,) = Explainer(game(), structures=family(SCENARIO))(changed, phi).otherwise.values()
        return float(of["goes 1 m -x of the goal"]().known.value(theta))

    first, second = batch.goals[:, :1], there
    single = [-value(goal) for goal in (first, second)]
    exact = -(np.logaddexp(*single) - np.log(2.0))
    for order in ([first, second], [second, first]):
        assert value(np.concatenate(order, 1)) == pytest.approx(exact, abs=1e-9)


def test_who_is_there_stands_or_may_do_anything() -> None:
    x = np.stack(np.meshgrid(*[np.linspace(-1.8, 1.8, 601)] * 2), -1)
    density = np.exp(log_standing(x, 1.8)) / (np.pi * 1.8**2)
    inside = np.linalg.norm(x, axis=-1) <= 1.8
    assert (density * inside).sum() * (3.6 / 600) ** 2 == pytest.approx(1.0, abs=0.01)
    still, off = log_standing(np.array([[0.0, 0.0], [1.0, 0.0]]), 1.8)
    assert still > 4.0 and off == pytest.approx(np.log(0.1), abs=1e-6)


def test_straight_on_is_what_people_of_that_view_foresee(lived: tuple[Decisions, Tensor]) -> None:
    """Their log-likelihood of what was chosen, by the actor's own features."""

    class Asked(ConstantVelocityView):
        def features(self, model: CrowdModel, batch: Decisions) -> Array:
            now = SCENARIO.sample(len(batch.robot), np.random.default_rng(0)).to(
                "cpu", torch.float64
            )
            now = now.with_bodies(torch.from_numpy(batch.robot), torch.from_numpy(batch.people))
            goal = torch.from_numpy(batch.goals[:, 0]).expand(len(batch.robot), -1, -1)
            setting = model.setting(now, goal, torch.zeros(4).double())
            return self._foreseen(model, now, setting).numpy()

    batch, _ = lived
    theta = true_weights(SCENARIO, seed=0)
    actor = Asked(SCENARIO, InteractionPolicy(SCENARIO.robot), theta)
    when = np.flatnonzero(batch.decided[:, 0])
    found = explained(lived)[STRAIGHT]
    even = found.offered[:, 0, : len(game().candidates)]
    assert np.allclose(even, actor.features(game(), batch)[when], atol=1e-9)


def test_a_noise_floor_is_a_mixture_with_anything(lived: tuple[Decisions, Tensor]) -> None:
    found, theta = explained(lived), true_weights(SCENARIO, seed=0)[0]
    area = np.exp(found[GIVEN].log_area).sum(-1)[:, 0]  # of the disc, by each one's candidates
    p = np.exp(found[GIVEN].log_density(theta))
    mixed = np.log(0.9 * p + 0.1 / area)
    floor = found["does anything 10% of the time"]
    assert floor.log_density(theta) == pytest.approx(mixed, abs=1e-12)
    unlikely = found[GIVEN].offered[0, 0].mean(0) - 100.0 * np.sign(theta)
    wild = Choices.exact(unlikely[None], found[GIVEN].offered[:1, 0], floor.log_area[0, 0])
    assert np.abs(wild.gradient(theta)).max() > 10.0
    assert np.abs(wild.or_anything(0.1).gradient(theta)).max() < 1e-6  # moves nothing
    assert wild.or_anything(0.0) is wild


def test_a_recorded_robot_is_looked_at_no_further_than_it_was_seen(
    lived: tuple[Decisions, Tensor],
) -> None:
    batch, phi = lived
    future = np.repeat(batch.robot[:, None], SCENARIO.person.horizon + 1, 1)
    found = explained((replace(batch, robot_future=future), phi))
    assert FAR not in found and SHORT in found and GIVEN in found


def test_people_are_imagined_to_decide_as_they_do() -> None:
    """Somebody of a structure among others is imagined as alone in a game of such people."""
    rng, scenario = np.random.default_rng(0), load_scenario("crossing", people=2)
    short = replace(scenario, person=replace(scenario.person, horizon=4))
    phi = InteractionPolicy(scenario.robot).initial(torch.Generator().manual_seed(0)).double()
    model, other = game(scenario), game(short)
    start = model.starts(3, rng)
    theta, goal = torch.from_numpy(true_weights(scenario, seed=0)), start.aims.likeliest
    luck = torch.from_numpy(rng.random((8, 3, 2)))
    named = Structures.named(scenario, [(SHORT, SHORT)] * 3)
    ours = model.imagine(phi, start, model.setting(start, goal, theta, named), luck)
    theirs = other.imagine(phi, start, other.setting(start, goal, theta), luck)
    assert torch.allclose(ours.target, theirs.target) and torch.allclose(ours.people, theirs.people)
    assert Structures.named(scenario, [(GIVEN, GIVEN)] * 3) is None
    mixed = Structures.named(scenario, [(SHORT, GIVEN)] * 3)
    assert mixed is not None
    one_each = model.imagine(phi, start, model.setting(start, goal, theta, mixed), luck)
    usual = model.imagine(phi, start, model.setting(start, goal, theta), luck)
    first, second = one_each.target[0, :, 0], one_each.target[0, :, 1]
    assert torch.allclose(first, ours.target[0, :, 0])
    assert torch.allclose(second, usual.target[0, :, 1])
    assert not torch.allclose(ours.target, usual.target)


def test_whose_goal_is_elsewhere_is_imagined_to_arrive_there() -> None:
    start = game().starts(2, np.random.default_rng(0))
    named = Structures.named(SCENARIO, [("goes 1 m +x of the goal",)] * 2)
    goal = start.aims.likeliest
    setting = game().setting(start, goal, torch.zeros(4).double(), named)
    assert torch.allclose(setting.goal, goal + torch.tensor([1.0, 0.0]).double())


def test_the_policy_plans_for_the_structure_that_is_believed() -> None:
    """The return that a solver foresees among such people is that of a game of such people."""
    policy, theta = InteractionPolicy(SCENARIO.robot), true_weights(SCENARIO, seed=0).flatten()
    short = replace(SCENARIO, person=replace(SCENARIO.person, horizon=4))

    class Believes:
        def __init__(self, evidence: object) -> None:
            self._evidence = evidence

        def __getattr__(self, name: str) -> object:
            return getattr(self._evidence, name)

        def structure_of(self, identity: str) -> str:
            return SHORT

    def foreseen(scenario: Scenario, believes: bool) -> Array:
        solver = CrowdSolver(scenario, policy)
        state = untaught(solver, LoopConfig(), 0)
        evidence = Believes(state.evidence) if believes else state.evidence
        return solver.returns(
            state.phi,
            theta,
            evidence,
            [],
            16,
            np.random.default_rng(0),  # type: ignore[arg-type]
        )

    ours = foreseen(SCENARIO, True)
    assert ours == pytest.approx(foreseen(short, False), abs=1e-4)
    assert np.abs(ours - foreseen(SCENARIO, False)).max() > 0.01
