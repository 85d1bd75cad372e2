"""Quality of service of this package's topics."""

from __future__ import annotations

from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

from bisirl_ros.inputs.host import Quality

STANDARD = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
LATCHED = QoSProfile(
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)
EVENTS = QoSProfile(
    depth=10,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)
PEOPLE = QoSProfile(depth=200, reliability=ReliabilityPolicy.RELIABLE)
"""Of topics on which everybody is reported at once: the deepest crowd is kept whole."""
SENSOR = QoSProfile(depth=10, reliability=ReliabilityPolicy.BEST_EFFORT)
SENSOR_PEOPLE = QoSProfile(depth=200, reliability=ReliabilityPolicy.BEST_EFFORT)
"""To listen by: hears who publishes reliably, and who does not."""
OF = {
    Quality.STANDARD: STANDARD,
    Quality.LATCHED: LATCHED,
    Quality.LATEST: QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE),
    Quality.EVENTS: EVENTS,
    Quality.PEOPLE: PEOPLE,
    Quality.SENSOR: SENSOR,
    Quality.SENSOR_PEOPLE: SENSOR_PEOPLE,
}
