"""Who decides where bodies go; `registry` knows all of them by name."""

from __future__ import annotations

from bisirl_ros.crowd.actors.actor import Actor, Told, tell
from bisirl_ros.crowd.actors.constant_velocity import ConstantVelocity
from bisirl_ros.crowd.actors.goal_walkers import GoalWalkers
from bisirl_ros.crowd.actors.policy_driver import PolicyDriver
from bisirl_ros.crowd.actors.soft_expert import SoftExpert

__all__ = ["Actor", "ConstantVelocity", "GoalWalkers", "PolicyDriver", "SoftExpert", "Told", "tell"]
