"""How people look ahead (FORMULATION section 5b): the features that each candidate motion sums.

A person looks H decisions ahead along each candidate, against the closed-loop response of the
robot's deployed policy, and foresees that other people go on as they walk.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from bisirl_ros.crowd.aims import Course
from bisirl_ros.crowd.drives.limits import constant
from bisirl_ros.crowd.features import Step, psi
from bisirl_ros.crowd.person import Person
from bisirl_ros.crowd.plane import bodies
from bisirl_ros.crowd.policy import InteractionPolicy, Weights
from bisirl_ros.crowd.robot import Motion
from bisirl_ros.crowd.room import Room
from bisirl_ros.crowd.scenario import Scenario


@dataclass(frozen=True)
class View:
    """What M people who decide see, each of their own situation.

    own: (M, 4); others: (M, O, 4), the absent far away; goal: (M, 2) their own [m]
    robot_tp1: the robots one decision later (nobody's choice of now changes that): M, or
    M / (O + 1) where those around one robot are in a row; course: the robots' routes
    future: (M, H, 2) where a recorded robot was after each of the next decisions, or None [m]
    """

    own: Tensor
    others: Tensor
    goal: Tensor
    robot_tp1: Motion
    course: Course
    future: Tensor | None = None


@dataclass(frozen=True)
class Foresight:
    """What people of a scenario expect of a robot that follows `policy`."""

    scenario: Scenario
    policy: InteractionPolicy

    def features(self, weights: Weights, view: View, targets: Tensor, room: Room) -> Tensor:
        """Phi_k = sum_h gamma^h psi_h along each candidate, held for H decisions: (M, K, n).

        targets: (K, 2) or (M, K, 2) [m/s]
        """
        person = self.scenario.person
        return discounted(psi(self.steps(weights, view, targets, room), person), person)

    def looking(self, person: Person) -> Foresight:
        """The same, as far ahead as `person` looks."""
        return replace(self, scenario=replace(self.scenario, person=person))

    def steps(self, weights: Weights, view: View, targets: Tensor, room: Room) -> Step:
        """What is foreseen along each candidate, step by step: arrays (M, K, H, ...)."""
        person, period_s = self.scenario.person, self._period_s
        targets = targets.expand(len(view.own), *targets.shape[-2:])
        path = person.path(view.own[:, None].expand(-1, targets.shape[1], -1), targets, room)
        others = _at_constant_velocity(view.others, person.horizon, period_s)
        if view.future is None:
            robot = self._robot(weights, view, path, others, room)
        else:
            robot = view.future[:, None].expand(-1, targets.shape[1], -1, -1)
        return Step(
            path[..., :-1, :],
            path[..., 1:, :],
            robot,
            others[:, None, 1:, :, :2],
            view.goal[:, None, None],
            room,
            period_s,
        )

    def _robot(
        self, weights: Weights, view: View, path: Tensor, others: Tensor, room: Room
    ) -> Tensor:
        """Where the robot will be after each decision of each candidate: (M, K, H, 2).

        It answers the candidate. Its answer to the others is taken as it is where everybody walks
        on: exact for one person, of first order for several.
        """
        m, k, moments, _ = path.shape
        answers = self._answers(weights, view, others, room)
        rows_each = m * k // len(view.robot_tp1.yaw)
        motion = view.robot_tp1.repeated(rows_each)
        place, velocity = bodies(path.permute(2, 0, 1, 3).reshape(moments, m * k, 4))
        course, robots = view.course.repeated(rows_each), [motion.place]
        for h, (own, its) in enumerate(
            zip(place[1:-1].unbind(), velocity[1:-1].unbind(), strict=True)
        ):
            outlook = self.policy.outlook(weights, motion, course, room)
            hidden = self.policy.beside_one(weights, outlook, motion.place, own, its)
            if answers:
                hidden = (hidden.view(m, k, -1) + answers[h][:, None]).flatten(0, 1)
            wanted = self.policy.command(weights, outlook, hidden)
            motion = self._advance(motion, wanted, room)
            robots.append(motion.place)
        return torch.view_as_real(torch.stack(robots, -1).view(m, k, moments - 1))

    def _answers(self, weights: Weights, view: View, others: Tensor, room: Room) -> list[Tensor]:
        """What the other people change in the hidden units, h = 1 .. H - 1: (M, h) each."""
        if view.others.shape[1] == 0:
            return []
        motion, found = view.robot_tp1, []
        shared = len(motion.yaw) < len(view.own)
        own = _at_constant_velocity(view.own[:, None], others.shape[1] - 1, self._period_s)
        if shared:  # all who look are who is around
            around = own.view(len(motion.yaw), -1, *own.shape[1:])
            everybody = around[:, :, :, 0].transpose(1, 2)
        else:
            everybody = torch.cat([own, others], 2)
        place, velocity = bodies(everybody.transpose(0, 1))
        for h in range(1, others.shape[1] - 1):
            outlook = self.policy.outlook(weights, motion, view.course, room)
            units = self.policy.units(weights, outlook, motion.place, place[h], velocity[h])
            whole = units.sum(1)
            found.append((whole[:, None] - (units if shared else units[:, :1])).flatten(0, 1))
            hidden = torch.tanh(outlook.base) + whole
            wanted = self.policy.command(weights, outlook, hidden)
            motion = self._advance(motion, wanted, room)
        return found

    def _advance(self, motion: Motion, wanted: Tensor, room: Room) -> Motion:
        return self.policy.robot.advance(motion, wanted, self._period_s, room)

    @property
    def _period_s(self) -> float:
        return self.scenario.decision_period_s


def discounted(steps: Tensor, person: Person) -> Tensor:
    """sum_h gamma^h psi_h of the first H of psi (M, K, H or more, n): (M, K, n)."""
    discounts = tuple((person.discount**h,) for h in range(person.horizon))
    kept = steps[..., : person.horizon, :]
    return (kept * constant(discounts, steps.dtype, steps.device)).sum(-2)


def _at_constant_velocity(people: Tensor, steps: int, dt_s: float) -> Tensor:
    """People (M, O, 4) at 0, 1, ..., steps decisions if they go on as they walk: (M, T, O, 4)."""
    if people.shape[1] == 0:
        return people[:, None].expand(-1, steps + 1, -1, -1)
    time = constant(tuple(((dt_s * h,),) for h in range(steps + 1)), people.dtype, people.device)
    moved = people[:, None, :, :2] + people[:, None, :, 2:] * time
    return torch.cat([moved, people[:, None, :, 2:].expand_as(moved)], -1)
