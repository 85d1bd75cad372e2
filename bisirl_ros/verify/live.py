"""Whole runs as a newcomer types them: over DDS, in the rendered world's physics, at real time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

DOMAIN = 91
SUMMARY = "summary.json"


def played(scenario: str, seed: int, episodes: int, *options: str) -> dict[str, Any]:
    """The summary of `bisirl sim` with these options, after its last episode."""
    with tempfile.TemporaryDirectory() as folder:
        given = {"scenario": scenario, "seed": seed, "episodes": episodes, "run-dir": folder}
        pairs = [text for key, value in given.items() for text in (f"--{key}", str(value))]
        subprocess.run(
            [sys.executable, "-m", "bisirl_ros.cli", "sim", *pairs, *options],
            env={**os.environ, "ROS_DOMAIN_ID": str(DOMAIN)},
            stdout=subprocess.DEVNULL,
            check=True,
        )
        found: dict[str, Any] = json.loads((Path(folder) / SUMMARY).read_text(encoding="utf-8"))
        return found
