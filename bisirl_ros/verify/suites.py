"""The suites of `bisirl verify`, and what each measures."""

from __future__ import annotations

from bisirl_ros.verify.experiment import Experiment

SUITES = ("theory", "situation")


def experiments_of(suite: str) -> tuple[Experiment, ...]:
    """All experiments of a suite, in the order in which they are run; torch is imported for it."""
    if suite == "theory":
        from bisirl_ros.theory.registry import EXPERIMENTS as THEORY

        return THEORY
    from bisirl_ros.verify.situation import EXPERIMENTS as SITUATION

    return SITUATION
