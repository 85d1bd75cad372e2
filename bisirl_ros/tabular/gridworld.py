"""Two agents cross a small grid: robot and person move at the same time (FORMULATION section 1).

State (robot's cell, person's cell), index robot * size^2 + person; a cell is row * size + column,
row 0 in the south. Goals: the robot's in the north-east corner, the person's in the north-west, so
that somebody from the south-east crosses the way of a robot from the south-west.
"""

from __future__ import annotations

import numpy as np
import torch

from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError
from bisirl_ros.tabular.game import TabularGame
from bisirl_ros.tabular.reward import LinearReward

ACTIONS = ("stay", "north", "east", "south", "west")
MOVES = np.array([(0, 0), (1, 0), (0, 1), (-1, 0), (0, -1)])
"""(rows, columns) of each action."""

FEATURE_NAMES = ("progress", "at_goal", "near_robot", "collision", "effort", "giving_way")
PERSON = np.array([1.0, 0.8, -0.6, -3.0, -0.4, 0.5])
"""Weights, one per feature, of someone who hurries, keeps clear of the robot and lets it pass."""


def two_agent_gridworld(
    size: int = 4,
    *,
    horizon: int | None = 12,
    discount: float = 0.95,
    slip: float = 0.1,
    kappa: float = 0.5,
    start: tuple[int, int] | None = None,
) -> tuple[TabularGame, LinearReward]:
    """The game, S = size^4, A_l = A_e = 5, and the person's features, (S, A_l, A_e, 6).

    horizon: decisions, by default twice the longest way; slip: probability that a move goes off to
    one of its two sides (Russell and Norvig's grid); a move into the wall leaves an agent in place
    start: cells (robot, person) of every episode, None for any two different cells

    Features, expected over the slips: `progress` towards the goal [cells], being `at_goal` after
    the step, ending `near_robot` (one cell away), `collision` (same cell, or places swapped),
    `effort` of any move, `giving_way` (staying, not yet at the goal, while the robot is one cell
    away). The robot's task: its own goal, 3 lost per collision, 0.1 per move.
    Raises InputError for a size, probability or cell out of range.
    """
    if size < 2:
        raise InputError(f"size = {size}: a grid for two has at least 2 x 2 cells")
    if not 0.0 <= slip <= 1.0:
        raise InputError(f"slip = {slip}: must lie in [0, 1]")
    move, cells, n = _moves(size, slip), size**2, len(ACTIONS)
    collision = _collision(move)
    arrives = move[:, None, :, None, cells - 1] * np.ones((1, cells, 1, n))
    moving = (np.arange(n) > 0).astype(np.float64)
    task = arrives - 3.0 * collision - 0.1 * moving[:, None]
    shape = (cells**2, n, n)
    game = TabularGame(
        torch.from_numpy(np.einsum("rac,hbd->rhabcd", move, move).reshape(*shape, -1)),
        torch.from_numpy(_initial(cells, start)),
        discount,
        horizon,
        torch.from_numpy(task.reshape(shape)),
        kappa,
    )
    return game, LinearReward(torch.from_numpy(_person(size, move, collision).reshape(*shape, -1)))


def _moves(size: int, slip: float) -> Array:
    """P(next cell | cell, action) of one agent: (cells, actions, cells)."""
    row, column = np.divmod(np.arange(size**2), size)
    at = np.stack([row, column], -1)[:, None] + MOVES
    to = np.where(((at >= 0) & (at < size)).all(-1), at @ (size, 1), np.arange(size**2)[:, None])
    aimed = np.eye(size**2)[to]
    move = aimed.copy()
    for action in range(1, len(ACTIONS)):
        left, right = 1 + (action - 2) % 4, 1 + action % 4
        aside = 0.5 * (aimed[:, left] + aimed[:, right])
        move[:, action] = (1.0 - slip) * aimed[:, action] + slip * aside
    return move


def _person(size: int, move: Array, collision: Array) -> Array:
    """psi in the order of FEATURE_NAMES: (cells, cells, actions, actions, 6)."""
    cells, n, goal = size**2, len(ACTIONS), size * (size - 1)
    row, column = np.divmod(np.arange(cells), size)
    apart = np.abs(row[:, None] - row) + np.abs(column[:, None] - column)
    gained = apart[goal][:, None] - move @ apart[goal]  # (person's cell, action)
    near = apart == 1
    wants = (np.arange(cells) != goal)[None, :, None] & (np.arange(n) == 0)
    features = (
        gained[None, :, None],
        move[None, :, None, :, goal],
        np.einsum("rac,hbd,cd->rhab", move, move, near),
        collision,
        (np.arange(n) > 0)[None, None, None],
        (near[..., None] & wants)[:, :, None],
    )
    return np.stack([np.broadcast_to(f, collision.shape) for f in features], -1).astype(np.float64)


def _collision(move: Array) -> Array:
    """P(same cell after the step, or places swapped): (cells, cells, actions, actions)."""
    same = np.einsum("rac,hbc->rhab", move, move)
    swapped = np.einsum("rah,hbr->rhab", move, move)
    swapped[np.diag_indices(len(move))] = 0.0  # both stayed in one cell: the same cell
    return np.asarray(same + swapped)


def _initial(cells: int, start: tuple[int, int] | None) -> Array:
    """rho_0: (cells^2,)."""
    if start is None:
        apart = 1.0 - np.eye(cells)
        return np.asarray(apart.reshape(-1) / apart.sum())
    if not all(0 <= cell < cells for cell in start):
        raise InputError(f"start = {start}: cells are numbered from 0 to {cells - 1}")
    initial = np.zeros((cells, cells))
    initial[start] = 1.0
    return initial.reshape(-1)
