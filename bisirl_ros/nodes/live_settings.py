"""Parameters that may change while the node runs, kept in the dataclass they were declared from."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from rcl_interfaces.msg import SetParametersResult
from rclpy.parameter import Parameter

from bisirl_ros.config import check_value
from bisirl_ros.errors import InputError
from bisirl_ros.nodes.ros import BisirlNode

T = TypeVar("T")


class LiveSettings(Generic[T]):
    """The node's parameters as they are now.

    declared: with these names as `live`; now: as they are
    changed: is told of another dataclass, once all of a request is accepted
    A value that its field does not allow is refused with a reason, and the request as a whole.
    """

    def __init__(
        self, node: BisirlNode, declared: T, live: tuple[str, ...], changed: Callable[[T], None]
    ) -> None:
        self.now, self._node, self._live, self._changed = declared, node, live, changed
        node.add_on_set_parameters_callback(self._judge)
        node.add_post_set_parameters_callback(self._take)

    def _judge(self, asked: Sequence[Parameter[Any]]) -> SetParametersResult:
        try:
            for parameter in asked:
                if parameter.name.startswith(self._live):
                    check_value(_field(self.now, parameter.name), parameter.value, parameter.name)
        except InputError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def _take(self, taken: Sequence[Parameter[Any]]) -> None:
        live = [p for p in taken if p.name.startswith(self._live)]
        for parameter in live:
            self.now = _with(self.now, parameter.name.split("."), parameter.value)
            self._node.get_logger().info(f"{parameter.name} is {parameter.value} from now on")
        if live:
            self._changed(self.now)


def _field(config: Any, name: str) -> dataclasses.Field[Any]:
    *way, last = name.split(".")
    for part in way:
        config = getattr(config, part)
    return next(field for field in dataclasses.fields(config) if field.name == last)


def _with(config: Any, way: Sequence[str], value: Any) -> Any:
    """A nested dataclass with one value changed."""
    first, *rest = way
    return dataclasses.replace(
        config, **{first: _with(getattr(config, first), rest, value) if rest else value}
    )
