"""Recorded people over DDS."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs rclpy")

pytestmark = [pytest.mark.ros, pytest.mark.slow]

DATA = Path(os.environ.get("BISIRL_DATA", Path(__file__).parents[3] / "shared" / "data"))
RECORDINGS = sorted((DATA / "navwareset" / "12_poses").glob("*.csv"))[:3]


@pytest.mark.skipif(not RECORDINGS, reason=f"no recordings under {DATA}; set BISIRL_DATA")
def test_people_demo_learns_from_recordings(place: Any) -> None:
    program = place.start(
        "bisirl_ros.cli", "people-demo", *RECORDINGS, "--rate", 20, "--run-dir", "run"
    )
    assert program.wait(90.0) == 0, program.err
    assert "Traceback" not in program.err
    summary = json.loads((place.folder / "run" / "summary.json").read_text())
    assert summary["recordings_played"] == summary["recordings_learned_from"] == len(RECORDINGS)
    assert summary["held_out_decisions"] > 0
    for key in ("held_out_log_likelihood", "constant_velocity_log_likelihood"):
        assert math.isfinite(summary[key])
    for name, theta in summary["theta_hat"].items():
        assert len(theta) == len(summary["feature_names"])
        assert np.isfinite(theta).all()
        assert min(summary["theta_std"][name]) > 0.0
    assert program.running_after(2.0) == {}
