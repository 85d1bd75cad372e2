"""recorder_node over DDS: what is published lies in the bag, and nothing takes the node down."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("rclpy", reason="needs rclpy")
pytest.importorskip("rosbags", reason="needs rosbags")

from geometry_msgs.msg import Twist, TwistStamped
from rclpy.event_handler import PublisherEventCallbacks
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.serialization import deserialize_message
from rosbags.interfaces import QosDurability, QosReliability
from rosbags.rosbag2 import Reader
from std_msgs.msg import String

from bisirl_ros.bags.mcap_scan import McapScan
from bisirl_ros.bags.reading import Bag
from bisirl_ros.bags.repair import repair

pytestmark = [pytest.mark.ros, pytest.mark.slow]
FULL = """
import errno, os, pathlib
true_fsync = os.fsync
def fsync(number):
    if pathlib.Path("full").exists():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    true_fsync(number)
os.fsync = fsync
"""


def start(place: Any, *parameters: str, namespace: str = "/r", **more: Any) -> Any:
    """A recorder that writes to folder bag."""
    given = ["-p", "bag:=bag", *(word for p in parameters for word in ("-p", p))]
    remap = ["-r", f"__ns:={namespace}"] if namespace != "/" else []
    return place.start("bisirl_ros.entry", "recorder_node", "--ros-args", *given, *remap, **more)


def heard_by_recorder(graph: Any, *publishers: Any) -> None:
    graph.until(
        lambda: all(p.get_subscription_count() for p in publishers), "a recorder that listens"
    )


def on_disk(place: Any, topic: str) -> list[bytes]:
    """The messages of a topic in the unfinished file."""
    file: Path = place.folder / "bag" / "bag.mcap"
    if not file.is_file():
        return []
    return [record.raw for record in McapScan(file).records() if record.topic.name == topic]


def sent_until_on_disk(graph: Any, place: Any, topic: str, messages: list[tuple[Any, Any]]) -> None:
    """Publish until every publisher's message lies there.

    A publisher may know a subscription before that knows the publisher: what is sent between is
    lost where no one promised to repeat it.
    """
    kind = type(messages[0][1])

    def there() -> bool:
        for publisher, message in messages:
            publisher.publish(message)
        found = [deserialize_message(raw, kind) for raw in on_disk(place, topic)]
        return all(message in found for _, message in messages)

    graph.until(there, f"all messages of {topic}")


def stopped(program: Any) -> None:
    program.process.send_signal(signal.SIGINT)
    assert program.wait() == 0, program.err
    assert "Traceback" not in program.err


def words(folder: Path, topic: str) -> list[str]:
    with Bag(folder) as bag:
        return [told.message.data for told in bag.messages([topic])]


def test_what_is_published_lies_in_the_bag(place: Any) -> None:
    """Of the namespace and of everybody's; also what was told before, where it is kept."""
    graph = place.graph()
    latched = graph.publisher("/r/policy", String, latched=True)
    everybodys = graph.publisher("/tf_static", String, latched=True)
    plain, other, left_out = (
        graph.publisher(name, String) for name in ("/r/words", "/elsewhere", "/r/noise")
    )
    best_effort = graph.node.create_publisher(
        Twist, "/r/cmd_vel", QoSProfile(depth=10, reliability=ReliabilityPolicy.BEST_EFFORT)
    )
    for word in ("a", "b"):
        latched.publish(String(data=word))
    everybodys.publish(String(data="frame"))
    recorder = start(place, "exclude:=[noise]", "config:='{\"seed\": 3}'")
    heard_by_recorder(graph, plain, latched, best_effort, everybodys)
    sent = [f"word {i}" for i in range(200)]
    for word in sent:
        plain.publish(String(data=word))
        other.publish(String(data=word))
        left_out.publish(String(data=word))
    twist = Twist()
    twist.linear.x = 0.25
    sent_until_on_disk(graph, place, "/r/cmd_vel", [(best_effort, twist)])
    later = graph.publisher("/r/later", String, latched=True)
    later.publish(String(data="late"))
    graph.until(lambda: on_disk(place, "/r/later"), "a topic that came later")
    assert other.get_subscription_count() == left_out.get_subscription_count() == 0
    stopped(recorder)
    bag = place.folder / "bag"
    assert words(bag, "/r/words") == sent
    assert words(bag, "/r/policy") == ["a", "b"]
    assert words(bag, "/tf_static") == ["frame"] and words(bag, "/r/later") == ["late"]
    with Bag(bag) as opened:
        assert set(opened.kinds) - {"/rosout"} == {
            "/r/words", "/r/policy", "/tf_static", "/r/cmd_vel", "/r/later",
        }  # fmt: skip
        driven = list(opened.messages(["/r/cmd_vel"]))
        assert {told.message.linear.x for told in driven} == {0.25}
        assert all(abs(told.received_s - graph.now_s()) < 60.0 for told in driven)
    with Reader(bag) as reader:
        offered = {c.topic: c.ext.offered_qos_profiles[0] for c in reader.connections}
    assert offered["/r/policy"].durability is QosDurability.TRANSIENT_LOCAL
    assert offered["/r/words"].durability is QosDurability.VOLATILE
    assert offered["/r/words"].reliability is QosReliability.RELIABLE
    assert offered["/r/cmd_vel"].reliability is QosReliability.BEST_EFFORT
    kept = json.loads((bag / "configuration.json").read_text())
    assert kept["settings"] == {"seed": 3} and "bisirl_ros" in kept["versions"]


