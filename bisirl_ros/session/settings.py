"""How a session goes."""

from __future__ import annotations

from dataclasses import dataclass

from bisirl_ros.config import setting
from bisirl_ros.session.driver import DriverSettings


@dataclass(frozen=True)
class SessionSettings:
    """How a session goes."""

    control_period_s: float = setting(0.05, doc="between commands", unit="s", low=0.001)
    time_scale: float = setting(1.0, doc="ROS seconds per steady second", low=0.001)
    observe_only: bool = setting(False, doc="learn from watching; command nothing")
    people_timeout_s: float = setting(0.5, doc="older is stale", unit="s", low=0.01)
    robot_timeout_s: float = setting(0.5, doc="older is stale", unit="s", low=0.01)
    batch_s: float = setting(
        0.0, doc="cut episodes every so long; 0 waits to be told", unit="s", low=0.0
    )
    frame: str = setting("odom", doc="of all states")
    driver: DriverSettings = setting(DriverSettings(), doc="between policy and wheels")
