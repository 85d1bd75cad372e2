"""The suite `misfit`: people who are the model, and people who are not."""

from __future__ import annotations

from bisirl_ros.verify.misfit import (
    careful,
    outside,
    people,
    right,
    robust,
    second_term,
    structure,
    wild,
)

EXPERIMENTS = (
    right.EXPERIMENT,
    structure.EXPERIMENT,
    outside.EXPERIMENT,
    wild.EXPERIMENT,
    second_term.EXPERIMENT,
    robust.EXPERIMENT,
    careful.EXPERIMENT,
    people.EXPERIMENT,
)
