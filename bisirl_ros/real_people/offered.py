"""Velocities that stand for all that a recorded person might have chosen.

Most go on as they walk and many stop: half of the points are about the present velocity, the others
about standing (`crowd/offered.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.offered import Design, Offered, balanced

Designs = Sequence[tuple[float, Design]]
"""Each with the share of the present velocity that it is about: 1 going on, 0 standing."""

DESIGNS: Final = (
    (1.0, Design(0.15, 220)),
    (1.0, Design(0.02, 50)),
    (0.0, Design(0.08, 60)),
    (0.0, Design(0.015, 40)),
)
DRAWN: Final = (
    (1.0, Design(0.15, 50)),
    (1.0, Design(0.02, 30)),
    (0.0, Design(0.08, 35)),
    (0.0, Design(0.015, 25)),
)
"""Of what is offered evenly, and of what is drawn at random; the narrow ones carry peaks as narrow
as positions are rounded."""


def offered(velocity: Array, max_speed: float, designs: Designs = DESIGNS) -> Offered:
    """For people who walk at velocity (N, 2): as many as all designs have, each."""
    about = [(design, share * velocity) for share, design in designs]
    points = np.concatenate([design.even(centre) for design, centre in about], 1)
    log_part = np.concatenate([design.log_part for design, _ in about])
    return balanced(about, points, max_speed, log_part)


def drawn_at_random(
    velocity: Array, max_speed: float, rng: np.random.Generator, designs: Designs = DRAWN
) -> Offered:
    """As `offered`, of points that are drawn."""
    about = [(design, share * velocity) for share, design in designs]
    points = np.concatenate([design.drawn(centre, rng) for design, centre in about], 1)
    return balanced(about, points, max_speed, 0.0)
