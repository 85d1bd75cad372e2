"""A fault that is put in: what it is, and what the robot has to do about it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bisirl_ros.verify.robot.program import until
from bisirl_ros.verify.robot.reactions import Reaction
from bisirl_ros.verify.robot.rig import Rig, Told
from bisirl_ros.verify.robot.stage import Stage, StageSettings

DIAGNOSED_S = 1.0
"""/diagnostics comes once a second."""
SPARE_S = 0.5
LINE = re.compile(r"^\[\w+\] \[(\d+\.\d+)\]")
"""How a line of a ROS log begins: its level, and when it was written [s]."""

Inject = Callable[[Stage], float]
Mend = Callable[[Stage], None]
Check = Callable[[Stage, float], str]
"""Of a stage, since a moment [s]: what is wrong, "" where nothing is."""


def well(stage: Stage, since_s: float) -> str:
    """Nothing else has to be true."""
    return ""


def nothing(stage: Stage) -> None:
    """There is nothing to do."""


@dataclass(frozen=True)
class Kind:
    """A fault.

    inject: puts it in; from when on it can be known [s], silence_s later where it is a silence
    mend: takes it away; resume: lets a robot that is latched go on
    meanwhile, mended: what else has to be true while it is there, and once the robot drives again
    missing: why it cannot be measured here, "" where it can
    """

    reaction: Reaction
    inject: Inject
    mend: Mend
    silence_s: float = 0.0
    meanwhile: Check = well
    mended: Check = well
    resume: Mend | None = None
    settings: StageSettings = field(default_factory=StageSettings)
    missing: Callable[[], str] = lambda: ""


def diagnosed(rig: Rig, part: str, word: str, since_s: float, within_s: float) -> str:
    """Waits until /diagnostics says `word` about a part; what is wrong where it does not in time.

    since_s: what was told before does not count [s]; within_s: its bar, beyond DIAGNOSED_S [s]
    """
    until_s = since_s + within_s + DIAGNOSED_S + SPARE_S

    def says() -> bool:
        told = rig.told.get(part)
        return told is not None and told.time_s > since_s and word in told.message

    until(says, max(0.0, until_s - time.time()))
    told = rig.told.get(part, Told(0.0, 0, "", {}))
    return "" if says() else f"diagnostics do not say '{word}', but '{told.message}'"


def logged(rig: Rig, words: str, since_s: float, within_s: float) -> str:
    """Waits until the node logs `words`; what is wrong where it does not within_s after since_s."""
    until_s = since_s + within_s

    def said() -> bool:
        lines = rig.program.complaints.splitlines()
        stamps = [LINE.match(line) for line in lines if words in line]
        return any(stamp and float(stamp[1]) >= since_s for stamp in stamps)

    until(said, max(0.0, until_s - time.time()), 0.05)
    return "" if said() else f"no line '{words}' within {within_s:g} s"
