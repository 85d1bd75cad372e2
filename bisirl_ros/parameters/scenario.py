"""The parameters by which every node knows the scenario."""

from __future__ import annotations

from dataclasses import dataclass

from bisirl_ros.config import setting
from bisirl_ros.crowd.scenario import Scenario, load_scenario
from bisirl_ros.robots.profile import with_robot


@dataclass(frozen=True)
class ScenarioParameters:
    """Which scenario, with how many people, on which drive; all nodes of a run agree on them."""

    scenario: str = setting("crossing", doc="name or .yaml path of the scenario")
    people: int = setting(-1, doc="how many take part; -1: as the scenario says", low=-1, high=50)
    drive: str = setting("", doc="the robot's drive; empty: as the scenario says")
    robot: str = setting("", doc="name or .yaml path of a robot; empty: as the scenario says")

    def load(self) -> Scenario:
        """The scenario; raises InputError where there is none such, or no such robot."""
        return with_robot(load_scenario(self.scenario, self.people, self.drive), self.robot)
