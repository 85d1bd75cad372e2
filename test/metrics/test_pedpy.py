"""Against PedPy, an analysis library for pedestrian trajectories (Juelich).

PedPy 1.5 has no time to collision, distance between two people or jerk; speed is what both have.
"""

from __future__ import annotations

import numpy as np
import pytest

from bisirl_ros.metrics.social import path_length_m

pytest.importorskip("pedpy")


def test_path_length_is_speed_summed_over_time() -> None:
    """Half way through each step, PedPy's central difference is the step over its time."""
    import pandas as pd
    import pedpy

    dt_s = 0.1
    way = np.cumsum(np.random.default_rng(0).normal(0.0, 0.1, (40, 2)), axis=0)
    halves = np.empty((79, 2))
    halves[::2], halves[1::2] = way, (way[1:] + way[:-1]) / 2
    table = pd.DataFrame(
        {"id": 1, "frame": np.arange(79), "x": halves[:, 0], "y": halves[:, 1]},
    )
    speed = pedpy.compute_individual_speed(
        traj_data=pedpy.TrajectoryData(data=table, frame_rate=2 / dt_s),
        frame_step=1,
        speed_calculation=pedpy.SpeedCalculation.BORDER_EXCLUDE,
    )
    in_the_middle = speed[speed.frame % 2 == 1].speed
    assert len(in_the_middle) == 39
    assert path_length_m(way) == pytest.approx(float(in_the_middle.sum() * dt_s))
