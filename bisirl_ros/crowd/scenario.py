"""An interaction scenario (FORMULATION section 1) read from YAML into frozen dataclasses."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from bisirl_ros.config import from_mapping, read_yaml, setting
from bisirl_ros.errors import InputError

PACKAGE = "bisirl_ros.scenarios"
FEATURE_NAMES = ("progress", "proximity", "velocity_change", "speed_deviation", "effort")
"""The features that `bisirl_ros.crowd.features` defines."""


@dataclass(frozen=True)
class RobotSpec:
    """A differential-drive robot: where it starts and goes, and what it can do."""

    start: tuple[float, float, float] = setting(doc="x, y, yaw at the start", unit="m, m, rad")
    goal: tuple[float, float] = setting(doc="where it wants to be", unit="m")
    start_spread: tuple[float, float, float] = setting(
        (0.0, 0.0, 0.0), doc="half widths of the uniform start", unit="m, m, rad", low=0.0
    )
    goal_tolerance_m: float = setting(0.4, doc="arrived within", unit="m", low=0.01)
    radius_m: float = setting(0.25, doc="footprint", unit="m", low=0.01)
    max_speed: float = setting(1.0, doc="forward speed limit", unit="m/s", low=0.05, high=5.0)
    max_turn_rate: float = setting(1.2, doc="turn rate limit", unit="rad/s", low=0.05, high=10.0)
    max_acceleration: float = setting(1.5, doc="limit", unit="m/s^2", low=0.05, high=20.0)
    max_turn_acceleration: float = setting(4.0, doc="limit", unit="rad/s^2", low=0.05, high=50.0)
    lag_s: float = setting(0.2, doc="first-order lag of the drive", unit="s", low=0.01, high=5.0)


@dataclass(frozen=True)
class HumanSpec:
    """A walking person: where they start and go, and how their body follows their intent."""

    start: tuple[float, float] = setting(doc="x, y at the start", unit="m")
    goal: tuple[float, float] = setting(doc="where they want to be", unit="m")
    start_velocity: tuple[float, float] = setting((0.0, 0.0), doc="at the start", unit="m/s")
    start_spread: tuple[float, float] = setting(
        (0.0, 0.0), doc="half widths of the uniform start", unit="m", low=0.0
    )
    goal_tolerance_m: float = setting(0.8, doc="arrived within", unit="m", low=0.01)
    radius_m: float = setting(0.25, doc="footprint", unit="m", low=0.01)
    preferred_speed: float = setting(1.2, doc="speed they like", unit="m/s", low=0.05, high=3.0)
    max_speed: float = setting(1.8, doc="fastest intent", unit="m/s", low=0.1, high=5.0)
    lag_s: float = setting(0.3, doc="first-order lag of the body", unit="s", low=0.01, high=5.0)


@dataclass(frozen=True)
class FeatureSpec:
    """One component of psi, by its name in `bisirl_ros.crowd.features`, and its scale."""

    name: str = setting(doc="which feature", choices=FEATURE_NAMES)
    scale: float = setting(1.0, doc="what counts as one unit of it", low=1e-3)


@dataclass(frozen=True)
class TaskSpec:
    """r_l = r_task + kappa * r_e: weights of the robot's own task (section 1)."""

    kappa: float = setting(1.0, doc="weight of the human's reward; < 0 competes", low=-10, high=10)
    progress: float = setting(6.0, doc="reward per full-speed stride to the goal", low=0.0)
    time: float = setting(2.0, doc="cost per decision until arrival", low=0.0)
    turning: float = setting(0.4, doc="cost of (turn rate)^2 per decision", low=0.0)
    collision: float = setting(20.0, doc="cost of touching the person", low=0.0)


@dataclass(frozen=True)
class ObstacleSpec:
    """A static obstacle."""

    shape: str = setting(doc="its shape", choices=("box", "cylinder"))
    center: tuple[float, float] = setting(doc="x, y", unit="m")
    size: tuple[float, float] = setting(doc="x and y extent", unit="m", low=0.01)
    height_m: float = setting(1.0, doc="height", unit="m", low=0.01)


@dataclass(frozen=True)
class Scenario:
    """One choice of S, A, P, r_task, kappa and psi: an interaction scenario (section 1)."""

    name: str = setting(doc="its name")
    robot: RobotSpec = setting(doc="the learner's body")
    human: HumanSpec = setting(doc="the expert's body")
    features: tuple[FeatureSpec, ...] = setting(doc="the human's features psi, in order")
    task: TaskSpec = setting(doc="the learner's reward")
    description: str = setting("", doc="one line for people")
    decision_period_s: float = setting(
        0.4, doc="time between human decisions", unit="s", low=0.05, high=2.0
    )
    horizon: int = setting(8, doc="decisions the human looks ahead, H", low=1, high=50)
    discount: float = setting(0.95, doc="gamma", low=0.01, high=1.0)
    time_limit_s: float = setting(12.0, doc="an episode lasts at most", unit="s", low=0.5)
    obstacles: tuple[ObstacleSpec, ...] = setting((), doc="static obstacles")

    def __post_init__(self) -> None:
        if not self.features:
            raise InputError(f"scenario {self.name}: features is empty; name at least one")

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of psi's components, in the order of theta."""
        return tuple(feature.name for feature in self.features)

    @property
    def episode_decisions(self) -> int:
        """Decisions in an episode that runs to its time limit."""
        return round(self.time_limit_s / self.decision_period_s)

    @property
    def contact_distance_m(self) -> float:
        """Distance between the centres at which human and robot touch [m]."""
        return self.robot.radius_m + self.human.radius_m


def scenario_names() -> list[str]:
    """Names of the scenarios that come with the package."""
    files = resources.files(PACKAGE).iterdir()
    return sorted(f.name[:-5] for f in files if f.name.endswith(".yaml"))


def load_scenario(name_or_path: str) -> Scenario:
    """Read a scenario by its name, or from a path that ends in `.yaml`.

    Raises InputError for an unknown name, an unreadable file, an unknown key or a bad value.
    """
    if name_or_path.endswith((".yaml", ".yml")):
        return from_mapping(Scenario, read_yaml(Path(name_or_path)), name_or_path)
    if name_or_path not in scenario_names():
        raise InputError(
            f"scenario '{name_or_path}' is unknown; choose one of {', '.join(scenario_names())}"
            " or give the path of a .yaml file"
        )
    with resources.as_file(resources.files(PACKAGE) / f"{name_or_path}.yaml") as path:
        return from_mapping(Scenario, read_yaml(path), path.name)
