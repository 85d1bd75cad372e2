"""What is assumed of people and of who detects them."""

from __future__ import annotations

from dataclasses import dataclass

from bisirl_ros.config import setting


@dataclass(frozen=True)
class IdentitySettings:
    """When a detection is somebody's, and for how long somebody is somebody."""

    gate: float = setting(
        0.99, doc="how much of what a person may do is theirs (chi-square)", low=0.5, high=0.9999
    )
    born_after: int = setting(
        3, doc="frames in which somebody is detected before they are given an identity", low=1,
        high=100,
    )  # fmt: skip
    born_within_s: float = setting(
        2.0, doc="within which those frames have to lie", unit="s", low=0.1, high=60.0
    )
    forget_s: float = setting(
        2.0, doc="for so long nobody is forgotten who is not detected", unit="s", low=0.1, high=60.0
    )
    acceleration: float = setting(
        0.5,
        doc="standard deviation of the change of people's velocity over a second",
        unit="m/s^1.5",
        low=0.01,
        high=20.0,
    )
    position_noise_m: float = setting(
        0.1,
        doc="standard deviation of a detection, per axis, where it tells no covariance",
        unit="m",
        low=0.001,
        high=2.0,
    )
    apart_m: float = setting(
        0.3, doc="no two people are nearer to each other for long", unit="m", low=0.0, high=2.0
    )
    newcomers_per_m2: float = setting(
        0.02,
        doc="people or false detections that turn up in a frame, where nobody was",
        unit="1/m^2",
        low=1e-6,
        high=0.15,
    )
