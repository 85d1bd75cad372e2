"""The robot's own task: what it is paid for, as weights of terms (FORMULATION section 1)."""

from __future__ import annotations

from dataclasses import dataclass

from bisirl_ros.config import setting

TERM_NAMES = (
    "progress",
    "travelling",
    "turning",
    "contact",
    "people_progress",
    "people_travelling",
    "people_inside",
    "company",
)
"""The terms that `bisirl_ros.crowd.task_terms` defines."""


@dataclass(frozen=True)
class TermSpec:
    """One summand of r_task: its weight times a term of `bisirl_ros.crowd.task_terms`."""

    name: str = setting(doc="which term", choices=TERM_NAMES)
    weight: float = setting(doc="reward per unit; negative is a cost")
    scale: float = setting(1.0, doc="what counts as one unit of it, or how wide", low=1e-3)
    distance: float = setting(0.0, doc="the best distance of `company`", unit="m", low=0.0)
    box: tuple[float, float, float, float] = setting(
        (0.0, 0.0, 0.0, 0.0), doc="x and y from, x and y to, of `people_inside`", unit="m"
    )


@dataclass(frozen=True)
class TaskSpec:
    """r_l = r_task + kappa * sum_p r_e^p: weights of the robot's own task (section 1)."""

    terms: tuple[TermSpec, ...] = setting(doc="of r_task")
    kappa: float = setting(1.0, doc="weight of people's reward; < 0 competes", low=-10, high=10)
