"""One episode in a world: its start, where people really go, and how it ends."""

from __future__ import annotations

import numpy as np
import torch

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.outcome import min_distance_m, outcome
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation
from bisirl_sim.humans import PersonController, draw_goals, told_goals
from bisirl_sim.world import World


class Episode:
    """Draws a start, puts `world` there and knows what becomes of it.

    goals: where people really go, (P, 2) [m]; start: the situation drawn, B = 1.
    Raises InputError where no start without a collision is found.
    """

    def __init__(self, scenario: Scenario, world: World, rng: np.random.Generator) -> None:
        self._scenario, self._world = scenario, world
        self.start = scenario.sample(1, rng)
        self.goals: Array = draw_goals(self.start, rng)
        world.reset(self.start.robot[0].numpy(), self.start.people[0].numpy())
        self._began_s = world.time_s

    @property
    def elapsed_s(self) -> float:
        """Time since the start [s]."""
        return self._world.time_s - self._began_s

    @property
    def situation(self) -> Situation:
        """The present situation as the robot knows it, B = 1: people's goals are not certain."""
        robot, people = self._world.robot_state(), self._world.people_state()
        return self.start.with_bodies(torch.from_numpy(robot)[None], torch.from_numpy(people)[None])

    @property
    def outcome(self) -> str | None:
        """How it has ended (`crowd.outcome`), None while it lasts."""
        return outcome(self._scenario, self.situation, self.elapsed_s, self.goals)

    @property
    def distance_m(self) -> float:
        """From the robot's centre to the nearest person's [m], inf with nobody there."""
        return float(min_distance_m(self.situation))

    def move_people(self, people: PersonController) -> None:
        """Command what `people` decide now, who know where they go."""
        targets = people.decide(told_goals(self.situation, self.goals))
        for index, (vx, vy) in enumerate(targets):
            self._world.command_person(index, float(vx), float(vy))