def test_a_killed_recorder_leaves_what_it_flushed(place: Any) -> None:
    graph = place.graph()
    publisher = graph.publisher("/words", String)
    recorder = start(place, "flush_s:=0.05", namespace="/")
    heard_by_recorder(graph, publisher)
    for i in range(100):
        publisher.publish(String(data=str(i)))
    graph.until(lambda: len(on_disk(place, "/words")) == 100, "100 messages on disk", 20.0)
    recorder.process.kill()
    recorder.wait()
    assert repair(place.folder / "bag").messages >= 100
    assert words(place.folder / "bag", "/words") == [str(i) for i in range(100)]


def test_what_cannot_be_recorded_is_said_once(place: Any) -> None:
    """A type that is missing there, and a second type of a topic."""
    stub = place.folder / "stubs"
    (stub / "geometry_msgs").mkdir(parents=True)
    (stub / "geometry_msgs" / "__init__.py").write_text("raise ImportError('not here')\n")
    graph = place.graph()
    strange, words_ = graph.publisher("/r/cmd_vel", TwistStamped), graph.publisher("/r/w", String)
    recorder = start(place, path_first=stub)
    heard_by_recorder(graph, words_)
    second = place.graph().publisher("/r/w", TwistStamped)
    graph.until(lambda: "/r/w: is offered as std_msgs/msg/String and as" in recorder.err, "a line")
    graph.until(lambda: "/r/cmd_vel: type" in recorder.err, "another")
    words_.publish(String(data="still heard"))
    graph.until(lambda: on_disk(place, "/r/w"), "a message")
    stopped(recorder)
    assert recorder.err.count("/r/cmd_vel: type geometry_msgs/msg/TwistStamped is unknown") == 1
    assert recorder.err.count("; the first is recorded") == 1
    assert words(place.folder / "bag", "/r/w") == ["still heard"]
    assert strange.get_subscription_count() == second.get_subscription_count() == 0


def test_a_publisher_that_offers_less_is_heard_too(place: Any) -> None:
    graph = place.graph()
    strong = graph.publisher("/r/w", String, latched=True)
    recorder = start(place)
    heard_by_recorder(graph, strong)
    weak = graph.node.create_publisher(
        String,
        "/r/w",
        QoSProfile(
            depth=10,
            durability=DurabilityPolicy.VOLATILE,
            reliability=ReliabilityPolicy.BEST_EFFORT,
        ),
        event_callbacks=PublisherEventCallbacks(use_default_callbacks=False),
    )
    graph.until(lambda: "offers less than the others" in recorder.err, "a line")
    heard_by_recorder(graph, strong, weak)
    both = [(strong, String(data="strong")), (weak, String(data="weak"))]
    sent_until_on_disk(graph, place, "/r/w", both)
    stopped(recorder)
    assert recorder.err.count("offers less") == 1
    assert set(words(place.folder / "bag", "/r/w")) == {"strong", "weak"}


def test_a_full_disk_is_one_line_and_the_node_goes_on(place: Any) -> None:
    stub = place.folder / "stubs"
    stub.mkdir()
    (stub / "sitecustomize.py").write_text(FULL)
    graph = place.graph()
    publisher = graph.publisher("/r/w", String)
    recorder = start(place, "flush_s:=0.05", path_first=stub)
    heard_by_recorder(graph, publisher)
    publisher.publish(String(data="before"))
    graph.until(lambda: len(on_disk(place, "/r/w")) == 1, "a message on disk")
    (place.folder / "full").touch()
    publisher.publish(String(data="into the full disk"))
    graph.until(lambda: "No space left on device" in recorder.err, "a line")
    for _ in range(20):
        publisher.publish(String(data="after"))
        graph.work(0.02)
    assert recorder.process.poll() is None
    stopped(recorder)
    assert recorder.err.count("No space left on device") == 1
    assert repair(place.folder / "bag").damaged is not None
    assert words(place.folder / "bag", "/r/w")[0] == "before"


@pytest.mark.parametrize(
    ("parameters", "words_"),
    [
        (("-p", "bag:=there"), "is there already; name a new folder"),
        ((), "parameter bag is empty; name a folder to write"),
        (("-p", "bag:=new", "-p", "exclude:=['no name']"), "'no name' is no name of a topic"),
        (("-p", "bag:=new", "-p", "flush_s:=0.0"), "flush_s = 0.0: must be at least 0.01 s"),
    ],
)
def test_bad_parameters_are_one_line(place: Any, parameters: tuple[str, ...], words_: str) -> None:
    (place.folder / "there").mkdir()
    arguments = ("--ros-args", *parameters) if parameters else ()
    program = place.start("bisirl_ros.entry", "recorder_node", *arguments)
    assert program.wait() == 2, program.err
    (line,) = program.complaints()
    assert words_ in line and "Traceback" not in program.err
    assert not (place.folder / "new").exists()
