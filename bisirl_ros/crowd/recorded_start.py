"""Recorded episodes as starts from which they can be lived through again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.crowd.aims import Aims
from bisirl_ros.crowd.decisions import Decisions
from bisirl_ros.crowd.model import CrowdModel
from bisirl_ros.crowd.situation import Situation


def recorded_start(
    batches: Sequence[Decisions], model: CrowdModel
) -> tuple[Situation, Tensor, list[list[str]]]:
    """Where each of B batches began, what people chose, and who they were.

    Returns situations of P people, as many as the fullest batch has; targets (T, B, P, 2), NaN from
    the first moment on at which a record is broken; the identities of each batch, "" for nobody.
    """
    people = max(len(batch.identities) for batch in batches)
    goals = max(batch.goals.shape[1] for batch in batches)
    points = max(batch.route.shape[1] for batch in batches)
    steps, count = max(batch.unbroken for batch in batches), len(batches)
    robot, body = np.zeros((count, 6)), np.zeros((count, people, 4))
    present = np.zeros((count, people), bool)
    route, goal = np.zeros((count, points, 2)), np.zeros((count, people, goals, 2))
    belief = np.full((count, people, goals), -np.inf)
    belief[..., 0] = 0.0
    target = np.full((steps, count, people, 2), np.nan)
    for row, batch in enumerate(batches):
        p, g, n = len(batch.identities), batch.goals.shape[1], batch.unbroken
        robot[row], body[row, :p], present[row, :p] = (
            batch.robot[0], batch.people[0], batch.present[0],
        )  # fmt: skip
        length = batch.route.shape[1]
        route[row, :length], route[row, length:] = batch.route[0], batch.route[0, -1]
        goal[row, :p, :g], goal[row, :p, g:] = batch.goals, batch.goals[:, -1:]
        belief[row, :p, :g] = batch.log_belief[n - 1]
        target[:n, row, :p] = batch.target[:n]
    aims = Aims(*(model.tensor(values) for values in (route, goal, belief)))
    situation = Situation(
        model.tensor(robot),
        model.tensor(body),
        torch.from_numpy(present).to(model.device),
        aims,
        model.room,
    )
    names = [[*b.identities, *[""] * (people - len(b.identities))] for b in batches]
    return situation, model.tensor(target), names
