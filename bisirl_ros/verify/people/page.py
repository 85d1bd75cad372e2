"""The page of `bisirl view`, opened in a browser: it shows what was recorded, and plays.

Of a walk that was made up, of a scene of NavWareSet, and of a run of `bisirl sim`: at moments on a
desk and on a phone, and playing. What it says of the robot is compared with the record.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bisirl_ros.entry import require_ros
from bisirl_ros.importing.to_bag import write_bag
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup
from bisirl_ros.verify.people.browser import PLAYED_S, WIDE, chromium, opened, played
from bisirl_ros.verify.people.recorded import FOLDER, recordings
from bisirl_ros.verify.people.simulated_run import simulate
from bisirl_ros.verify.people.speed import write_walk
from bisirl_ros.view.of_bag import scene_of_bag
from bisirl_ros.view.of_run import scene_of_run
from bisirl_ros.view.page import write_page
from bisirl_ros.view.scene import Scene

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZES = {"desk": WIDE, "phone": (500, 900)}
"""Chromium's narrowest window without a head is 500 px wide."""
WALK_S, EPISODES, LONGEST_S = 60.0, 3, 300.0
MOMENTS, PLAYED_AT = (0.2, 0.5, 0.8), 0.3
"""Shares of the record at which it is opened, and from which it is played."""
OFF_M, CLOCK_S, LEAST_S = 0.03, 0.05, 1.0
"""Places are shown to a centimetre and moments to a tenth; so long it must have played."""
BAR = (
    f"at every moment the robot is shown within {OFF_M:g} m of the record; in {PLAYED_S:g} s more"
    f" than {LEAST_S:g} s are played; nothing is said on the console; on a desk and on a phone"
)


def measure(setup: Setup, say: Say) -> Outcome:
    """Page by page; pictures are left beside the results."""
    if chromium() is None:
        return Outcome({}, [], None, BAR, None, "no Chromium here; sudo apt install chromium")
    rows: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for what, scene in sources(setup, folder):
            page = folder / f"{what}.html"
            size = write_page(scene, page)
            for where in SIZES:
                key = f"{what}, {where}"
                picture = picture_of(setup.parts.path, f"{what}_{where}")
                rows[key] = {"bytes": size, **of_page(page, scene, where, folder, picture)}
                row = rows[key]
                say(
                    f"{key:<20} robot off by {row['off_m']:.3f} m, played {row['played_s']:.1f} s,"
                    f" {len(row['console'])} lines on the console"
                )
    wrong = {key: what for key, row in rows.items() if (what := wrong_with(row))}
    note = "; ".join(f"{key}: {what}" for key, what in wrong.items())
    return Outcome({"pages": rows}, [setup.seed], None, BAR, not wrong, note)


def sources(setup: Setup, folder: Path) -> Iterator[tuple[str, Scene]]:
    """What there is to show here: by name, as `bisirl view` sees it."""
    walk = folder / "walk"
    write_walk(walk, WALK_S, setup.seed)
    yield "walk", scene_of_bag(walk, scenario="crossing")
    if setup.data is not None and (setup.data / FOLDER).is_dir():
        bag = folder / "navwareset"
        write_bag(recordings(setup.data, True)[0].of, bag)
        yield "navwareset", scene_of_bag(bag, scenario="walkers")
    if not setup.quick:
        require_ros()
        given = {"scenario": "crossing", "episodes": EPISODES, "seed": setup.seed}
        yield "run", scene_of_run(simulate(folder, given, LONGEST_S))


def picture_of(parts: Path | None, name: str) -> Path | None:
    """Where a picture is left: beside the file of parts, where there is one."""
    if parts is None:
        return None
    parts.parent.mkdir(parents=True, exist_ok=True)
    return parts.with_name(f"page_{name}.png")


def of_page(
    page: Path, scene: Scene, where: str, folder: Path, picture: Path | None
) -> dict[str, Any]:
    """How far off the robot is at most [m], how far playing went [s], what the console said."""
    size, console, off_m = SIZES[where], list[str](), list[float]()
    for share in MOMENTS:
        moment = f"t={share * scene.duration_s:.3f}"
        shown = opened(page, moment, folder, size, picture if share == MOMENTS[-1] else None)
        console += shown.console
        off_m.append(off(scene, shown.time_s, shown.robot_m))
    began_s = PLAYED_AT * scene.duration_s
    shown = played(page, f"t={began_s:.3f}&play", folder, size)
    return {
        "off_m": max(*off_m, off(scene, shown.time_s, shown.robot_m)),
        "played_s": shown.time_s - began_s,
        "console": [*console, *shown.console],
    }


def off(scene: Scene, time_s: float, robot_m: tuple[float, float]) -> float:
    """How far a place is from the record's at a moment that is known to a tenth [m]."""
    track = scene.robot
    times = time_s + np.linspace(-CLOCK_S, CLOCK_S, 21)
    at = np.stack([np.interp(times, track.time_s, track.columns[axis]) for axis in "xy"], -1)
    return float(np.linalg.norm(at - np.array(robot_m), axis=-1).min())


def wrong_with(row: dict[str, Any]) -> str:
    """What of the bar a page misses."""
    if row["console"]:
        return str(row["console"][0])[:200]
    if row["off_m"] > OFF_M:
        return f"the robot is shown {row['off_m']:.2f} m off"
    return "" if row["played_s"] > LEAST_S else "it does not play"


def draw(outcome: Outcome, ax: Axes) -> None:
    """How far off the robot is shown, by page."""
    pages = outcome.figures.get("pages", {})
    ax.barh(list(pages), [100.0 * row["off_m"] for row in pages.values()], color="0.6")
    ax.axvline(100.0 * OFF_M, color="k", lw=0.8, ls=":")
    ax.set_xlabel("robot shown off by [cm]", fontsize=8)


EXPERIMENT = Experiment("page", "the page in a browser", measure, draw)
