"""How fast one person at 10 Hz is replayed, learning included, and in how much memory.

A person walks to and fro beside a robot on record; the learner looks on, as of any foreign bag.
"""

from __future__ import annotations

import math
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bisirl_ros.bags.messages import ODOMETRY, odometry
from bisirl_ros.bags.writing import BagWriter
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LENGTH_S, QUICK_S = 1800.0, 60.0
ROBOT_S, PERSON_S, BATCH_S = 0.05, 0.1, 20.0
FASTER, START_S, LATE_NS = 100.0, 1000.0, 5_000_000
GIB, CHUNK = 1 << 30, 1 << 20
GROWTH_MIB = 64.0
BAR = f"at least {FASTER:g} times real time; reading 1 GB takes less than {GROWTH_MIB:g} MiB"


def measure(setup: Setup, say: Say) -> Outcome:
    """A replay in a process of its own, and a large bag read in another."""
    length_s = QUICK_S if setup.quick else LENGTH_S
    with tempfile.TemporaryDirectory() as folder:
        bag = Path(folder) / "bag"
        write_walk(bag, length_s, setup.seed)
        began_s = time.monotonic()
        command = ["replay", str(bag), "--run-dir", str(Path(folder) / "run"), "--set"]
        run([*command, f"batch_s={BATCH_S}", "learner.policy_steps=0", "device=cpu"])
        took_s = time.monotonic() - began_s
        large = Path(folder) / "large"
        size = write_large(large, GIB // 64 if setup.quick else GIB)
        grown_mib = reading_grows(large)
    times = length_s / took_s
    say(f"{length_s:.0f} s in {took_s:.1f} s, the start included: {times:.0f} times real time")
    say(f"reading {size / 1e9:.2f} GB: {grown_mib:.0f} MiB more than before")
    fast = times >= FASTER or setup.quick
    return Outcome(
        {"length_s": length_s, "took_s": took_s, "times": times, "grown_mib": grown_mib},
        [setup.seed],
        None,
        BAR,
        fast and grown_mib < GROWTH_MIB,
        "quick: the start is most of it" if setup.quick else "",
    )


def run(arguments: list[str]) -> None:
    """The command in a process of its own."""
    command = [sys.executable, "-m", "bisirl_ros.cli", *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def write_walk(path: Path, length_s: float, seed: int) -> None:
    """A robot at 20 Hz and a person at 10 Hz who slows down beside it."""
    rng, y, way = np.random.default_rng(seed), -3.0, 1.0
    with BagWriter(path) as bag:
        for topic in ("/odom", "/people/odom"):
            bag.topic(topic, ODOMETRY)
        for step in range(round(length_s / ROBOT_S)):
            stamp_ns = round((START_S + step * ROBOT_S) * 1e9)
            received_ns, x = stamp_ns + LATE_NS, -2.5 + 0.5 * ((step * ROBOT_S) % 10.0)
            robot = odometry(stamp_ns, "base_link", (x, 0.0, 0.0), (0.5, 0.0, 0.0))
            bag.tell("/odom", received_ns, robot)
            speed = 1.2 - 0.4 * (abs(y) < 0.5) + 0.1 * rng.standard_normal()
            y += way * speed * ROBOT_S
            way = -math.copysign(1.0, y) if abs(y) > 3.0 else way
            if step % round(PERSON_S / ROBOT_S) == 0:
                heads = (0.2, y, way * 0.5 * math.pi)
                walker = odometry(stamp_ns, "walker", heads, (speed, 0.0, 0.0))
                bag.tell("/people/odom", received_ns, walker)


def write_large(path: Path, size: int) -> int:
    """A bag of so many bytes of images, roughly; its size."""
    from bisirl_ros.bags.library import message

    empty = {"dim": [], "data_offset": 0}
    layout = message("std_msgs/msg/MultiArrayLayout", **empty)
    noise = np.random.default_rng(0).integers(0, 256, CHUNK, np.uint8)
    with BagWriter(path) as bag:
        bag.topic("/image", "std_msgs/msg/UInt8MultiArray")
        for number in range(size // CHUNK):
            one = message("std_msgs/msg/UInt8MultiArray", layout=layout, data=noise)
            bag.tell("/image", number * 10**7, one)
            bag.flush()
    return sum(file.stat().st_size for file in path.iterdir())


def reading_grows(bag: Path) -> float:
    """How much more memory a process has at most that reads all of a bag [MiB]."""
    program = (
        "import resource, sys; from pathlib import Path; from bisirl_ros.bags.reading import Bag\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "with Bag(Path(sys.argv[1])) as bag:\n"
        "    read = bag.messages(); next(read); before = peak()\n"
        "    for _ in read: pass\n"
        "print((peak() - before) / 1024)"
    )
    command = [sys.executable, "-c", program, str(bag)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout)


def draw(outcome: Outcome, ax: Axes) -> None:
    """Against the bar."""
    ax.bar(["replay"], [outcome.figures["times"]], color="0.6")
    ax.axhline(FASTER, color="k", lw=0.8, ls=":")
    ax.set_ylabel("times real time", fontsize=8)


EXPERIMENT = Experiment("speed", "replay: speed and memory", measure, draw)
