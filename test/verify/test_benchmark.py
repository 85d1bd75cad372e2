"""The suite `benchmark`: each experiment's quick version, and that its bars can be missed."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from bisirl_ros.errors import InputError
from bisirl_ros.report.run_folder import RunFolder
from bisirl_ros.verify.benchmark import EXPERIMENTS, control, gradient, never_worse, others, quick
from bisirl_ros.verify.benchmark.scenarios import measured_scenarios
from bisirl_ros.verify.experiment import Setup
from bisirl_ros.verify.parts import Parts
from bisirl_ros.verify.run import run_suite

KEYS = ("gradient", "never_worse", "ladder", "online", "others", "control", "crowdnav", "quick")


def test_every_experiment_is_there_once() -> None:
    assert tuple(experiment.key for experiment in EXPERIMENTS) == KEYS


@pytest.mark.slow
@pytest.mark.parametrize("key", KEYS[:5])
def test_the_quick_version_holds_and_draws(key: str, tmp_path: Path) -> None:
    (experiment,) = [e for e in EXPERIMENTS if e.key == key]
    found = run_suite("benchmark", [experiment], Setup(quick=True), RunFolder(tmp_path), print)
    assert found[key].holds, found[key]
    assert (tmp_path / f"{key}.png").stat().st_size > 5_000
    written = json.loads((tmp_path / "benchmark.json").read_text())
    assert written[key]["holds"] is True
    assert (tmp_path / "parts" / f"{key}.jsonl").is_file()


def test_a_step_down_is_a_share_of_what_was_there_before() -> None:
    assert never_worse.drop(1.0, 2.0) == pytest.approx(-1.0)
    assert never_worse.drop(10.0, 9.0) == pytest.approx(0.1)
    assert never_worse.drop(-10.0, -11.0) == pytest.approx(0.1)
    assert never_worse.drop(0.1, 0.0) == pytest.approx(0.1)  # of 1 at least


def test_costly_scenarios_are_run_once_and_the_others_in_turns() -> None:
    found = never_worse.runs_over(["side", "guide", "doorway"], 6, 3)
    assert found == [
        ("side", 3), ("guide", 3), ("side", 4), ("guide", 4), ("side", 5), ("doorway", 3),
    ]  # fmt: skip


def judged(
    tmp_path: Path, key: str, row: dict[str, object], module: object, quick: bool = True
) -> bool | None:
    """What an experiment makes of one part that was found before."""
    path = tmp_path / f"{key}.jsonl"
    seed = "" if key == "gradient" else ", seed 0"
    setup = Setup(quick=quick, parts=Parts(path, 1, {}))
    parts = [json.dumps({"part": s + seed, "found": row}) for s in measured_scenarios(setup)]
    path.write_text("\n".join(["{}", *parts, ""]))
    return bool(module.measure(setup, lambda line: None).holds)  # type: ignore[attr-defined]


GOOD = {
    "cosine": 0.99, "length_ratio": 1.0, "cosine_of_score": 0.9, "cosine_without_response": 0.1,
    "variance_ratio": 0.05, "response_share": 0.9, "time_ratio": 0.7,
}  # fmt: skip


@pytest.mark.parametrize("quick", [True, False])
def test_a_biased_noisy_or_slow_gradient_misses(quick: bool, tmp_path: Path) -> None:
    """Noise and time are judged in full alone: the quick version runs beside other work."""
    assert judged(tmp_path, "gradient", GOOD, gradient, quick)
    for worse, always in (
        ({"cosine": 0.4}, True),
        ({"variance_ratio": 0.2}, False),
        ({"time_ratio": 1.5}, False),
    ):
        found = judged(tmp_path, "gradient", {**GOOD, **worse}, gradient, quick)
        assert found is (quick and not always), worse


def test_a_policy_worse_than_the_one_before_or_than_none_misses(tmp_path: Path) -> None:
    for returns, holds in (
        ([1.0, 2.0, 3.0], True),
        ([9.0, 10.0, 8.5], False),
        ([3.0, 2.99], False),
    ):
        drops = [never_worse.drop(a, b) for a, b in itertools.pairwise(returns)]
        row = {"returns": returns, "drops": drops, "renewed": [1.0] * len(drops)}
        assert judged(tmp_path, "never_worse", row, never_worse) is holds


FORETOLD = {"held_out": -1.0, "constant_velocity": -1.5}


@pytest.mark.parametrize(
    ("changes", "holds"),
    [
        ({}, True),
        ({"collisions": 0.02}, False),
        ({"return": 2.0}, False),
        ({"held_out": -1.6}, False),
        ({"held_out": None}, False),
    ],
)
def test_people_beyond_the_model_miss(
    changes: dict[str, object], holds: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside robots that learn nothing, and beside whoever takes people to go on as they go."""
    robot = {"return": 2.0, "collisions": 0.01}

    def cells(
        setup: Setup,
        say: object,
        scenarios: list[str],
        people: list[str],
        methods: list[str],
        seeds: list[int],
    ) -> dict[tuple[str, str, str], list[dict[str, object]]]:
        ours = {"return": 3.0, "collisions": 0.0, **FORETOLD}
        rows = {(scenarios[0], p, m): [robot] * len(seeds) for p in people for m in methods}
        rows |= {(scenarios[0], p, "bisirl"): [ours] * len(seeds) for p in people}
        return rows | {(scenarios[0], people[-1], "bisirl"): [{**ours, **changes}] * len(seeds)}

    monkeypatch.setattr(others, "cells", cells)
    found = others.measure(Setup(), lambda line: None)
    assert found.holds is holds and bool(found.figures["missed"]) is not holds


