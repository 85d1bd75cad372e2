"""What a tracker says of one person, free of ROS."""

from __future__ import annotations

from dataclasses import dataclass

from bisirl_ros.core.arrays import Array


@dataclass(frozen=True)
class PersonReport:
    """One report; None: not told.

    identity: who; stamp_s: when they were seen [s]
    position: (2,) [m] and velocity: (2,) [m/s] in the fixed frame; covariances (2, 2)
    covariance_refused: whether a covariance was told that makes no sense
    """

    identity: str
    stamp_s: float
    position: Array
    velocity: Array | None
    position_covariance: Array | None
    velocity_covariance: Array | None
    covariance_refused: bool = False
