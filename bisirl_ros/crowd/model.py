"""The continuous interaction game (FORMULATION section 5b): decisions of everybody, and episodes.

The robot answers where everybody is, everybody chooses as pi_e says, and all bodies move on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.aims import Course, arrived
from bisirl_ros.crowd.candidates import Candidates
from bisirl_ros.crowd.expert import Response, pi_e
from bisirl_ros.crowd.foresight import Foresight, View
from bisirl_ros.crowd.imagined_people import ImaginedPeople
from bisirl_ros.crowd.likely import LikelyCandidates
from bisirl_ros.crowd.plane import bodies
from bisirl_ros.crowd.policy import InteractionPolicy, Weights
from bisirl_ros.crowd.reward import others
from bisirl_ros.crowd.robot import Motion
from bisirl_ros.crowd.room import Room
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.setting import Setting
from bisirl_ros.crowd.situation import AWAY_M, Situation
from bisirl_ros.crowd.structure import Structures


@dataclass(frozen=True)
class Foreseen:
    """What N * P people who decide look at.

    view: what each sees; features: (N * P, k, n) of the targets that were asked about
    """

    view: View
    features: Tensor


Robots = tuple[Motion, Motion]
"""As they are, and one decision later, which nobody's choice of now changes any more."""
Choose = Callable[[int, Weights, Robots, Tensor], Tensor]
"""(moment h, weights, B robots now and one decision later, people (B, P, 4)) -> (B, P, 2) [m/s]."""
Decided = tuple[Motion, Tensor, Tensor, Tensor]
"""Robots and people (B, P, 4) one decision later, target (B, P, 2) [m/s], known (B, P)."""
Decide = Callable[[int, Motion, Tensor], Decided]
"""(moment h, B robots, people (B, P, 4)) -> one decision later."""


@dataclass(frozen=True)
class Trajectory:
    """B episodes of T decisions; time first.

    robot: (T + 1, B, 3 + c) (`Motion.packed`); people: (T + 1, B, P, 4)
    target: (T, B, P, 2) [m/s]; known: (T, B, P) whose choice counts
    offered: candidates of each of T * B * P people; None: the game's, for all
    """

    robot: Tensor
    people: Tensor
    target: Tensor
    known: Tensor
    offered: Candidates | None = None


