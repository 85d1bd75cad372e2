"""A bag goes through the session and the learner, the same every time."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from bisirl_ros.bags.reading import Told
from bisirl_ros.cli import main
from bisirl_ros.errors import InputError
from bisirl_ros.io.checkpoint import CHECKPOINT, previous
from bisirl_ros.io.contract import Snapshot, pack_snapshot, unpack
from bisirl_ros.messages.records import EPISODE
from bisirl_ros.messages.robot import stamp_s
from bisirl_ros.replay.commands import assigned
from bisirl_ros.replay.kept import nested, recorded_parameters
from bisirl_ros.replay.replay import BYTES, ReplayWorker, in_order

Write = Callable[..., Path]
NOBODY = (
    0, torch.zeros(3), (), np.zeros((0, 1)), np.zeros((0, 1, 1)), np.zeros(1), np.eye(1),
    "crossing", ("progress",),
)  # fmt: skip
SMALL = ("learner.policy_steps=0", "batch_s=9.0", "grid=[6, 12]")


def replayed(bag: Path, run: Path, *settings: str) -> dict[str, Any]:
    """The summary that a replay leaves."""
    arguments = ["replay", str(bag), "--run-dir", str(run), "--set", *SMALL, *settings]
    assert main(arguments) == 0
    summary: dict[str, Any] = json.loads((run / "summary.json").read_text())
    return summary


@pytest.mark.slow
def test_a_foreign_recording_is_watched_the_same_every_time(
    recorded: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bag = recorded()
    one, other = (replayed(bag, tmp_path / name) for name in ("one", "other"))
    assert one["theta_hat"] == other["theta_hat"] and set(one["theta_hat"]) == {"anna"}
    assert one["stds"] == other["stds"]
    assert one["episodes"] >= 4
    assert one["outer_updates"] == 0, "a policy that nobody follows was improved"
    assert one["theta_hat"]["anna"][0] > 0.0, "somebody who goes to and fro makes for neither end"
    told = capsys.readouterr().out
    assert "nobody tells of episodes" not in told, "batch_s was given"
    assert "times" in told and "nat per decision" in told
    assert one["held_out"] == other["held_out"] < 0.0
    assert (tmp_path / "one" / "weights.png").exists()
    kept = tmp_path / "one" / "checkpoint.safetensors"
    assert load_file(kept)["theta"].tolist() == one["theta_hat"]["anna"]
    assert not previous(kept).exists(), "what can be had again was kept on the way"
    again = replayed(bag, tmp_path / "again", "grid=[8, 20]")
    assert again["theta_hat"] != one["theta_hat"]
    assert main(["compare", str(tmp_path / "one"), str(tmp_path / "again")]) == 0
    lines = capsys.readouterr().out
    assert "grid" in lines and "anna progress" in lines
    assert main(["compare", str(tmp_path / "one"), str(tmp_path / "other")]) == 0
    assert "nothing differs" in capsys.readouterr().out


@pytest.mark.slow
def test_what_was_learned_before_an_interruption_is_kept(
    recorded: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = ReplayWorker._on_report

    def after_the_second(worker: ReplayWorker, report: Any) -> None:
        told(worker, report)
        if report.k == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(ReplayWorker, "_on_report", after_the_second)
    arguments = ["replay", str(recorded()), "--run-dir", str(tmp_path / "run"), "--set", *SMALL]
    assert main(arguments) == 130
    kept = (tmp_path / "run" / "checkpoint.safetensors").read_bytes()
    assert unpack(CHECKPOINT, kept, "kept")[1]["k"] == 2


@pytest.mark.slow
def test_stamps_of_a_simulator_without_its_clock_are_the_time(
    recorded: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    late = replayed(recorded(late_s=1e6, name="late"), tmp_path / "late")
    assert "ROS time is taken from them" in capsys.readouterr().out
    assert np.isfinite(late["theta_hat"]["anna"]).all()
    assert late["episodes"] >= 4


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["there is no topic /people/odom", "/humans", "name the topic in full"]),
        (["--set", "human_source=pose"], ["there is no topic /human/pose"]),
        (["--people-topic", "humans", "--set", "learner.windw=3"], ["windw"]),
        (["--people-topic", "humans", "--scenario", "moon"], ["scenario 'moon' is unknown"]),
        (["--set", "batch_s"], ["write name=value"]),
    ],
)
def test_what_cannot_be_is_one_line(
    recorded: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    arguments: list[str], words: list[str],
) -> None:  # fmt: skip
    bag = recorded(1.0, people="/humans")
    assert main(["replay", str(bag), "--run-dir", str(tmp_path / "run"), *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert all(word in line for word in words), line


@pytest.mark.slow
def test_several_bags_teach_one_learner(recorded: Write, tmp_path: Path) -> None:
    one, other = recorded(20.0, name="a"), recorded(20.0, name="b")
    run = tmp_path / "both"
    bags = ["replay", str(one), str(other), "--run-dir", str(run), "--set", *SMALL]
    assert main(bags) == 0
    both = json.loads((run / "summary.json").read_text())
    alone = replayed(one, tmp_path / "alone")
    assert both["episodes"] == 2 * alone["episodes"] == 6
    assert both["stds"][:3] == alone["stds"]
    assert max(both["theta_std"]["anna"]) < max(alone["theta_std"]["anna"])


def test_no_bag_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(tmp_path / "gone")]) == 2
    assert "no such file or folder" in capsys.readouterr().err
    assert main(["compare", str(tmp_path), str(tmp_path)]) == 2
    assert "give the folder of a run" in capsys.readouterr().err


def test_a_policy_comes_before_the_episode_it_was_deployed_for() -> None:
    """Topics overtake each other on their way to a recorder; later ones stay where they are."""

    def told(topic: str, at_s: float, message: Any = None, kind: str = "") -> Told:
        return Told(topic, kind, round(at_s * 1e9), message)

    def started(at_s: float, stamp_s: float) -> Told:
        record = {"schema": EPISODE, "event": "started", "episode": 0, "stamp_s": stamp_s}
        return told("/episode", at_s, SimpleNamespace(data=json.dumps(record)))

    def policy(at_s: float, deployed_s: float | None) -> Told:
        data = pack_snapshot(Snapshot(*NOBODY, deployed_s=deployed_s))
        return told("/policy", at_s, SimpleNamespace(data=data), BYTES)

    bag = [
        told("/odom", 0.9),
        started(1.0, 10.0),
        told("/odom", 1.02),
        policy(2.3, 9.98),  # it was found by the recorder late
        policy(2.4, 10.3),  # within the episode
        policy(2.5, None),  # by whom it is not said
        started(2.7, 20.0),
        told("/episode", 2.8, SimpleNamespace(data='{"event": "started"}')),
        policy(2.9, 19.0),
        told("/odom", 9.0),
        policy(9.1, 5.0),  # too late to be believed
    ]
    order = list(in_order(iter(bag)))
    at = [round(one.received_s, 2) for one in order]
    assert at == [0.9, 1.0, 1.0, 1.02, 2.4, 2.5, 2.7, 2.7, 2.8, 9.0, 9.1]  # no clock goes back
    assert [bag.index(one) for one in order if one in bag] == [0, 1, 2, 4, 5, 6, 7, 9, 10]
    assert [place for place, one in enumerate(order) if one not in bag] == [1, 6]
    assert [order[place].message for place in (1, 6)] == [bag[3].message, bag[8].message]


def test_settings_are_read_as_yaml() -> None:
    assert assigned("learner.window=3") == ("learner.window", 3)
    assert assigned("grid=[6, 12]") == ("grid", [6, 12])
    assert nested({"a.b": 1, "a.c": 2, "use_sim_time": True}) == {"a": {"b": 1, "c": 2}}
    for text in ("x", "=3", "x=[1", "x=.nan"):
        with pytest.raises(InputError, match="--set"):
            assigned(text)


def test_parameters_kept_with_a_bag_are_found(tmp_path: Path) -> None:
    bag = tmp_path / "bag"
    bag.mkdir()
    assert recorded_parameters(bag) == {}
    kept = {"settings": {"parameters": {"bisirl_node": {"seed": 4, "guard.auto_resume": True}}}}
    (bag / "configuration.json").write_text(json.dumps(kept))
    assert recorded_parameters(bag) == {"seed": 4, "guard": {"auto_resume": True}}
    (bag / "configuration.json").write_text("[]")
    with pytest.raises(InputError, match="holds no settings"):
        recorded_parameters(bag)


def test_a_stamp_of_a_bag_is_read_as_one_of_ros(recorded: Write) -> None:
    from bisirl_ros.bags.reading import Bag

    with Bag(recorded(1.0)) as bag:
        first = next(bag.messages(["/odom"]))
    assert stamp_s(first.message.header.stamp) == 1000.0
    assert first.received_s == pytest.approx(1000.01)
