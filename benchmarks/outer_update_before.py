"""Seconds and operator calls of an outer update, of the commit before the batched adjoint.

Run in a worktree of that commit, with PYTHONPATH there; see bisirl_ros/verify/situation/speed.py.
"""

import json
import time

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.policy import InteractionPolicy
from bisirl_ros.core.receding_horizon_solver import RecedingHorizonSolver
from bisirl_ros.games.scenario import load_scenario

torch.set_num_threads(1)
scenario = load_scenario("crossing")
policy = InteractionPolicy(scenario.robot)
solver = RecedingHorizonSolver(scenario, policy)
phi = policy.initial(torch.Generator().manual_seed(0))
theta, evidence = np.array([1.5, -3.0, -0.5, -0.4]), Evidence.start(4, 0.1)


class Counter(TorchDispatchMode):
    calls = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        Counter.calls += 1
        return func(*args, **(kwargs or {}))


def update(rng=np.random.default_rng(0)):  # noqa: B008
    solver.outer_terms(phi, theta, evidence, [], rng)


update()
began = time.perf_counter()
for _ in range(4):
    update()
seconds = (time.perf_counter() - began) / 4
with Counter():
    update()
print(json.dumps({"seconds": seconds, "calls": Counter.calls}))
