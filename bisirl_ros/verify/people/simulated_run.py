"""A run of `bisirl sim`, to its own end."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bisirl_ros.errors import InputError
from bisirl_ros.verify.robot.program import Program, until


def simulate(folder: Path, given: Mapping[str, Any], longest_s: float) -> Path:
    """Its run folder, in `folder`: recorded, without a renderer, on the CPU; given: more arguments.

    Raises InputError where it does not end within longest_s [s].
    """
    run = folder / "run"
    fixed = {"backend": "kinematic", "record": "true", "device": "cpu", "run-dir": run}
    options = [t for key, value in {**given, **fixed}.items() for t in (f"--{key}", str(value))]
    program = Program("bisirl_ros.cli", ["sim", *options], folder, {})
    try:
        if not until(lambda: not program.alive, longest_s, 0.2):
            raise InputError(f"bisirl sim: does not end; {program.complaints[-300:]}")
    finally:
        program.close()
    return run
