"""What is told about learning: the estimate, the inner and outer loop, the predicted motion."""

from __future__ import annotations

from typing import Any

from std_msgs.msg import Float64, Float64MultiArray, MultiArrayDimension, String
from visualization_msgs.msg import MarkerArray

from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.predicted_motion import PredictedMotion
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation
from bisirl_ros.io.contract import Snapshot
from bisirl_ros.messages.records import LEARNING, read_estimates
from bisirl_ros.nodes.conversions import json_message
from bisirl_ros.nodes.conversions_people import path_marker
from bisirl_ros.nodes.endpoints import Endpoints
from bisirl_ros.nodes.qos import EVENTS, STANDARD


class LearningTopics:
    """Publishers of `reward`, `outer_objective`, `learning` and `predicted_motion`."""

    def __init__(self, endpoints: Endpoints, scenario: Scenario, frame: str) -> None:
        self._frame = frame
        self._prediction = PredictedMotion(scenario, InteractionPolicy(scenario.robot))
        self._reward = endpoints.publisher(Float64MultiArray, "reward", STANDARD)
        self._objective = endpoints.publisher(Float64, "outer_objective", STANDARD)
        self._learning = endpoints.publisher(String, "learning", EVENTS)
        self._markers = endpoints.publisher(MarkerArray, "predicted_motion", STANDARD)

    def publish(self, features: tuple[str, ...], report: dict[str, Any], **more: Any) -> None:
        """An outer iteration's report, as the learner made it, and what else is known."""
        self._reward.publish(reward_message(features, report))
        if report["objective"] is not None:
            self._objective.publish(Float64(data=report["objective"]))
        record = {"schema": LEARNING, "features": list(features), **more, **report}
        self._learning.publish(json_message(record))

    @property
    def watched(self) -> bool:
        """Whether anybody looks at the predicted motion."""
        return bool(self._markers.get_subscription_count())

    def publish_prediction(
        self,
        policy: Snapshot,
        newest: Snapshot,
        situation: Situation,
        identities: tuple[str, ...],
        time_s: float,
    ) -> None:
        """The likeliest motions of everybody in one situation (B = 1), as lines.

        policy: the deployed one; newest: what is known of people's weights
        """
        if not identities:
            return
        theta, structures = newest.theta_of(identities), newest.structures_of(identities)
        markers = MarkerArray()
        for name, paths, shares in zip(
            identities, *self._prediction(policy.phi, theta, situation, structures), strict=True
        ):
            for i, (path, share) in enumerate(zip(paths, shares, strict=True)):
                strength = float(share / shares[0])
                markers.markers.append(path_marker(path, self._frame, time_s, i, strength, name))
        self._markers.publish(markers)


def reward_message(features: tuple[str, ...], report: dict[str, Any]) -> Float64MultiArray:
    """Everybody's weights: person, mean and std, feature, (P, 2, n); the labels say who and what.

    report: with "people" as the learner tells them
    """
    theta, std = read_estimates(report, len(features))
    p, n = len(theta), len(features)
    rows = [row for name in theta for row in (theta[name], std[name])]
    message = Float64MultiArray(data=[value for row in rows for value in row])
    message.layout.dim = [
        MultiArrayDimension(label=",".join(theta), size=p, stride=p * 2 * n),
        MultiArrayDimension(label="mean,std", size=2, stride=2 * n),
        MultiArrayDimension(label=",".join(features), size=n, stride=n),
    ]
    return message
