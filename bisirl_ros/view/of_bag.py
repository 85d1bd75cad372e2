"""A scene out of a recording of the topics, read without ROS."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

from bisirl_ros.bags.reading import Bag
from bisirl_ros.crowd.scenario import Scenario, load_scenario
from bisirl_ros.errors import InputError
from bisirl_ros.view.around import around
from bisirl_ros.view.motion import Motion
from bisirl_ros.view.records import Records
from bisirl_ros.view.scene import Plan, Scene, empty
from bisirl_ros.view.topics import Topics

SINCE_S = 1e9
"""A recorder's clock beyond this tells the time of day; a simulated one does not [s]."""
NO_SCENARIO = "walls and the reward around people take the scenario: --scenario NAME"


def scene_of_bag(path: Path, topics: Topics | None = None, scenario: str = "") -> Scene:
    """What a bag holds; scenario: its name or .yaml file, empty: as the bag's policies say.

    Raises InputError for a path that is no bag, a topic by an unusual name that is not in it, an
    unknown scenario, or nothing to show.
    """
    motion, records = Motion(), Records()
    with Bag(path) as bag:
        told = (topics or Topics()).found(bag)
        came_s = 0.0
        for topic, _, received_ns, message in bag.messages(told):
            came_s = max(received_ns * 1e-9 - bag.start_s, 0.0)
            what = told[topic]
            if hasattr(motion, f"on_{what}"):
                getattr(motion, f"on_{what}")(came_s, message)
            else:
                records.take(what, came_s, message)
        for since_s, points in records.routes:
            motion.route(since_s, points)
        motion.routes.sort(key=lambda route: route.time_s)
        scene = Scene(
            title=path.name,
            duration_s=bag.end_s - bag.start_s,
            began_s=bag.start_s if bag.start_s > SINCE_S else None,
            robot=motion.robot(),
            people=motion.people(),
            command=motion.command(),
            routes=tuple(motion.routes),
            goals=tuple(records.goals),
            features=records.features,
            estimates=tuple(records.estimates),
            truth=records.truth,
            predictions=tuple(motion.predictions),
            events=records.events(bag.end_s - bag.start_s),
            notes=(*_left_out(motion.left_out + records.left_out), *_frames(motion.frames)),
        )
        if empty(scene):
            there = ", ".join(bag.kinds) or "none"
            raise InputError(
                f"{path}: nothing to show on odom, people/odom, cmd_vel or learning; of all topics"
                f" there is {there}; name them, as in --odom NAME"
            )
    return with_scenario(scene, scenario, records.scenario)


def with_scenario(scene: Scene, given: str, said: str = "") -> Scene:
    """With what only the scenario knows: the room, bodies, and the reward around people.

    given: by the user; said: by the source, where an unknown one is a note and no error.
    Raises InputError for a given one that is unknown, or has other features.
    """
    if not (given or said):
        return scene.noting(NO_SCENARIO)
    try:
        scenario = load_scenario(given or said)
        return _in(scene, scenario)
    except InputError as error:
        if given:
            raise
        return scene.noting(f"{error}; {NO_SCENARIO}")


def _in(scene: Scene, scenario: Scenario) -> Scene:
    learned = scene.features
    if learned and learned != scenario.feature_names:
        raise InputError(
            f"scenario {scenario.name}: its features are {', '.join(scenario.feature_names)}; what"
            f" was learned here is {', '.join(learned)}: give the scenario of this recording"
        )
    return replace(
        scene,
        about=scenario.name,
        plan=Plan.of(scenario),
        around=around(scenario, scene.estimates) if scene.estimates else None,
    )


def _left_out(counts: Counter[str]) -> list[str]:
    """What could not be taken, a line a reason."""
    return [f"left out {count} of: {why}" for why, count in counts.items()]


def _frames(frames: dict[str, str]) -> list[str]:
    """Frames that differ: everything is drawn as if they were one."""
    if len({name.strip("/") for name in frames.values()}) < 2:
        return []
    told = ", ".join(f"{who} in {frame}" for who, frame in frames.items())
    return [f"frames differ ({told}), and are drawn as one"]


def is_bag(path: Path) -> bool:
    """Whether something looks like a bag: its folder or its one file."""
    inside = ("metadata.yaml", "*.mcap", "*.db3")
    return path.suffix in (".mcap", ".db3") or any(any(path.glob(name)) for name in inside)
