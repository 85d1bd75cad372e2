"""Faults of the learner: its process, its snapshots, the file that it keeps."""

from __future__ import annotations

import os
import resource
import signal
import time
from pathlib import Path

import torch
from std_srvs.srv import Trigger

from bisirl_ros.core.loop_config import LoopConfig
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.errors import InputError
from bisirl_ros.io.checkpoint import load_checkpoint
from bisirl_ros.io.records import scenario_records
from bisirl_ros.verify.robot.injected import Check, Inject, Kind, diagnosed, logged, well
from bisirl_ros.verify.robot.program import until
from bisirl_ros.verify.robot.reactions import Reaction
from bisirl_ros.verify.robot.stage import Stage, StageSettings
from bisirl_ros.verify.robot.stand_in import ASKED, GOOD, MOST, NOT_FINITE, OTHER

BATCH_S, STALLED_S, SAVED_S, STARTS_S = 1.0, 1.0, 15.0, 60.0
FULL = 256
"""So many bytes may a learner write to a file whose disk is full."""
SENT_S = 1.0
"""From what is asked of the stand-in to the policy that drives: it is cut and looked for first."""
KEPT = "kept.safetensors"
SOMETIME_S = 0.005
"""Of the moments after a file was begun at which its writer is killed."""

LEARNS = {"batch_s": BATCH_S, "learner_timeout_s": STALLED_S, "learner.policy_steps": 0}
"""Batches come by themselves, and what is learned changes nothing of how the robot drives."""
KEEPS = StageSettings(LEARNS | {"save_to": KEPT, "learner_timeout_s": 60.0})
PRETENDS = StageSettings({"batch_s": 0.5}, module="bisirl_ros.verify.robot.stand_in")


# -- its process ------------------------------------------------------------------------------
def signalled(number: signal.Signals) -> Inject:
    """Its process gets a signal."""

    def inject(stage: Stage) -> float:
        until(stage.rig.program.learners, STARTS_S)
        for pid in stage.rig.program.learners():
            os.kill(pid, number)
        return time.time()

    return inject


def says(word: str, within_s: float) -> Check:
    """/diagnostics says what is wrong with the learner."""

    def check(stage: Stage, since_s: float) -> str:
        return diagnosed(stage.rig, "learner", word, since_s, within_s)

    return check


def begun_anew(stage: Stage) -> None:
    """`~/reset` starts another."""
    stage.rig.ask(Trigger, "reset")
    diagnosed(stage.rig, "learner", "learning", time.time(), STARTS_S)


def continued(stage: Stage) -> None:
    """It goes on, and answers."""
    signalled(signal.SIGCONT)(stage)
    diagnosed(stage.rig, "learner", "learning", time.time(), STARTS_S)


# -- its snapshots ----------------------------------------------------------------------------
def sends(word: str) -> Inject:
    """It sends such a snapshot, which would drive within SENT_S."""

    def inject(stage: Stage) -> float:
        (stage.folder / ASKED).write_text(word)
        return time.time()

    return inject


def sends_a_good_one(stage: Stage) -> None:
    """Which drives within SENT_S."""
    sends(GOOD)(stage)
    time.sleep(SENT_S)


def drives_its_most(stage: Stage, since_s: float) -> str:
    """The snapshot arrived: as fast as it may, forwards and turning."""
    body, rig = stage.limits.body, stage.rig

    def most() -> bool:
        last = rig.commands[-1]
        return last.speed > 0.95 * body.max_speed and last.twist[2] > 0.95 * body.max_turn_rate

    return "" if until(most, SENT_S) else "the policy that asks for the most does not drive"


# -- its file ---------------------------------------------------------------------------------
def limited(stage: Stage, most: int) -> None:
    """How much the learner may write to a file."""
    for pid in stage.rig.program.learners():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


def disk_full(stage: Stage) -> float:
    """No file grows any more: EFBIG, since a disk of its own to fill needs a mount."""
    until(lambda: (stage.folder / KEPT).is_file(), STARTS_S)
    limited(stage, FULL)
    return time.time()


def disk_has_room(stage: Stage) -> None:
    """Files grow again."""
    limited(stage, resource.RLIM_INFINITY)


def told_and_kept(stage: Stage, since_s: float) -> str:
    """It is said, the last file is whole, and nothing half written lies about."""
    what = f"save_to {KEPT}: cannot be written"
    return logged(stage.rig, what, since_s, SAVED_S) or damaged(stage) or litter(stage)


def saved_again(stage: Stage, since_s: float) -> str:
    """A newer file is there."""
    file = stage.folder / KEPT
    newer = until(lambda: file.stat().st_mtime > since_s, SAVED_S, 0.05)
    return (damaged(stage) or "") if newer else "nothing is saved any more"


def damaged(stage: Stage) -> str:
    """Why the file cannot be gone on from; "" where it can, or is not there."""
    file = stage.folder / KEPT
    records = scenario_records(stage.scenario, InteractionPolicy(stage.scenario.robot).size)
    try:
        if file.is_file():
            load_checkpoint(file, records, LoopConfig(policy_steps=0))
    except InputError as error:
        return str(error)
    return ""


def litter(stage: Stage) -> str:
    """What is half written, in words."""
    left = begun(stage.folder)
    return f"left: {left[0].name}" if left else ""


def begun(folder: Path) -> list[Path]:
    """Files that are being written."""
    return list(folder.glob(f".{KEPT}.*"))


def killed_while_writing(stage: Stage) -> float:
    """Node and learner at once, a moment after a file was begun."""
    for file in begun(stage.folder):
        file.unlink()
    program = stage.rig.program
    until(lambda: begun(stage.folder), STARTS_S, 0.0)
    time.sleep(SOMETIME_S * torch.rand(()).item())
    program.kill()
    return time.time()


def whole(stage: Stage, since_s: float) -> str:
    """The file is what it was, or what it was to be."""
    return damaged(stage)


def started_again(stage: Stage) -> None:
    """From the file, where there is one."""
    rig, file = stage.rig, stage.folder / KEPT
    rig.program.close()
    stage.start(rig, **({"checkpoint": KEPT} if file.is_file() else {}))
    stage.await_drive(rig)


DIVERGED_S = 0.5

KINDS: dict[str, Kind] = {
    "learner killed": Kind(
        Reaction.DRIVE,
        signalled(signal.SIGKILL),
        begun_anew,
        meanwhile=says("learner dead", 0.1),
        settings=StageSettings(LEARNS),
    ),
    "learner stopped": Kind(
        Reaction.DRIVE,
        signalled(signal.SIGSTOP),
        continued,
        meanwhile=says("learner stalled", BATCH_S + STALLED_S),
        settings=StageSettings(LEARNS),
    ),
    "policy not finite": Kind(
        Reaction.DRIVE,
        sends(NOT_FINITE),
        sends_a_good_one,
        meanwhile=says("learner diverged", DIVERGED_S),
        settings=PRETENDS,
    ),
    "policy asks for the most": Kind(
        Reaction.DRIVE, sends(MOST), sends_a_good_one, meanwhile=drives_its_most, settings=PRETENDS
    ),
    "snapshot of another scene": Kind(
        Reaction.DRIVE, sends(OTHER), sends_a_good_one, meanwhile=well, settings=PRETENDS
    ),
    "disk full": Kind(
        Reaction.DRIVE,
        disk_full,
        disk_has_room,
        meanwhile=told_and_kept,
        mended=saved_again,
        settings=KEEPS,
    ),
    "killed while writing": Kind(
        Reaction.END, killed_while_writing, started_again, meanwhile=whole, settings=KEEPS
    ),
}
