"""Bad input to a whole run: one line says why, exit status 2, and nothing is left running."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs rclpy")

from bisirl_ros.io.contract import LOG, pack

pytestmark = pytest.mark.slow  # each in a domain of its own, none of them keeps time
SIM = ("sim", "--episodes", 1, "--oracle", "false", "--run-dir", "run")


def assert_refused(program: Any, *words: str) -> None:
    """One line with these words, and no noise around it."""
    assert program.wait() == 2, program.err
    (line,) = program.complaints()
    for word in words:
        assert word in line
    for noise in ("Traceback", "Exception in", "Error occurred"):
        assert noise not in program.err, program.err
    assert program.running_after(2.0) == {}


def random_bytes(path: Path) -> str:
    """Not a safetensors file."""
    path.write_bytes(os.urandom(4096))
    return "not a file of this package"


def other_schema(path: Path) -> str:
    """A file of this package, but another kind."""
    path.write_bytes(pack(LOG, {"robot": np.zeros((1, 7))}, {}))
    return f"holds {LOG}, expected bisirl.checkpoint/6"


@pytest.mark.parametrize("write", [random_bytes, other_schema])
def test_a_foreign_checkpoint(place: Any, write: Any) -> None:
    path = place.folder / "foreign.safetensors"
    why = write(path)
    program = place.start("bisirl_ros.cli", *SIM, "--backend", "kinematic", "--checkpoint", path)
    assert_refused(program, f"checkpoint {path}", why)


def test_the_bullet_backend_without_pybullet(place: Any) -> None:
    stub = place.folder / "stubs"
    (stub / "pybullet").mkdir(parents=True)
    (stub / "pybullet" / "__init__.py").write_text(
        "raise ModuleNotFoundError('no pybullet here', name='pybullet')\n"
    )
    program = place.start("bisirl_ros.cli", *SIM, "--backend", "bullet", path_first=stub)
    assert_refused(program, "'bullet' needs pybullet", "pip install pybullet")


def test_a_device_that_is_not_there(place: Any) -> None:
    program = place.start("bisirl_ros.cli", *SIM, "--backend", "kinematic", "--device", "cuda:99")
    assert_refused(program, "device 'cuda:99'", "choose cpu or auto")


@pytest.mark.parametrize(
    ("node", "given", "words"),
    [
        ("sim_node", "people:=6", ["people = 6: there are starts for 5"]),
        ("sim_node", "people:=-2", ["sim_node: parameter people = -2: must be at least -1"]),
        ("sim_node", "drive:=hover", ["drive = 'hover': choose one of", "omni"]),
        ("sim_node", "goal:=guessed", ["parameter goal = 'guessed'", "latent, known"]),
        ("sim_node", "tracker.dropout:=1.5", ["tracker.dropout = 1.5: must be at most 0.95"]),
        ("sim_node", "scenario:=moon", ["scenario 'moon' is unknown", "crossing"]),
        ("human_node", "theta:=[1.0, -2.0]", ["theta has 2 values", "has 4 features", "progress"]),
        ("human_node", "theta:=[0.0, 0.0, 0.0, 0.0]", ["theta is all zero"]),
        ("report_node", "people:=6", ["people = 6: there are starts for 5"]),
        ("recording_node", "rate:=8.0", ["parameter files is empty"]),
        ("recording_node", "files:=[gone.csv]", ["gone.csv", "cannot be read"]),
    ],
)
def test_a_parameter_that_a_node_cannot_use(
    place: Any, node: str, given: str, words: list[str]
) -> None:
    program = place.start("bisirl_ros.entry", node, "--ros-args", "-p", given)
    assert_refused(program, *words)


def test_an_unknown_parameter_in_the_params_file(place: Any) -> None:
    (place.folder / "extra.yaml").write_text("bisirl_node:\n  ros__parameters:\n    nonsense: 1\n")
    program = place.start("bisirl_ros.cli", *SIM, "--params-file", "extra.yaml")
    assert_refused(program, "bisirl_node: parameter 'nonsense' is unknown")


def test_a_params_file_that_is_no_yaml(place: Any) -> None:
    (place.folder / "extra.yaml").write_text("{{{ nonsense\n")
    program = place.start("bisirl_ros.cli", *SIM, "--params-file", "extra.yaml")
    assert program.wait() == 2, program.err
    assert "Traceback" not in program.err, program.err
    assert "extra.yaml" in program.complaints()[0]
    assert program.running_after(2.0) == {}
