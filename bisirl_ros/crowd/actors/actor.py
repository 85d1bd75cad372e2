"""Who decides where a body goes: the policy, the soft expert, and others alike."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from torch import Tensor

from bisirl_ros.crowd.situation import Situation


class Actor(Protocol):
    """The robot, or all people at once."""

    def act(self, situation: Situation, luck: Tensor) -> Tensor:
        """What they go for: (B, 3) twist of robots, or (B, P, 2) velocity of people.

        luck: (B, P) uniform on [0, 1), all that is random; robots need none
        """
        ...


@runtime_checkable
class Told(Protocol):
    """People who know the robot's policy, or whom episodes change."""

    def told(self, phi: Tensor, episode: int) -> None:
        """Before each episode: the policy that the robot will follow (m,), and its number."""
        ...


def tell(people: Actor, phi: Tensor, episode: int) -> None:
    """What people may know before an episode, whoever they are; see `Told.told`."""
    if isinstance(people, Told):
        people.told(phi, episode)
