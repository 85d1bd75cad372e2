"""What an outer update costs, beside the one that unrolled every episode."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.hypergradient import surrogate
from bisirl_ros.crowd.adjoint import Through, value_and_gradients
from bisirl_ros.crowd.evaluated import Evaluated
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.crowd.solver import CrowdSolver
from bisirl_ros.crowd.unrolled import unrolled
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BEFORE = "d326675"
"""The last commit whose updates differentiated through unrolled episodes."""
ROOT = Path(__file__).parents[3]
PROGRAM = ROOT / "benchmarks" / "outer_update_before.py"
CALLS, FASTER, EQUAL = 12_000, 2.0, 1e-5
THETA = (1.5, -3.0, -0.5, -0.4)


def measure(setup: Setup, say: Say) -> Outcome:
    """Side by side in one run: the two updates take turns on the same machine."""
    policy, scenario = InteractionPolicy(load_scenario("crossing").robot), load_scenario("crossing")
    solver, score = (
        CrowdSolver(scenario, policy, through=t) for t in (Through.MEAN, Through.SCORE)
    )
    calls, error = operator_calls(score), gradient_error(score)
    default = operator_calls(solver)
    say(f"{calls} operator calls by the score function, {default} through the mean;")
    say(f"gradient against the unrolled one {error:.1e}")
    rounds = 2 if setup.quick else 5
    mine, before = [], []
    with tempfile.TemporaryDirectory() as folder:
        tree = None if setup.quick else _worktree(Path(folder) / "before")
        for _ in range(rounds):
            mine.append(update_seconds(solver, 4))
            if tree is not None:
                before.append(_before(tree))
        if tree is not None:
            remove = ["git", "worktree", "remove", "--force", str(tree)]
            subprocess.run(remove, cwd=ROOT, check=False)
    figures: dict[str, Any] = {
        "calls": calls,
        "calls_through_the_mean": default,
        "gradient_error": error,
        "update_s": mine,
    }
    holds = error <= EQUAL and (setup.quick or calls <= CALLS)
    note = ""
    if before:
        seconds = [row["seconds"] for row in before]
        figures |= {
            "update_s_before": seconds,
            "calls_before": before[0]["calls"],
            "faster": float(np.median(np.array(seconds) / np.array(mine))),
        }
        say(f"update {np.median(mine):.3f} s, before {np.median(seconds):.3f} s")
        holds = holds and figures["faster"] >= FASTER
    else:
        note = "not compared with the commit before: quick, or not a git checkout that has it"
        note += "; quick: the calls are counted, not judged" if setup.quick else ""
    return Outcome(
        figures,
        [],
        None,
        f"<= {CALLS:,} operator calls by the score function, gradient equal to {EQUAL:g};"
        f" >= {FASTER:g} times faster",
        holds,
        note,
    )


def _terms(solver: CrowdSolver, rng: np.random.Generator) -> None:
    phi = solver.model.policy.initial(torch.Generator().manual_seed(0))
    solver.outer_terms(phi, np.array(THETA), Evidence.start(4, 0.1), [], rng)


def update_seconds(solver: CrowdSolver, times: int) -> float:
    """Mean time of an outer update [s]."""
    rng = np.random.default_rng(0)
    _terms(solver, rng)
    began = time.perf_counter()
    for _ in range(times):
        _terms(solver, rng)
    return (time.perf_counter() - began) / times


class _Counter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts what reaches the dispatcher."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.calls: int = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.calls += 1
        return func(*args, **(kwargs or {}))


def operator_calls(solver: CrowdSolver) -> int:
    """Of one outer update."""
    rng = np.random.default_rng(0)
    _terms(solver, rng)
    with _Counter() as counter:
        _terms(solver, rng)
    calls: int = counter.calls
    return calls


def gradient_error(solver: CrowdSolver, episodes: int = 24) -> float:
    """Relative distance to the gradient through unrolled episodes, at equal luck, in float32."""
    model, rng = solver.model, np.random.default_rng(0)
    phi = model.policy.initial(torch.Generator().manual_seed(0)).requires_grad_()
    theta = model.tensor(THETA)
    start = model.starts(episodes, rng)
    setting = model.setting(start, start.aims.likeliest, theta)
    luck = model.tensor(rng.random((model.scenario.episode_decisions, episodes, start.count)))
    trajectory = model.imagine(phi.detach(), start, setting, luck)

    def objective(seen: Evaluated) -> list[Tensor]:
        return [surrogate(seen.log_pi, seen.reward, baseline=True).mean()]

    _, [(mine,)] = value_and_gradients(model, trajectory, setting, phi, (phi,), objective)
    log_pi, reward = unrolled(model, trajectory, setting, phi, Through.SCORE)
    whole = surrogate(log_pi, reward, baseline=True).mean()
    (theirs,) = torch.autograd.grad(whole, phi)
    return float((mine - theirs).norm() / theirs.norm())


def _worktree(folder: Path) -> Path | None:
    """The commit before, checked out; None where there is none."""
    done = subprocess.run(
        ["git", "worktree", "add", "--detach", str(folder), BEFORE],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    return folder if done.returncode == 0 else None


def _before(tree: Path) -> dict[str, Any]:
    """Seconds and operator calls of an update of the commit before, in a process of its own."""
    env = {**os.environ, "PYTHONPATH": str(tree)}
    done = subprocess.run(
        [sys.executable, str(PROGRAM)], cwd=tree, env=env, capture_output=True, check=True
    )
    return dict(json.loads(done.stdout))


def draw(outcome: Outcome, ax: Axes) -> None:
    """Seconds of an update, round by round."""
    figures = outcome.figures
    ax.plot(figures["update_s"], "o-", color="0.2", ms=4, label="batched adjoint")
    if "update_s_before" in figures:
        ax.plot(figures["update_s_before"], "o-", color="0.7", ms=4, label="unrolled, before")
    ax.set_xlabel("round", fontsize=8)
    ax.set_ylabel("outer update [s]", fontsize=8)
    ax.set_ylim(bottom=0.0)


EXPERIMENT = Experiment("speed", "what an outer update costs", measure, draw)
