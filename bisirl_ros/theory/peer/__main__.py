"""Every problem: tuned to the target, with `imitation`'s defaults, and by its own stopping rule."""

from __future__ import annotations

import argparse
import json
import math
import os
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"  # one thread; read when numpy and torch are imported
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
import torch

from bisirl_ros.theory.peer.problems import PROBLEMS, Problem
from bisirl_ros.theory.peer.training import DEFAULT_RATE, Run, train, tuned

DEFAULT_ITERATIONS = 1000  # of MCEIRL.train
OWN_RULE_ITERATIONS = 20_000  # enough for the package's thresholds to stop every problem here


def summary(problem: Problem, learning_rate: float, run: Run) -> dict[str, Any]:
    """What a run came to, for JSON: times are of the whole run, the rest of the reward kept."""
    return {
        "learning_rate": learning_rate,
        "status": run.status,
        "iterations": len(run.wall),
        "wall_s": float(run.wall[-1]),
        "cpu_s": float(run.cpu[-1]),
        "error": float(run.error[run.kept]),
        "correlation": problem.correlation(run.reward),
        "regret": problem.regret(run.reward),
    }


def compare(name: str, cap_s: float, out: Path) -> dict[str, Any]:
    """All runs of one problem: writes its .npz and returns its JSON line."""
    problem = Problem.of(PROBLEMS[name]())
    env = problem.env
    train(problem, DEFAULT_RATE, iterations=3)  # torch's first steps are slow
    learning_rate, run = tuned(problem, cap_s)
    defaults = train(problem, DEFAULT_RATE, iterations=DEFAULT_ITERATIONS, own_rule=True)
    own_rule = train(problem, DEFAULT_RATE, iterations=OWN_RULE_ITERATIONS, own_rule=True)
    np.savez(
        out / f"{name}.npz",
        transition=env.transition_matrix,
        initial=env.initial_state_dist,
        horizon=env.horizon,
        discount=1.0,
        reward=env.reward_matrix,
        occupancy=problem.occupancy,
        policy=problem.policy,
        trace_time=run.wall,
        trace_cpu=run.cpu,
        trace_error=run.error,
        final_reward=run.reward,
        learning_rate=learning_rate,
        reached=run.status == "reached",
        status=run.status,
        defaults_reward=defaults.reward,
        own_rule_reward=own_rule.reward,
    )
    states, actions, _ = env.transition_matrix.shape
    return {
        "problem": name,
        "states": states,
        "actions": actions,
        "horizon": env.horizon,
        "uniform_regret": problem.regret(np.zeros(states)),
        "tuned": summary(problem, learning_rate, run),
        "defaults": summary(problem, DEFAULT_RATE, defaults),
        "own_rule": summary(problem, DEFAULT_RATE, own_rule),
    }


def main() -> None:
    """Parse the command line, and compare problem by problem."""
    parser = argparse.ArgumentParser(
        "python -m bisirl_ros.theory.peer", description="Time MCE-IRL of the imitation package."
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for <problem>.npz")
    parser.add_argument("--problems", nargs="+", choices=PROBLEMS, default=list(PROBLEMS))
    parser.add_argument("--cap-s", type=float, default=60.0, help="CPU time per learning rate, [s]")
    options = parser.parse_args()
    if not 0.0 < options.cap_s < math.inf:
        parser.error(f"--cap-s {options.cap_s}: must be a positive number of seconds")
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    for name in options.problems:
        print(json.dumps(compare(name, options.cap_s, options.out)), flush=True)


if __name__ == "__main__":
    main()