@pytest.mark.parametrize(("p99", "holds"), [(54.0, True), (56.0, False)])
def test_late_commands_miss(p99: float, holds: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worst of the runs counts; `test_whole_run` plays such a run."""
    asked: list[tuple[object, ...]] = []

    def played(*run: object) -> dict[str, object]:
        asked.append(run)
        late = p99 if len(asked) == 2 else 50.5
        return {"control_period_ms": {"p50": 50.0, "p99": late}, "outcomes": ["arrived"]}

    monkeypatch.setattr(control, "played", played)
    found = control.measure(Setup(), lambda line: None)
    assert found.holds is holds and found.figures["worst_p99_ms"] == p99
    assert asked[0][:2] == ("crowd", 0) and asked[0][3:5] == ("--people", "5")


def test_a_killed_benchmark_that_lost_something_misses() -> None:
    good = {"seconds": 500.0, "cells_at_each_kill": [0, 3, 9], "same_table": True}
    assert quick.judged(good, [0], False).holds
    for worse in ({"seconds": 601.0}, {"cells_at_each_kill": [3, 2]}, {"same_table": False}):
        assert not quick.judged({**good, **worse}, [0], False).holds


def test_rows_are_compared_without_their_times_and_a_failed_cell_is_named(tmp_path: Path) -> None:
    def write(**found: object) -> None:
        row = {"part": "guide, oracle", "took_s": 3.0, "found": {"return": 9.0, **found}}
        (tmp_path / "cells.jsonl").write_text("{}\n" + json.dumps(row) + "\n")

    write(seconds=3.0, prepare_s=1.0)
    assert quick.rows_of(tmp_path) == {"guide, oracle": {"return": 9.0}}
    write(failed="ValueError: its return is not finite")
    with pytest.raises(InputError, match="guide, oracle: ValueError"):
        quick.rows_of(tmp_path)


def test_a_benchmark_is_killed_while_it_runs(tmp_path: Path) -> None:
    """At once, and before anything is on disk; one that ends by itself is no test of a kill."""
    assert quick._killed(tmp_path / "out", ("--jobs", "1"), 0.2) == 0
    with pytest.raises(InputError, match="exit 2 before it could be killed"):
        quick._killed(tmp_path / "out", ("--seeds", "0"), 60.0)


@pytest.mark.slow
def test_a_killed_benchmark_ends_as_one_that_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    robots = ("--scenarios", "crossing", "--methods", "go_to_goal", "stop_when_near", "bisirl")
    monkeypatch.setattr(quick, "QUICK", robots)
    found = run_suite(
        "benchmark", [quick.EXPERIMENT], Setup(quick=True), RunFolder(tmp_path), print
    )
    assert found["quick"].holds, found["quick"]
    assert len(found["quick"].figures["cells_at_each_kill"]) == quick.QUICK_KILLS
    assert (tmp_path / "quick.png").stat().st_size > 5_000
