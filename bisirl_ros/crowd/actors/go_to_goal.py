"""The robot that minds its goal alone."""

from __future__ import annotations

from torch import Tensor

from bisirl_ros.crowd.actors.steering import to_goal, twist_for
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation


class GoToGoal:
    """Straight to the goal, or along the route, braking in time; people are not minded."""

    def __init__(self, scenario: Scenario) -> None:
        self._robot = scenario.robot

    def act(self, situation: Situation, luck: Tensor) -> Tensor:
        """See `Actor.act`."""
        return twist_for(self._robot, situation.robot, to_goal(self._robot, situation))
