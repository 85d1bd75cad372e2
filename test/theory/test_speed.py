"""The speed comparison: our side on its own problems, and what is made of a peer's figures."""

from __future__ import annotations

import json
import re
import stat
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from bisirl_ros.errors import InputError
from bisirl_ros.report.plot_style import png
from bisirl_ros.theory import speed
from bisirl_ros.theory.one_agent import Problem, random_problem
from bisirl_ros.theory.speed import EXPERIMENT, TARGET
from bisirl_ros.verify.experiment import Setup

# Stands in for the peer's interpreter: it hands over a problem that was solved beforehand, and
# claims to have taken a second for it.
PEER = """#!{python}
import json, os, shutil, sys
from pathlib import Path
out = Path(sys.argv[sys.argv.index("--out") + 1])
assert sys.argv[1:4] == ["-P", "-m", "bisirl_ros.theory.peer"]
assert os.listdir(os.environ["PYTHONPATH"]) == ["bisirl_ros"]
shutil.copy({npz!r}, out / "random-6.npz")
print("a warning")
print(json.dumps({{"problem": "random-6"}}))
"""


def solved(problem: Problem, path: Path, *, seconds: float, reached: bool, shift: float) -> None:
    """What the peer would leave of this problem."""
    counts = problem.counts[0].numpy()
    occupancy = counts.sum(-1)
    last = np.einsum("sa,sat->t", counts[-1], problem.game.transition[:, 0].numpy())
    np.savez(
        path,
        transition=problem.game.transition[:, 0].numpy(),
        initial=problem.game.initial.numpy(),
        horizon=problem.game.horizon,
        reward=problem.truth,
        occupancy=np.vstack([occupancy, last]) + shift,
        trace_time=np.array([0.5 * seconds, seconds]),
        trace_error=np.array([0.1, 1e-7 if reached else 0.01]),
        reached=reached,
        final_reward=problem.truth,
        defaults_reward=np.random.default_rng(0).normal(size=len(problem.truth)),
        own_rule_reward=problem.truth,
    )


def peer(folder: Path, **found: float | bool) -> Setup:
    """A set-up with a peer that found this."""
    npz, program = folder / "left.npz", folder / "python"
    settings = {"seconds": 1.0, "reached": True, "shift": 0.0} | found
    solved(random_problem(6, 5, seed=3), npz, **settings)
    program.write_text(PEER.format(python=sys.executable, npz=str(npz)))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return Setup(quick=True, peer=program)


def test_the_exact_solver_recovers_reward_and_occupancy() -> None:
    outcome = EXPERIMENT.run(Setup(quick=True), lambda line: None)
    assert outcome.holds is None
    assert "make peer" in outcome.note
    assert json.dumps(outcome.figures)
    for found in outcome.figures.values():
        assert found["error"] <= TARGET
        assert found["pearson"] >= 0.999
        assert found["rank"] == found["states"] - 1  # all but the constant


def test_a_wrong_reward_has_another_occupancy() -> None:
    problem = random_problem(6, 5, seed=0)
    assert problem.occupancy_error(problem.truth) < 1e-12
    assert problem.occupancy_error(problem.truth + 3.0) < 1e-12  # a constant is not behaviour
    assert problem.occupancy_error(-problem.truth) > 0.01


def test_the_ratio_is_that_of_the_peers_seconds(tmp_path: Path) -> None:
    said: list[str] = []
    found = EXPERIMENT.run(peer(tmp_path), said.append)
    figures = found.figures["random-6"]
    assert figures["peer_s"] == 1.0
    assert figures["ratio"] == pytest.approx(1.0 / figures["time_s"])
    assert figures["peer_pearson"]["final"] == pytest.approx(1.0)
    assert abs(figures["peer_pearson"]["defaults"]) < 0.9
    low, high = found.interval["random-6"]
    assert low <= figures["ratio"] <= high
    assert any("times faster" in line for line in said)
    figure = Figure()
    EXPERIMENT.draw(found, figure.add_subplot())
    assert png(figure).startswith(b"\x89PNG")


def test_a_peer_that_does_not_arrive_counts_with_its_cap_and_a_fast_one_wins(
    tmp_path: Path,
) -> None:
    (late := tmp_path / "late").mkdir()
    figures = EXPERIMENT.run(peer(late, reached=False), lambda line: None).figures["random-6"]
    assert (figures["peer_s"], figures["peer_reached"]) == (1.0, False)
    (fast := tmp_path / "fast").mkdir()
    assert EXPERIMENT.run(peer(fast, seconds=1e-6), lambda line: None).holds is False


def test_a_peer_with_another_expert_or_none_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="differs from ours"):
        EXPERIMENT.run(peer(tmp_path, shift=0.1), lambda line: None)
    with pytest.raises(InputError, match=r"failed \(.*No module named 'imitation.*make peer"):
        EXPERIMENT.run(Setup(quick=True, peer=Path(sys.executable)), lambda line: None)


def test_the_peer_imports_nothing_of_the_package_outside_its_folder() -> None:
    files = list(Path(speed.__file__).with_name("peer").glob("*.py"))
    text = "\n".join(path.read_text() for path in files)
    names = re.findall(r"^\s*(?:from|import) (bisirl_ros\S*)", text, re.MULTILINE)
    assert names
    assert all(name.startswith(f"{speed.PEER}.") for name in names)
