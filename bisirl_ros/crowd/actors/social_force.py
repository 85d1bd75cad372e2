"""People whom social forces move."""

from __future__ import annotations

import torch
from torch import Tensor

from bisirl_ros.crowd.actors.bodies import deciding, intent
from bisirl_ros.crowd.actors.forces import Push, SocialForces
from bisirl_ros.crowd.plane import robot_as_body
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation


class SocialForce:
    """People whom their goal draws and whom others, the robot and walls repel (`SocialForces`).

    Within one decision the forces are integrated finely, the robot going on as it moves; they go
    for what gives their body the velocity it ends with. Nothing is random.
    """

    def __init__(self, scenario: Scenario, forces: SocialForces | None = None) -> None:
        self._scenario, self.forces = scenario, forces or SocialForces()

    @torch.no_grad()
    def act(self, situation: Situation, luck: Tensor) -> Tensor:
        """See `Actor.act`; zero for whoever is absent or has arrived."""
        robot = robot_as_body(situation.robot)[:, None]
        target = self.walk(situation, situation.aims.likeliest, others=robot)
        return torch.where(deciding(self._scenario, situation)[..., None], target, 0.0)

    def walk(
        self,
        situation: Situation,
        goal: Tensor,
        speed: Tensor | float | None = None,
        others: Tensor | None = None,
        push: Push | None = None,
    ) -> Tensor:
        """What people go for on their way to `goal` (B, P, 2): (B, P, 2) [m/s].

        speed: wanted, a number or (B, P), None: the preferred one [m/s]
        others: (B, Q, 4) whom they mind besides each other; push: a force of their own
        """
        scenario, people = self._scenario, situation.seen
        wanted = scenario.person.preferred_speed if speed is None else speed
        wanted = torch.as_tensor(wanted).to(people).expand(people.shape[:-1])
        velocity = self.forces.velocity_tp1(
            people,
            people[:, :0] if others is None else others,
            goal,
            wanted,
            situation.room,
            scenario.person.radius_m,
            scenario.decision_period_s,
            push,
        )
        return intent(scenario.person, people[..., 2:], velocity)
