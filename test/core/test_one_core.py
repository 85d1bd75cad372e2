"""A process that computes: one thread, and memory that is not mapped anew at each update."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys, numpy as np, torch
from bisirl_ros.core.bilevel import LoopConfig
from bisirl_ros.core.one_core import stay_on_one_core
from bisirl_ros.core.policy_update import improve_repeatedly
from bisirl_ros.crowd.oracle import untaught
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.crowd.solver import CrowdSolver
from bisirl_ros.crowd.true_weights import true_weights

torch.set_num_threads(1)
if sys.argv[1] == "kept":
    torch.set_num_threads(2)
    stay_on_one_core()
    assert torch.get_num_threads() == 1
scenario, loop = load_scenario("crossing", people=4), LoopConfig(policy_steps=1, checked_episodes=0)
solver = CrowdSolver(scenario, InteractionPolicy(scenario.robot))
state, theta = untaught(solver, loop, 0), true_weights(scenario, seed=0).flatten()

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    improve_repeatedly(solver, state, loop, known_theta=theta)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults()
print(sum(faults() for _ in range(4)))
"""


def page_faults(how: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc's allocator")
def test_an_update_like_the_one_before_maps_few_pages_anew() -> None:
    assert 4 * page_faults("kept") < page_faults("given back")


@pytest.mark.skipif(sys.platform != "linux", reason="counts threads in /proc")
@pytest.mark.parametrize("first", ["bisirl_ros.cli", "bisirl_ros.entry", "bisirl_ros.core.arrays"])
def test_arithmetic_has_one_thread_however_a_process_begins(first: str) -> None:
    """Nodes that a launch file starts among them; numpy's BLAS makes its threads at import."""
    program = f"import {first}, numpy, os; print(len(os.listdir('/proc/self/task')))"
    alone = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=alone
    )
    assert int(done.stdout) == 1
