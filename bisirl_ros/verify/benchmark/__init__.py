"""Does it matter? Learning and anticipating, measured (`bisirl verify benchmark`)."""

from __future__ import annotations

from bisirl_ros.verify.benchmark import (
    control,
    crowdnav,
    gradient,
    ladder,
    never_worse,
    online,
    others,
    quick,
)
from bisirl_ros.verify.experiment import Experiment

EXPERIMENTS: tuple[Experiment, ...] = (
    gradient.EXPERIMENT,
    never_worse.EXPERIMENT,
    ladder.EXPERIMENT,
    online.EXPERIMENT,
    others.EXPERIMENT,
    control.EXPERIMENT,
    crowdnav.EXPERIMENT,
    quick.EXPERIMENT,
)
"""In the order in which they are run."""
