"""One clock in a domain: two worlds would mix, and a robot on the bench meet another's people."""

from __future__ import annotations

from bisirl_ros.errors import InputError
from bisirl_ros.nodes.ros import BisirlNode

DISCOVERY_S = 4.0
"""By then everybody in the domain has been heard of."""
UNNAMED = "_NODE_NAME_UNKNOWN_"
"""A publisher that was heard of before its node was; it may be one's own."""


class ClockWatch:
    """For a node that publishes /clock: fails it where somebody else does."""

    def __init__(self, node: BisirlNode) -> None:
        self._node, self._since_s = node, node.steady_s()

    def alone(self) -> bool:
        """Whether everybody was heard of by now, and nobody else keeps time; else it is said."""
        node, own = self._node, self._node.get_name()
        late = node.steady_s() - self._since_s > DISCOVERY_S
        names = [info.node_name for info in node.get_publishers_info_by_topic("/clock")]
        for name in (own, UNNAMED):
            if name in names:
                names.remove(name)  # once: another simulation's has the same
                break
        if not late:
            names = [name for name in names if name != UNNAMED]
        if names:
            node.failure = InputError(
                f"/clock is published by '{names[0]}' already, another simulation or a bag: end it,"
                " or set another ROS_DOMAIN_ID for one of them"
            )
        return not names and late
