"""Faults of who tells of people."""

from __future__ import annotations

import itertools
import math
import time
from dataclasses import replace

import numpy as np
from std_srvs.srv import Trigger

from bisirl_ros.session.reports import PersonReport
from bisirl_ros.verify.robot.injected import Check, Inject, Kind, well
from bisirl_ros.verify.robot.program import until
from bisirl_ros.verify.robot.reactions import Reaction
from bisirl_ros.verify.robot.stage import Stage, StageSettings
from bisirl_ros.verify.robot.tracker import Spoil, shifted, somebody

TIMEOUT_S = 0.5
"""human_timeout_s as it is by default."""
FLOOD, CROWD, ROW, ELSEWHERE_M, AHEAD_S = 50, 200, 20, 4.0, 5.0
NEAR_M, SWAYS_M = (-1.45, 0.0), 0.01
"""A body's width before the robot."""
COUNTED_S = 2.5

Reports = list[PersonReport]


def nobody(reports: Reports) -> Reports:
    """An empty room."""
    return []


def not_finite(reports: Reports) -> Reports:
    """The target is lost."""
    return [shifted(report, (np.nan, 0.0)) for report in reports]


def untouched(reports: Reports) -> Reports:
    """Only their frame is wrong."""
    return list(reports)


def ahead(reports: Reports) -> Reports:
    """Another clock."""
    return [shifted(report, by_s=AHEAD_S) for report in reports]


def flood(reports: Reports) -> Reports:
    """A thousand a second, where there were twenty: in heaps."""
    back = [-0.05 * i / FLOOD for i in reversed(range(FLOOD))]
    return [somebody(number, r.stamp_s + s) for s in back for number, r in enumerate(reports)]


def reordered(reports: Reports) -> Reports:
    """Each once more, behind itself, as it would have been 20 ms earlier."""
    return [r for n, one in enumerate(reports) for r in (one, somebody(n, one.stamp_s - 0.02))]


def two_as_one(reports: Reports) -> Reports:
    """The identity of one for two who are apart, in turn."""
    return [one for r in reports for one in (r, shifted(r, (ELSEWHERE_M, -1.0), 1e-3))]


def elsewhere(reports: Reports) -> Reports:
    """Everybody is elsewhere, and walks on from there."""
    return [shifted(report, (ELSEWHERE_M, -ELSEWHERE_M)) for report in reports]


def somewhere() -> Spoil:
    """Everybody is somewhere else each time."""
    places = itertools.cycle([(9.0, -9.0), (-9.0, -9.0), (9.0, 9.0), (-9.0, 9.0)])
    return lambda reports: [shifted(report, next(places)) for report in reports]


def crowd(reports: Reports) -> Reports:
    """Two hundred, in rows."""
    of, places = reports[0], [(0.6 * (i % ROW), -0.6 * (i // ROW)) for i in range(1, CROWD)]
    return [of, *(replace(shifted(of, p), identity=f"of_{p[0]}_{p[1]}") for p in places)]


def too_near(reports: Reports) -> Reports:
    """Somebody new stands in the way."""
    place = np.array(NEAR_M) + np.array([0.0, SWAYS_M * math.sin(4.0 * reports[0].stamp_s)])
    return [*reports, replace(reports[0], identity="near", position=place, velocity=None)]


def silence(stage: Stage) -> float:
    """No message any more; known since the last."""
    tracker = stage.rig.tracker
    tracker.silent = True
    time.sleep(stage.settings.tracker_s)  # what was on its way has left
    return tracker.good_s


def told(spoil: Spoil) -> Inject:
    """Something else is told; known since its first message."""

    def inject(stage: Stage) -> float:
        tracker = stage.rig.tracker
        tracker.spoil_with(spoil)
        until(lambda: tracker.bad_s, 1.0)
        return tracker.bad_s or time.time()

    return inject


def mend(stage: Stage) -> None:
    """Nothing is wrong with the tracker any more."""
    stage.rig.tracker.mend()


def unusable(spoil: Spoil, frame: str = "odom") -> Kind:
    """Nothing is told that can be believed; known since the last that could be."""

    def inject(stage: Stage) -> float:
        tracker = stage.rig.tracker
        tracker.spoil_with(spoil, frame)
        until(lambda: tracker.bad_s, 1.0)
        return tracker.good_s

    return Kind(Reaction.STOP, inject, mend, TIMEOUT_S)


def odd(spoil: Spoil, source: str = "people", meanwhile: Check = well) -> Kind:
    """Something is told that keeps nobody from driving."""
    settings = StageSettings(source=source)
    return Kind(Reaction.DRIVE, told(spoil), mend, meanwhile=meanwhile, settings=settings)


def counted(why: str) -> Check:
    """/diagnostics counts what is refused, and why."""

    def check(stage: Stage, since_s: float) -> str:
        def count() -> int:
            inputs = stage.rig.told.get("inputs")
            return int(inputs.values.get(f"people refused: {why}", 0)) if inputs else 0

        before = count()
        grows = until(lambda: count() > before, COUNTED_S)
        return "" if grows else f"diagnostics do not count '{why}'"

    return check


def still_refused(stage: Stage, since_s: float) -> str:
    """Nobody lets it go on while somebody is there."""
    allowed = stage.rig.ask(Trigger, "resume").success
    return "~/resume lets it go on while somebody is too near" if allowed else ""


def resume(stage: Stage) -> None:
    """Somebody lets it go on."""
    until(lambda: stage.rig.ask(Trigger, "resume").success, 3.0)


KINDS: dict[str, Kind] = {
    "tracker silent": Kind(Reaction.STOP, silence, mend, TIMEOUT_S),
    "tracker says nobody": odd(nobody, "pose_array"),
    "tracker floods": odd(flood),
    "stamps reordered": odd(reordered, meanwhile=counted("stamp")),
    "two under one identity": odd(two_as_one, meanwhile=counted("jump")),
    "person jumps once": odd(elsewhere),
    "person jumps about": unusable(somewhere()),
    "tracker not finite": unusable(not_finite),
    "tracker in another frame": unusable(untouched, "map"),
    "stamps ahead": unusable(ahead),
    "200 people": Kind(Reaction.COMMAND, told(crowd), mend, settings=StageSettings(tracker_s=0.1)),
    "person too near": Kind(
        Reaction.LATCH, told(too_near), mend, meanwhile=still_refused, resume=resume
    ),
}
