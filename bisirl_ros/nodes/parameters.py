"""ROS parameters from dataclasses: one per field, with description, unit and range."""

from __future__ import annotations

import dataclasses
import typing
from typing import Any, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import (
    InvalidParameterTypeException,
    InvalidParameterValueException,
)
from rclpy.node import Node
from rclpy.parameter import Parameter

from bisirl_ros.config import check_value
from bisirl_ros.errors import InputError

T = TypeVar("T")

HUGE = 1e18
UNSET_TYPE = {
    tuple[float, ...]: Parameter.Type.DOUBLE_ARRAY,
    tuple[int, ...]: Parameter.Type.INTEGER_ARRAY,
    tuple[str, ...]: Parameter.Type.STRING_ARRAY,
}
BUILT_IN = ("use_sim_time", "start_type_description_service", "qos_overrides.")
given_to_everybody: frozenset[str] = frozenset()
"""Names of parameters that were given to all nodes, whether they have them or not."""


def declare(
    node: Node,
    cls: type[T],
    prefix: str = "",
    defaults: T | None = None,
    live: tuple[str, ...] = (),
) -> T:
    """Declare one ROS parameter per field of dataclass `cls`, and read them.

    prefix: before each name; defaults: instead of the fields' own
    live: how the names begin of those that may change while the node runs
    A nested dataclass becomes `field.subfield`; a list that is empty by default stays unset until
    it is given. Raises InputError for a wrong type or range, or a parameter that was given and is
    none of them.
    """
    hints = typing.get_type_hints(cls)
    values: dict[str, Any] = {}
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        name, kind = prefix + field.name, hints[field.name]
        default = field.default if defaults is None else getattr(defaults, field.name)
        if dataclasses.is_dataclass(kind):
            nested = None if default is dataclasses.MISSING else default
            values[field.name] = declare(node, typing.cast(type, kind), name + ".", nested, live)
        else:
            values[field.name] = _declared(
                node, field, kind, name, default, not name.startswith(live)
            )
    if not prefix:
        refuse_unknown_parameters(node)
    return cls(**values)


def _declared(
    node: Node, field: dataclasses.Field[Any], kind: Any, name: str, default: Any, fixed: bool
) -> Any:
    """Declare one parameter, and read it."""
    default = list(default) if isinstance(default, tuple) else default
    where = f"{node.get_name()}: parameter {name}"
    _read_switch(node, field, name)
    try:
        # an empty list does not tell of what it is one
        first = UNSET_TYPE[kind] if default == [] else default
        value = node.declare_parameter(name, first, _descriptor(field, kind, fixed)).value
    except InvalidParameterTypeException as error:
        raise InputError(f"{where}: expected {_type_name(kind)}; {error}") from error
    except InvalidParameterValueException as error:
        given = node._parameter_overrides.get(name)
        shown = given.value if given is not None else default
        check_value(field, shown, where)
        raise InputError(f"{where} = {shown}: out of range; {error}") from error
    if value is None:
        if default != []:
            raise InputError(f"{where}: is empty; give at least one value")
        value = []
    value = tuple(value) if isinstance(default, list) else value
    check_value(field, value, where)
    return value


def _read_switch(node: Node, field: dataclasses.Field[Any], name: str) -> None:
    """A bare `on` or `off` is a bool to YAML; here it is the choice of that name."""
    given = node._parameter_overrides.get(name)
    if (
        given is not None
        and isinstance(given.value, bool)
        and "on" in (field.metadata["choices"] or ())
    ):
        node._parameter_overrides[name] = Parameter(name, value="on" if given.value else "off")


def refuse_unknown_parameters(node: Node) -> None:
    """Raise InputError where a parameter was given that the node does not have."""
    for name in node._parameter_overrides.keys() - given_to_everybody:
        if not node.has_parameter(name) and not name.startswith(BUILT_IN):
            known = sorted(n for n in node._parameters if not n.startswith(BUILT_IN))
            raise InputError(
                f"{node.get_name()}: parameter '{name}' is unknown; known are {', '.join(known)}"
            )


def _descriptor(field: dataclasses.Field[Any], kind: Any, fixed: bool) -> ParameterDescriptor:
    meta = field.metadata
    unit = f" [{meta['unit']}]" if meta.get("unit") else ""
    choices = f"; one of {', '.join(meta['choices'])}" if meta.get("choices") else ""
    descriptor = ParameterDescriptor(description=f"{meta['doc']}{unit}{choices}", read_only=fixed)
    low, high = meta.get("low"), meta.get("high")
    if kind is float and (low is not None or high is not None):
        descriptor.floating_point_range = [
            FloatingPointRange(
                from_value=-HUGE if low is None else float(low),
                to_value=HUGE if high is None else float(high),
            )
        ]
    if kind is int and (low is not None or high is not None):
        descriptor.integer_range = [
            IntegerRange(
                from_value=-(2**53) if low is None else int(low),
                to_value=2**53 if high is None else int(high),
                step=1,
            )
        ]
    return descriptor


def _type_name(kind: Any) -> str:
    return getattr(kind, "__name__", str(kind))
