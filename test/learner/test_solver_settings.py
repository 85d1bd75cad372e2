"""What of the loop's settings is the solver's reaches it."""

from __future__ import annotations

import queue
from typing import Any

from bisirl_ros.core.loop_config import LoopConfig
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.crowd.solver import CrowdSolver
from bisirl_ros.learner.worker import Worker, WorkerConfig


def test_structure_and_risk_are_the_solvers() -> None:
    given: dict[str, Any] = {}

    def make(*arguments: Any, **settings: Any) -> CrowdSolver:
        given.update(settings)
        return CrowdSolver(*arguments, **settings)

    loop = LoopConfig(risk="cvar", structure="learned")
    config = WorkerConfig(load_scenario("crossing"), loop, 0, "cpu", solver=make)
    Worker(config, queue.Queue(), queue.Queue())
    assert given["risk"] == "cvar" and given["learn_structure"] is True
