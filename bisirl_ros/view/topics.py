"""Which topics of a bag a page is made of, and where they are in it."""

from __future__ import annotations

from dataclasses import dataclass, fields

from bisirl_ros.bags.reading import Bag
from bisirl_ros.config import setting
from bisirl_ros.errors import InputError

JSON = ("std_msgs/msg/String",)
ODOMETRY = ("nav_msgs/msg/Odometry",)
KINDS: dict[str, tuple[str, ...]] = {
    "odom": ODOMETRY,
    "people": ODOMETRY,
    "cmd_vel": ("geometry_msgs/msg/TwistStamped", "geometry_msgs/msg/Twist"),
    "goal_pose": ("geometry_msgs/msg/PoseStamped",),
    "plan": ("nav_msgs/msg/Path",),
    "predicted_motion": ("visualization_msgs/msg/MarkerArray",),
    "episode": JSON,
    "learning": JSON,
    "intervention": JSON,
    "truth": JSON,
    "policy": ("std_msgs/msg/UInt8MultiArray",),
}
"""Types, by what is told on a topic of them."""


@dataclass(frozen=True)
class Topics:
    """Names of topics; a namespace may be left out where there is one robot."""

    odom: str = setting("odom", doc="topic of the robot's odometry")
    people: str = setting("people/odom", doc="topic of the tracker, one Odometry a person")
    cmd_vel: str = setting("cmd_vel", doc="topic of the commands")
    goal_pose: str = setting("goal_pose", doc="topic of goals")
    plan: str = setting("plan", doc="topic of routes")
    predicted_motion: str = setting("predicted_motion", doc="topic of predicted motion")
    episode: str = setting("episode", doc="topic of episodes")
    learning: str = setting("learning", doc="topic of what is learned")
    intervention: str = setting("intervention", doc="topic of what holds the robot back")
    truth: str = setting("people/truth", doc="topic of simulated people's true weights")
    policy: str = setting("policy", doc="topic of policies, which name the scenario")

    def found(self, bag: Bag) -> dict[str, str]:
        """What is told on each topic of the bag that a page takes, by the topic's full name.

        Raises InputError where a name that is not the usual one is not there, or several are.
        """
        told = {}
        for topic in fields(self):
            name = getattr(self, topic.name)
            try:
                told[_outermost(bag, name, KINDS[topic.name])] = topic.name
            except InputError:
                if name != topic.default or _several(bag, name):
                    raise
        return told


def _outermost(bag: Bag, name: str, kinds: tuple[str, ...]) -> str:
    """/robot1/odom where /robot1/people/odom is there too; else as `Bag.find`."""
    full = "/" + name.strip("/")
    ending = sorted((t for t in bag.kinds if t.endswith(full)), key=len)
    if full not in bag.kinds and len(ending) > 1:
        namespace = ending[0].removesuffix(full) + "/"
        if all(topic.startswith(namespace) for topic in ending):
            name = ending[0]
    return bag.find(name, kinds)


def _several(bag: Bag, name: str) -> bool:
    full = "/" + name.strip("/")
    return full not in bag.kinds and sum(topic.endswith(full) for topic in bag.kinds) > 1
