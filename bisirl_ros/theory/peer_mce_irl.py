"""The peer of the speed comparison: MCE-IRL of the `imitation` package, timed on its own problems.

Run by the peer's interpreter (`make peer`), so it stands alone: it imports nothing of this package.

    .venv-peer/bin/python bisirl_ros/theory/peer_mce_irl.py --out DIR

writes DIR/<problem>.npz with the problem, its exact expert and what the peer found, and prints one
JSON line per problem. Where there is a choice, it is made in the peer's favour: the expert's
occupancy is exact, rewards are float64, the learning rate is the best of `LEARNING_RATES`, neither
the search for it nor recording is charged, caps are in CPU time so that other load on the machine
is not charged either, and of a run that does not arrive the best iterate counts.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"  # one thread; read when numpy and torch are imported
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
import numpy.typing as npt
import torch
from imitation.algorithms.mce_irl import MCEIRL, mce_occupancy_measures, mce_partition_fh
from imitation.rewards.reward_nets import BasicRewardNet
from imitation.util import logger
from seals.diagnostics.cliff_world import CliffWorldEnv
from seals.diagnostics.random_trans import RandomTransitionEnv

Array = npt.NDArray[np.float64]

TARGET = 1e-6  # max abs error of the expected visits per state
DEFAULT_RATE = 0.01  # of Adam, in the package and in its tutorial
LEARNING_RATES = (1.0, 0.7, 0.3, 0.1, DEFAULT_RATE)
DEFAULT_ITERATIONS = 1000  # of MCEIRL.train
OWN_RULE_ITERATIONS = 20_000  # enough for the package's thresholds to stop every problem here
SEED = 0


def cliff_world(width: int, horizon: int) -> Any:
    """A cliff of this width, 4 rows deep, seen as one-hot states."""
    return CliffWorldEnv(width=width, height=4, horizon=horizon, use_xy_obs=False)


def random_mdp(states: int, horizon: int) -> Any:
    """A random MDP with 4 actions and up to 4 successors of each, seen as one-hot states.

    seals draws its transitions in float32: they are made float64 and normalised, which also
    spares the peer a conversion per backup.
    """
    shape = {"n_states": states, "n_actions": 4, "branch_factor": 4, "horizon": horizon}
    env = RandomTransitionEnv(**shape, random_obs=False, generator_seed=SEED)
    transition = env.transition_matrix.astype(np.float64)
    env.transition_matrix = transition / transition.sum(axis=-1, keepdims=True)
    return env


PROBLEMS: dict[str, Callable[[], Any]] = {
    "cliff-7x4": lambda: cliff_world(7, horizon=8),
    "cliff-10x4": lambda: cliff_world(10, horizon=40),
    "random-16": lambda: random_mdp(16, horizon=10),
    "random-100": lambda: random_mdp(100, horizon=50),
}


@dataclass(frozen=True)
class Problem:
    """An environment and its exact expert: the soft-optimal policy of the true reward, gamma = 1.

    env: a seals TabularModelPOMDP; policy: pi[t, s, a], (H, S, A); occupancy: D[t, s], (H + 1, S),
    rows sum to 1, the last is where the last action led; visits: (S,) the sum of all H + 1 rows,
    which is what MCE-IRL matches
    """

    env: Any
    policy: Array
    occupancy: Array
    visits: Array

    @staticmethod
    def of(env: Any) -> Problem:
        """Solve the environment for its expert."""
        policy = mce_partition_fh(env)[2]
        return Problem(env, policy, *mce_occupancy_measures(env, pi=policy))

    def regret(self, reward: Array) -> float:
        """True return over H decisions that the soft-optimal policy of a reward (S,) loses."""
        occupancy, _ = mce_occupancy_measures(self.env, reward=reward)
        lost = (self.occupancy - occupancy)[:-1].sum(axis=0)
        return float(lost @ self.env.reward_matrix)

    def correlation(self, reward: Array) -> float:
        """Pearson correlation with the true reward over all states alike, visited or not."""
        return float(np.corrcoef(reward, self.env.reward_matrix)[0, 1])


@dataclass(frozen=True)
class Run:
    """One run of the peer, iteration by iteration.

    wall, cpu: (iterations,) since training began, [s]; error: (iterations,) of the reward that the
    iteration began with; kept: the iteration whose reward counts, of the least error, or the last
    under the package's own rule; reward: (S,) of that iteration; status: reached (the target),
    time_cap, own_rule (the package's thresholds) or iteration_cap
    """

    wall: Array
    cpu: Array
    error: Array
    kept: int
    reward: Array
    status: str


class Recorder:
    """Stands in for the peer's training step and notes time and error after each, off the clock.

    The package's loop knows no time limit: over the cap, its error threshold is opened instead.
    """

    def __init__(self, irl: Any, cap_s: float) -> None:
        self._irl, self._step, self._cap_s = irl, irl._train_step, cap_s
        self.trace: list[tuple[float, float, float]] = []
        self.least, self.last = (math.inf, np.zeros(0)), np.zeros(0)  # (error, reward), reward
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        irl._train_step = self

    def __call__(self, observations: torch.Tensor) -> tuple[Array, Array]:
        reward, visits = self._step(observations)
        wall, cpu = time.perf_counter(), time.process_time()
        self._note(wall - self._wall, cpu - self._cpu, reward, visits)
        self._cpu += time.process_time() - cpu
        self._wall += time.perf_counter() - wall
        return reward, visits

    def _note(self, wall: float, cpu: float, reward: Array, visits: Array) -> None:
        error = float(np.max(np.abs(self._irl.demo_state_om - visits)))
        self.trace.append((wall, cpu, error))
        self.last = reward.astype(np.float64)
        if error < self.least[0]:
            self.least = error, self.last
        if cpu > self._cap_s:
            self._irl.linf_eps = math.inf


def train(
    problem: Problem,
    learning_rate: float,
    *,
    cap_s: float = math.inf,
    iterations: int = 10**9,
    own_rule: bool = False,
) -> Run:
    """Run the peer from a seeded start until the target, its own thresholds or a cap.

    own_rule: the package's defaults throughout, in float32 too, and the reward it stops with
    """
    torch.manual_seed(SEED)
    env, rng = problem.env, np.random.default_rng(SEED)
    net = BasicRewardNet(env.observation_space, env.action_space, use_action=False, hid_sizes=[])
    irl = MCEIRL(
        problem.visits,
        env,
        net if own_rule else net.double(),
        rng,
        optimizer_kwargs={"lr": learning_rate},
        log_interval=None,
        custom_logger=logger.configure(tempfile.gettempdir(), []),
        **({} if own_rule else {"linf_eps": TARGET, "grad_l2_eps": 0.0}),
    )
    recorder = Recorder(irl, cap_s)
    irl.train(iterations)
    wall, cpu, error = np.array(recorder.trace).T
    if error[-1] <= TARGET:
        status = "reached"
    elif cpu[-1] > cap_s:
        status = "time_cap"
    else:
        status = "iteration_cap" if len(wall) == iterations else "own_rule"
    if own_rule:
        return Run(wall, cpu, error, len(wall) - 1, recorder.last, status)
    return Run(wall, cpu, error, int(np.argmin(error)), recorder.least[1], status)


def tuned(problem: Problem, cap_s: float) -> tuple[float, Run]:
    """The best learning rate and its run; each has the cap, or the time of the best before it."""
    runs: dict[float, Run] = {}
    for learning_rate in LEARNING_RATES:
        run = runs[learning_rate] = train(problem, learning_rate, cap_s=cap_s)
        if run.status == "reached":
            cap_s = min(cap_s, float(run.cpu[-1]))
    best = min(runs, key=lambda rate: _rank(runs[rate]))
    return best, runs[best]


def _rank(run: Run) -> tuple[bool, float]:
    """Less is better: those that arrived by time, then the others by least error."""
    reached = run.status == "reached"
    return not reached, float(run.cpu[-1] if reached else run.error[run.kept])


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
    parser = argparse.ArgumentParser(description="Time MCE-IRL of the imitation package.")
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
