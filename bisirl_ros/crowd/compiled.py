"""Imagination by compiled decisions: the same episodes, once there is machine code for them.

What is compiled is one decision of everybody, which is all that episodes repeat. Gradients are not:
`adjoint` goes through the episodes later.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from bisirl_ros.crowd.candidates import Candidates
from bisirl_ros.crowd.compiled_later import CompiledLater
from bisirl_ros.crowd.imagined_people import ImaginedPeople, Last
from bisirl_ros.crowd.model import CrowdModel, Decided, Trajectory
from bisirl_ros.crowd.robot import Motion
from bisirl_ros.crowd.setting import Setting
from bisirl_ros.crowd.situation import Situation

Imagine = Callable[..., Trajectory]
"""As `CrowdModel.imagine`."""


class CompiledImagination:
    """Stands for `model.imagine`.

    tell: hears one line once decisions are compiled, or cannot be, in the thread that imagines
    """

    def __init__(self, model: CrowdModel, tell: Callable[[str], None]) -> None:
        self._model = model
        on_gpu = torch.device(model.device).type == "cuda"
        self._decide = CompiledLater(one_decision, "imagination", tell, graphs=on_gpu)

    def __call__(
        self, phi: Tensor, start: Situation, setting: Setting, luck: Tensor, draws: int = 0
    ) -> Trajectory:
        """See `CrowdModel.imagine`."""
        last: Last | None = None
        kept: list[Candidates] = []

        def decide(h: int, robot: Motion, people: Tensor) -> Decided:
            nonlocal last
            one = one_decision if last is None else self._decide  # the first is another computation
            decided, last, offered = one(
                self._model, phi, robot, people, setting, last, luck[h], draws
            )
            if offered is not None:
                kept.append(offered)
            return decided

        played = self._model.play(start, decide, len(luck))
        return replace(played, offered=Candidates.joined(kept) if kept else None)


def one_decision(
    model: CrowdModel,
    phi: Tensor,
    robot: Motion,
    people: Tensor,
    setting: Setting,
    last: Last | None,
    luck: Tensor,
    draws: int,
) -> tuple[Decided, Last | None, Candidates | None]:
    """Robots and people (B, P, 4) one decision later, a function of its arguments alone.

    phi: (m,); luck: (B, P); draws: as `CrowdModel.imagine` has them
    Also what people know at the next one, and what stood for the disc of each of B * P people.
    """
    going_on = ImaginedPeople(model, setting, luck[None], draws, last)
    decided = model.decisions(phi, setting, going_on.choose)(0, robot, people)
    return decided, going_on.last, going_on.offered