class CrowdModel:
    """The interaction game of one scenario, on one device.

    candidates: the set of K candidate motions that stands for the disc of choices
    answered: whether people see the robot; False: they choose as if they were without it
    likely: so many candidates follow each imagined person instead; 0: all choose from those above
    """

    def __init__(
        self,
        scenario: Scenario,
        policy: InteractionPolicy,
        candidates: Candidates,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
        answered: bool = True,
        likely: int = 0,
    ) -> None:
        self.answered = answered
        self.scenario, self.policy = scenario, policy
        self.foresight = Foresight(scenario, policy)
        self.candidates = candidates.to(device, dtype)
        self.device, self.dtype = device, dtype
        self.room = scenario.room.to(device, dtype)
        self.likely = (
            LikelyCandidates(likely, scenario.person.max_speed, device, dtype) if likely else None
        )

    def tensor(self, values: Array | Tensor | tuple[float, ...]) -> Tensor:
        """Values on this game's device and in its precision."""
        return torch.as_tensor(values, dtype=self.dtype, device=self.device)

    def setting(
        self,
        situation: Situation,
        goal: Tensor,
        theta: Tensor,
        structures: Structures | None = None,
    ) -> Setting:
        """What stays the same from `situation` on; theta: (B, P, n) or (P, n).

        goal: (B, P, 2) where they are thought to go; structures: how they decide, None: as given
        """
        count, people = situation.present.shape
        theta = theta.expand(count, people, theta.shape[-1])
        route, goal = situation.aims.route, structures.goal(goal) if structures else goal
        course = Course.of(route)
        return Setting(route, goal, situation.present, theta, situation.room, course, structures)

    def drive(self, weights: Weights, robot: Motion, people: Tensor, setting: Setting) -> Motion:
        """The N robots one decision later, answering people (N, P, 4)."""
        return self.answer(weights, robot, people, setting.course, setting.room)

    def answer(
        self, weights: Weights, robot: Motion, people: Tensor, course: Course, room: Room
    ) -> Motion:
        """The N robots one decision later, answering people (N, P, 4) on their course."""
        wanted = self.policy.velocity(weights, robot, *bodies(people), course, room)
        return self.policy.robot.advance(robot, wanted, self.scenario.decision_period_s, room)

    def foresee(
        self,
        weights: Weights,
        robots: Robots,
        people: Tensor,
        setting: Setting,
        targets: Tensor,
        future: Tensor | None = None,
    ) -> Foreseen:
        """What `targets` (N * P or 1, k, 2) [m/s] are worth to people (N, P, 4).

        robots: N, or N * P, each as one person sees and expects it
        future: (N * P, H, 2) where they expect the robot after each decision instead, or None [m]
        """
        (robot, robot_tp1), count, own = robots, people.shape[1], people.reshape(-1, 4)
        each = len(robot_tp1.yaw) != len(people)
        if not self.answered:
            future = own.new_full((len(own), self.scenario.person.horizon, 2), AWAY_M)
        view = View(
            own=own,
            others=people[:, others(count)].reshape(len(own), max(count - 1, 0), 4),
            goal=setting.goal.reshape(-1, 2),
            robot_tp1=robot_tp1,
            course=setting.course.repeated(count) if each else setting.course,
            future=future,
        )
        if count == 0:
            features = people.new_zeros((0, targets.shape[-2], self.n_features))
        elif setting.structures is not None:
            now = self.policy.robot.state(robot if each else robot.repeated(count))
            foresight = self.foresight.looking(setting.structures.furthest)
            steps = foresight.steps(weights, view, targets, setting.room)
            features = setting.structures.features(steps, now)
        else:
            features = self.foresight.features(weights, view, targets, setting.room)
        return Foreseen(view, features)

    @property
    def n_features(self) -> int:
        """Number of reward parameters n of one person."""
        return len(self.scenario.person.features)

    def respond(
        self, features: Tensor, setting: Setting, offered: Candidates | None = None
    ) -> Response:
        """pi_e over those offered, None: the game's candidates; features (N * P, K, n)."""
        theta = setting.theta.reshape(-1, self.n_features)
        return pi_e(features, theta, self.candidates if offered is None else offered)

    def deciding(self, people: Tensor, setting: Setting) -> Tensor:
        """Who is there and has not arrived: (N, P) bool."""
        there = arrived(people[..., :2], setting.goal, self.scenario.person.goal_tolerance_m)
        return setting.present & ~there

    def decisions(self, phi: Tensor, setting: Setting, choose: Choose) -> Decide:
        """Those of B robots among people (B, P, 4); phi: (m,)."""
        weights, person = self.policy.weights(phi), self.scenario.person
        period_s = self.scenario.decision_period_s

        def decide(h: int, robot: Motion, people: Tensor) -> Decided:
            known = self.deciding(people, setting)
            robot_tp1 = self.drive(weights, robot, people, setting)
            wished = choose(h, weights, (robot, robot_tp1), people)
            target = torch.where(known[..., None], wished, 0.0)
            return robot_tp1, person.step(people, target, period_s, setting.room), target, known

        return decide

    @torch.no_grad()
    def play(self, start: Situation, decide: Decide, steps: int) -> Trajectory:
        """Episodes of `steps` decisions. Nothing is differentiated here (`adjoint`)."""
        robot, people = self.policy.robot.motion(start.robot), start.seen
        robots, peoples, targets, knowns = [robot], [people], [], []
        for h in range(steps):
            robot, people, target, known = decide(h, robot, people)
            robots.append(robot)
            peoples.append(people)
            targets.append(target)
            knowns.append(known)
        bodies_of_robots = torch.stack([robot.packed() for robot in robots])
        people, target, known = (torch.stack(kept) for kept in (peoples, targets, knowns))
        return Trajectory(bodies_of_robots, people, target, known)

    def imagine(
        self, phi: Tensor, start: Situation, setting: Setting, luck: Tensor, draws: int = 0
    ) -> Trajectory:
        """Episodes in which everybody chooses as pi_e says.

        luck: (T, B, P) uniform on [0, 1), drawn beforehand: the same luck, the same episodes
        draws: M candidates that are drawn beside the one chosen, to stand for all; 0: all do
        """
        people = ImaginedPeople(self, setting, luck, draws)
        played = self.play(start, self.decisions(phi, setting, people.choose), len(luck))
        return replace(played, offered=people.offered)

    def replay(self, phi: Tensor, start: Situation, setting: Setting, target: Tensor) -> Trajectory:
        """Episodes in which people choose what is on record, and the robot drives anew.

        target: (T, B, P, 2) [m/s], NaN where nothing is known (any more)
        """
        known = torch.isfinite(target).all(-1)
        luck = torch.zeros_like(target[..., 0])  # decides nothing
        wished, people = torch.nan_to_num(target), ImaginedPeople(self, setting, luck)

        def choose(h: int, weights: Weights, robots: Robots, people_t: Tensor) -> Tensor:
            if self.likely:  # what they might have chosen instead
                people.choose(h, weights, robots, people_t)
            return wished[h]

        played = self.play(start, self.decisions(phi, setting, choose), len(target))
        return replace(played, known=played.known & known, offered=people.offered)

    def starts(self, count: int, rng: np.random.Generator) -> Situation:
        """Starts of imagined episodes, in this game's precision."""
        return self.scenario.sample(count, rng).to(self.device, self.dtype)

    def luck(self, shape: tuple[int, ...], rng: np.random.Generator) -> Tensor:
        """Of the choices of imagined people: uniform, and below 1 as rounded."""
        below = 1.0 - torch.finfo(self.dtype).eps
        return self.tensor(rng.random(shape)).clamp(max=below)
