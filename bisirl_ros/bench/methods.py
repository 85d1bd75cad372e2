"""Everything that can be compared, by name.

`go_to_goal` and `oracle` are the ends of the ladder. Who is told the truth and plans: `oracle`,
`full`, `wrong_person`, and the steps whose names end in `_told`; the learners of the same names
learn. Robots that learn nothing come last.
"""

from __future__ import annotations

from bisirl_ros.bench.learn import LEARNERS
from bisirl_ros.bench.plan import LADDER, Plan, Planner, untrained
from bisirl_ros.bench.task import Method, Prepared, Task
from bisirl_ros.crowd.actors.registry import ROBOTS, make_robot

BISIRL = "bisirl"
LOWEST, HIGHEST = "go_to_goal", "oracle"
TOLD = "_told"


def _planned(planner: Planner) -> Method:
    def method(task: Task) -> Prepared:
        return Prepared(planner(task.scenario, task.theta_at_end, task.seed, task.size))

    return method


def _driven(robot: str) -> Method:
    """People who foresee a policy foresee the untrained one, for want of another."""

    def method(task: Task) -> Prepared:
        driver = make_robot(robot, task.scenario, task.seed)
        return Prepared(Plan(driver, untrained(task.scenario, task.seed)))

    return method


METHODS: dict[str, Method] = {
    **LEARNERS,
    **{name + TOLD * (name in LEARNERS): _planned(LADDER[name]) for name in LADDER},
    **{name: _driven(name) for name in ROBOTS if name not in LADDER},
}
