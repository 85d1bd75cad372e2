"""hunav_msgs/Agents (robotics-upo/hunav_sim): everybody whom HuNavSim simulates.

Velocities are in the header's frame: hunav_agent_manager copies `velocity.linear` to and from
lightsfm's agents, which move by `position += velocity * dt`; hunav_gazebo_wrapper sets it from
differences of positions in the world. `linear_vel` is its norm.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.inputs.sources.headers import sighting
from bisirl_ros.inputs.sources.source import Source, SourceOptions
from bisirl_ros.messages.robot import stamp_s
from bisirl_ros.session.reports import PersonReport
from bisirl_ros.session.sighting import Sighting, clean_identity

ROBOT = 2
"""Agent.ROBOT: no person."""


def hunav(options: SourceOptions) -> Source:
    """Everybody but robots; who has no name is called by their number."""

    def convert(message: Any) -> Sighting:
        time_s = stamp_s(message.header.stamp)
        agents = [agent for agent in message.agents if agent.type != ROBOT]
        reports = (
            PersonReport(
                clean_identity(agent.name) or str(agent.id),
                time_s,
                np.array([agent.position.position.x, agent.position.position.y]),
                _velocity(agent, options.twist_frame),
                None,
                None,
            )
            for agent in agents
        )
        heights = (agent.position.position.z for agent in agents)
        return sighting(message.header, reports, True, heights)

    return Source("hunav", "human_states", "hunav_msgs/msg/Agents", convert)


def _velocity(agent: Any, twist_frame: str) -> Array:
    """(2,) [m/s] in the header's frame; "auto" is "world" here."""
    x, y = agent.velocity.linear.x, agent.velocity.linear.y
    if twist_frame == "body":
        cos, sin = math.cos(agent.yaw), math.sin(agent.yaw)
        x, y = cos * x - sin * y, sin * x + cos * y
    return np.array([x, y])
