"""The suites of `bisirl verify`, and what each measures."""

from __future__ import annotations

from bisirl_ros.verify.experiment import Experiment

SUITES = ("theory", "situation", "benchmark", "misfit", "robot", "people")


def experiments_of(suite: str) -> tuple[Experiment, ...]:
    """All experiments of a suite, in the order in which they are run; torch is imported for it."""
    if suite == "theory":
        from bisirl_ros.theory.registry import EXPERIMENTS as THEORY

        return THEORY
    if suite == "benchmark":
        from bisirl_ros.verify.benchmark import EXPERIMENTS as BENCHMARK

        return BENCHMARK
    if suite == "misfit":
        from bisirl_ros.verify.misfit import EXPERIMENTS as MISFIT

        return MISFIT
    if suite == "robot":
        from bisirl_ros.verify.robot import EXPERIMENTS as ROBOT

        return ROBOT
    if suite == "people":
        from bisirl_ros.verify.people import EXPERIMENTS as PEOPLE

        return PEOPLE
    from bisirl_ros.verify.situation import EXPERIMENTS as SITUATION

    return SITUATION
