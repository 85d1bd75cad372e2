"""Runs the processes of a bringup: all start together, all stop together, none is left behind.

Not even where this process is killed: the nodes are told by the system, and stop the robot.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import yaml

from bisirl_ros.bringup import Bringup, NodeSpec
from bisirl_ros.errors import InputError
from bisirl_ros.params_file import refuse_strangers
from bisirl_ros.parent import ends_with_this_process

POLL_S = 0.1
GRACE_S = 60.0
"""For an orderly end: a report may draw its plots."""
HURRY_S = 10.0
"""For an end after Ctrl-C."""


@dataclass
class Child:
    """A started node."""

    spec: NodeSpec
    process: subprocess.Popen[bytes]


def supervise(bringup: Bringup) -> int:
    """Run until the decisive node ends, any node dies, or Ctrl-C; the exit status.

    0 where the decisive node ended well; the status of the node that died first; 130 on Ctrl-C.
    Raises InputError where the nodes' parameters cannot be written, or a section of the parameter
    file reaches none of them.
    """
    if bringup.params_file:
        refuse_strangers(bringup.params_file, bringup.names)
    signals: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        signals.append(number)

    before = {n: signal.signal(n, note) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    children: list[Child] = []
    environment = {**os.environ, **ends_with_this_process()}
    try:
        for spec in bringup.nodes:
            command = command_line(spec, bringup)
            process = subprocess.Popen(command, start_new_session=True, env=environment)
            children.append(Child(spec, process))
        status = _watch(children, signals)
        _stop(children, HURRY_S if signals else GRACE_S, signals)
        return status
    finally:
        for child in children:
            _signal_group(child, signal.SIGKILL)
        for child in children:
            child.process.wait()
        for number, handler in before.items():
            signal.signal(number, handler)


def command_line(spec: NodeSpec, bringup: Bringup) -> list[str]:
    """How to start a node of a bringup from a shell."""
    command = [sys.executable, "-m", "bisirl_ros.entry", spec.executable, "--ros-args"]
    if bringup.namespace:
        command += ["-r", f"__ns:=/{bringup.namespace.strip('/')}"]
    for source, target in spec.remappings:
        command += ["-r", f"{source}:={target}"]
    command += ["--log-level", bringup.log_level]
    command += ["--params-file", str(_write_parameters(spec, bringup.run_dir))]
    if bringup.params_file:
        command += ["--params-file", bringup.params_file]
    return command


def _write_parameters(spec: NodeSpec, folder: Path) -> Path:
    """The node's parameters as a file in the run folder, where they stay on record."""
    path = folder / "parameters" / f"{spec.executable}.yaml"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump({"/**": {"ros__parameters": spec.parameters}}))
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror}); choose another") from error
    return path


def _watch(children: list[Child], signals: list[int]) -> int:
    while not signals:
        for child in children:
            code = child.process.poll()
            if code is None:
                continue
            if child.spec.decisive and code == 0:
                return 0
            if code != 2:  # a node that exits with 2 has said why, in one line
                print(f"bisirl: {child.spec.executable} ended with status {code}", file=sys.stderr)
            return code if code > 0 else 1
        time.sleep(POLL_S)
    return 130


def _stop(children: list[Child], patience_s: float, signals: list[int]) -> None:
    """Interrupt all, wait, then insist. A second Ctrl-C shortens the wait."""
    for number, wait_s in ((signal.SIGINT, patience_s), (signal.SIGTERM, 3.0)):
        for child in children:
            if child.process.poll() is None:
                child.process.send_signal(number)
        deadline, heard = time.monotonic() + wait_s, len(signals)
        while any(child.process.poll() is None for child in children):
            if time.monotonic() > deadline or len(signals) > heard:
                break
            time.sleep(0.05)
        else:
            return


def _signal_group(child: Child, number: int) -> None:
    """To the node and every process it started."""
    try:
        os.killpg(child.process.pid, number)
    except (ProcessLookupError, PermissionError):
        return
