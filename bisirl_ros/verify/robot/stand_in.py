"""A bisirl_node whose learner only pretends: it sends the snapshots that a file asks for.

`python -m bisirl_ros.verify.robot.stand_in bisirl_node ...` as `python -m bisirl_ros.entry`; all
but what runs in the learner's process is as on a robot, the pipe from it included.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
from dataclasses import replace
from multiprocessing import parent_process
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bisirl_ros import entry
from bisirl_ros.core.one_core import stay_on_one_core
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario, load_scenario
from bisirl_ros.io.contract import Snapshot, pack_snapshot
from bisirl_ros.learner import process
from bisirl_ros.learner.worker import WorkerConfig

ASKED = Path("asked")
"""A file in the working directory: its text is one of WORDS."""
WORDS = GOOD, NOT_FINITE, MOST, OTHER = ("good", "not finite", "most", "of another scene")
LOOKED_S = 0.02
OTHERS_SCENE = "doorway"
SATURATED = 50.0


def snapshot(word: str, scenario: Scenario, seed: int, version: int) -> Snapshot:
    """What a learner may send, or must not; where it is good, as a learner's first one."""
    policy = InteractionPolicy(scenario.robot)
    phi = policy.initial(torch.Generator().manual_seed(seed))
    n = len(scenario.feature_names)
    nobody = (np.zeros((0, n)), np.zeros((0, n, n)), np.zeros(n), np.eye(n))
    good = Snapshot(version, phi, (), *nobody, scenario.name, scenario.feature_names)
    if word == NOT_FINITE:
        return replace(good, phi=torch.full_like(phi, torch.nan))
    if word == MOST:  # the biases of the output: forward and turning, as fast as it goes
        return replace(good, phi=torch.cat([phi[:-2], torch.full((2,), SATURATED)]))
    if word == OTHER:
        return other_scene(version, seed)
    return good


def other_scene(version: int, seed: int) -> Snapshot:
    """Of another drive, and people who want something else."""
    other = load_scenario(OTHERS_SCENE, -1, "omni")
    return snapshot(GOOD, other, seed, version)


def work(config: WorkerConfig, inbox: Any, outbox: Any) -> None:
    """In place of `worker.work`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stay_on_one_core()
    parent, version, said = parent_process(), 0, GOOD
    outbox.put((pack_snapshot(snapshot(GOOD, config.scenario, config.seed, 0)), "{}"))
    while parent is None or parent.is_alive():
        word = ASKED.read_text() if ASKED.is_file() else GOOD
        if word != said and word in WORDS:
            version, said = version + 1, word
            sent = snapshot(word, config.scenario, config.seed, version)
            outbox.put((pack_snapshot(sent), "{}"))
        try:
            if inbox.get(timeout=LOOKED_S) is None:
                break
            outbox.put((None, json.dumps({"pretended": version})))
        except queue.Empty:
            continue
    os._exit(0)


if __name__ == "__main__":
    from bisirl_ros.verify.robot import stand_in  # by its name, by which the child finds it

    vars(process)["work"] = stand_in.work
    sys.exit(entry.main())
