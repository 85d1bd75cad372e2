"""ROS parameters from dataclasses: declared, described, and refused in one line."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

pytest.importorskip("rclpy", reason="needs rclpy")

from rclpy.context import Context
from rclpy.node import Node

from bisirl_ros.config import setting
from bisirl_ros.entry import NODES
from bisirl_ros.errors import InputError
from bisirl_ros.nodes.parameters import HUGE, declare, refuse_unknown_parameters

pytestmark = pytest.mark.ros
MakeNode = Callable[..., Node]


@dataclass(frozen=True)
class Wheel:
    """A nested part."""

    grip: float = setting(0.5, doc="how well it holds", low=0.0, high=1.0)


@dataclass(frozen=True)
class Cart:
    """One field of every kind."""

    wheel: Wheel = setting(doc="a part")
    speed: float = setting(1.0, doc="how fast", unit="m/s", low=0.0, high=2.0)
    seats: int = setting(4, doc="how many sit", low=1)
    open_top: bool = setting(False, doc="no roof")
    colour: str = setting("red", doc="paint", choices=("red", "blue"))
    loads: tuple[int, ...] = setting((1, 2), doc="of each axle", unit="kg", low=0)
    tanks: tuple[float, ...] = setting((), doc="of fuel; empty: none", unit="l", low=0.0)
    trailer: Wheel = setting(Wheel(0.75), doc="a part that has a default of its own")
    wipers: str = setting("auto", doc="in rain", choices=("auto", "on", "off"))


@pytest.fixture
def make_node(monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeNode]:
    """`make_node("-p", "speed:=1.5")`: a node that was given ROS arguments."""
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "OFF")
    context, nodes = Context(), []
    context.init()

    def make(*arguments: str) -> Node:
        cli = ["--ros-args", *arguments] if arguments else []
        nodes.append(
            Node(
                "cart_node",
                context=context,
                cli_args=cli,
                enable_rosout=False,
                start_parameter_services=False,
            )
        )
        return nodes[-1]

    yield make
    for node in nodes:
        node.destroy_node()
    context.try_shutdown()


def parameters_of(name: str) -> type:
    """The parameter dataclass of a node."""
    module = importlib.import_module(f"bisirl_ros.nodes.{name}")
    (found,) = (
        cls
        for _, cls in inspect.getmembers(module, inspect.isclass)
        if cls.__name__.endswith("Parameters") and cls.__name__ != "ScenarioParameters"
    )
    return found


def leaves(cls: type, prefix: str = "") -> Iterator[tuple[str, dataclasses.Field[Any], Any]]:
    """Full name, field and type of every parameter."""
    hints = typing.get_type_hints(cls)
    for field in dataclasses.fields(cls):
        if dataclasses.is_dataclass(hints[field.name]):
            yield from leaves(hints[field.name], f"{prefix}{field.name}.")
        else:
            yield prefix + field.name, field, hints[field.name]


@pytest.mark.parametrize("name", [*NODES, "cart"])
def test_every_field_is_declared_with_description_unit_and_range(
    name: str, make_node: MakeNode
) -> None:
    cls, node = Cart if name == "cart" else parameters_of(name), make_node()
    values = declare(node, cls)
    seen = 0
    for full_name, field, kind in leaves(cls):
        seen += 1
        meta, descriptor = field.metadata, node.describe_parameter(full_name)
        assert meta["doc"] in descriptor.description
        if meta["unit"]:
            assert f"[{meta['unit']}]" in descriptor.description
        for choice in meta["choices"] or ():
            assert choice in descriptor.description
        default = 0.75 if full_name == "trailer.grip" else field.default
        if default == ():
            assert node.get_parameter_or(full_name).value is None
            continue
        given = node.get_parameter(full_name).value
        assert (tuple(given) if isinstance(default, tuple) else given) == default
        low, high = meta["low"], meta["high"]
        if kind not in (int, float) or (low is None and high is None):
            continue
        ranges = descriptor.floating_point_range if kind is float else descriptor.integer_range
        (interval,) = ranges
        assert interval.from_value == low if low is not None else interval.from_value <= -(2**53)
        assert interval.to_value == high if high is not None else interval.to_value >= 2**53
    assert seen >= 3 or name in ("people_report_node", "recording_node")
    assert values == cls(**{f.name: getattr(values, f.name) for f in dataclasses.fields(cls)})
    refuse_unknown_parameters(node)


def test_given_values_are_read(make_node: MakeNode) -> None:
    given = ("speed:=1.5", "seats:=2", "open_top:=true", "colour:=blue", "loads:=[7, 8, 9]")
    given += ("tanks:=[1.5, 2.0]",)
    arguments = [word for value in (*given, "wheel.grip:=0.25") for word in ("-p", value)]
    cart = declare(make_node(*arguments), Cart)
    assert cart == Cart(
        wheel=Wheel(grip=0.25),
        trailer=Wheel(grip=0.75),
        speed=1.5,
        seats=2,
        open_top=True,
        colour="blue",
        loads=(7, 8, 9),
        tanks=(1.5, 2.0),
    )


@pytest.mark.parametrize(("given", "read"), [
    ("on", "on"), ("'on'", "on"), ("off", "off"), ("auto", "auto"), ("true", "on"),
])  # fmt: skip
def test_a_bare_on_is_the_choice_of_that_name(given: str, read: str, make_node: MakeNode) -> None:
    assert declare(make_node("-p", f"wipers:={given}"), Cart).wipers == read


def test_a_list_may_be_left_empty(make_node: MakeNode) -> None:
    assert declare(make_node(), Cart).tanks == ()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("speed:=2.5", "cart_node: parameter speed = 2.5: must be at most 2.0 m/s"),
        ("speed:=-0.5", "cart_node: parameter speed = -0.5: must be at least 0.0 m/s"),
        ("speed:=.nan", "cart_node: parameter speed = nan: give a finite number"),
        ("speed:=.inf", "cart_node: parameter speed = inf: give a finite number"),
        ("seats:=0", "cart_node: parameter seats = 0: must be at least 1"),
        ("wheel.grip:=1.5", "cart_node: parameter wheel.grip = 1.5: must be at most 1.0"),
        ("colour:=green", "cart_node: parameter colour = 'green': choose one of red, blue"),
        ("loads:=[1, -2]", "cart_node: parameter loads = -2: must be at least 0 kg"),
        ("speed:=1", "cart_node: parameter speed: expected float"),  # as in all of ROS 2
        ("speed:=fast", "cart_node: parameter speed: expected float"),
        ("seats:=2.5", "cart_node: parameter seats: expected int"),
        ("open_top:=3", "cart_node: parameter open_top: expected bool"),
        ("colour:=7", "cart_node: parameter colour: expected str"),
        ("loads:=many", "cart_node: parameter loads: expected "),
        ("tanks:=[1.0, -2.0]", "cart_node: parameter tanks = -2.0: must be at least 0.0 l"),
        ("tanks:=full", "cart_node: parameter tanks: expected "),
    ],
)
def test_a_bad_value_is_refused_in_one_line(given: str, told: str, make_node: MakeNode) -> None:
    with pytest.raises(InputError) as refusal:
        declare(make_node("-p", given), Cart)
    assert str(refusal.value).startswith(told)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("given", ["sped:=1.0", "wheel.grap:=0.5", "wheel:=1", "speed.low:=1.0"])
def test_an_unknown_parameter_is_refused_in_one_line(given: str, make_node: MakeNode) -> None:
    node = make_node("-p", given)
    name = given.split(":=")[0]
    with pytest.raises(InputError) as refusal:
        declare(node, Cart)
        refuse_unknown_parameters(node)
    told = str(refusal.value)
    assert told.startswith(f"cart_node: parameter '{name}' is unknown; known are colour, loads")
    assert "\n" not in told
    assert "wheel.grip" in told


def test_what_rclpy_declares_itself_is_known(make_node: MakeNode) -> None:
    node = make_node("-p", "use_sim_time:=true")
    declare(node, Cart)
    refuse_unknown_parameters(node)


def test_no_declared_bound_is_beyond_what_an_open_one_stands_for() -> None:
    for name in NODES:
        for _, field, _ in leaves(parameters_of(name)):
            assert all(abs(field.metadata[k] or 0.0) < HUGE for k in ("low", "high"))
