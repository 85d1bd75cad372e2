"""The interaction game as tables (FORMULATION section 1)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from bisirl_ros.errors import InputError

ROW_SUM_TOLERANCE = 1e-6
"""What single precision leaves; rows within it are normalised."""


@dataclass(frozen=True)
class TabularGame:
    """G = (S, A_l, A_e, P, rho_0, gamma, H) with the learner's side of the reward.

    transition: (S, A_l, A_e, S) P(s' | s, a_l, a_e)
    initial: (S,) rho_0
    discount: gamma in (0, 1], below 1 where the horizon is None
    horizon: H decisions, or None: an episode goes on with probability gamma after each decision
    task: (S, A_l, A_e) r_task, None for zero; kappa: of r_l = r_task + kappa r_e

    Raises InputError for tables that are no probabilities, or whose shapes disagree.
    """

    transition: Tensor
    initial: Tensor
    discount: float
    horizon: int | None = None
    task: Tensor | None = None
    kappa: float = 1.0

    def __post_init__(self) -> None:
        for name in ("transition", "initial", "task"):
            if (table := getattr(self, name)) is not None:
                object.__setattr__(self, name, torch.as_tensor(table, dtype=torch.float64))
        shape = tuple(self.transition.shape)
        if len(shape) != 4 or shape[0] != shape[3] or 0 in shape:
            raise InputError(f"transition: shape {shape}; give (S, A_l, A_e, S)")
        check_probabilities("transition", self.transition)
        if tuple(self.initial.shape) != shape[:1]:
            raise InputError(
                f"initial: shape {tuple(self.initial.shape)}; give ({shape[0]},), one entry per "
                "state of transition"
            )
        check_probabilities("initial", self.initial)
        for name in ("transition", "initial"):
            table = getattr(self, name)
            total = table.sum(-1, keepdim=True)
            if float((total - 1.0).abs().max()) > 1e-12:  # or each copy would differ in a last bit
                object.__setattr__(self, name, table / total)
        if self.task is not None:
            check_table("task", self.task, shape[:3])
        if not 0.0 < self.discount <= 1.0:
            raise InputError(f"discount = {self.discount}: must lie in (0, 1]")
        if self.horizon is None and self.discount == 1.0:
            raise InputError("discount = 1: without a horizon it must be below 1; give a horizon")
        if self.horizon is not None and (not isinstance(self.horizon, int) or self.horizon < 1):
            raise InputError(
                f"horizon = {self.horizon}: give a whole number of at least 1, or None"
            )
        if not torch.isfinite(torch.tensor(self.kappa)):
            raise InputError(f"kappa = {self.kappa}: give a finite number")

    @property
    def n_states(self) -> int:
        """|S|."""
        return int(self.transition.shape[0])

    @property
    def n_learner_actions(self) -> int:
        """|A_l|."""
        return int(self.transition.shape[1])

    @property
    def n_expert_actions(self) -> int:
        """|A_e|."""
        return int(self.transition.shape[2])

    @property
    def steps(self) -> int:
        """T, the length of the time axis: H, or 1 where everything is stationary."""
        return self.horizon or 1

    def learner_policy(self, phi: Tensor) -> Tensor:
        """pi_phi(a_l | s), a softmax over phi (..., S * A_l): (..., S, A_l)."""
        return torch.softmax(self._logits(phi), -1)

    def log_learner_policy(self, phi: Tensor) -> Tensor:
        """log pi_phi(a_l | s), finite where the policy leaves nothing to chance, too."""
        return torch.log_softmax(self._logits(phi), -1)

    def _logits(self, phi: Tensor) -> Tensor:
        size = self.n_states * self.n_learner_actions
        if phi.shape[-1] != size:
            raise InputError(f"phi: shape {tuple(phi.shape)}; give (..., {size}), S * A_l logits")
        return phi.reshape(*phi.shape[:-1], self.n_states, self.n_learner_actions)

    def learner_reward(self, r_e: Tensor) -> Tensor:
        """r_l = r_task + kappa r_e: (..., S, A_l, A_e)."""
        return self.kappa * r_e if self.task is None else self.task + self.kappa * r_e


def check_table(name: str, table: Tensor, shape: tuple[int, ...]) -> None:
    """Raise InputError where a table has another shape or holds a value that is not finite."""
    if tuple(table.shape) != tuple(shape):
        raise InputError(f"{name}: shape {tuple(table.shape)}; give {tuple(shape)}")
    if not torch.isfinite(table).all():
        where = tuple(torch.nonzero(~torch.isfinite(table))[0].tolist())
        raise InputError(f"{name}: entry {where} of {tuple(shape)} is not finite")


def check_probabilities(name: str, table: Tensor) -> None:
    """Raise InputError where a row over the last axis is negative or does not sum to 1."""
    check_table(name, table, tuple(table.shape))
    if bool((table < 0).any()):
        where = tuple(torch.nonzero(table < 0)[0].tolist())
        raise InputError(
            f"{name}: entry {where} of {tuple(table.shape)} is {float(table[where]):g}; "
            "probabilities are not negative"
        )
    off = (table.sum(-1) - 1.0).abs()
    if float(off.max()) > ROW_SUM_TOLERANCE:
        where = tuple(torch.nonzero(off == off.max())[0].tolist())
        row = f"row {where} of" if where else "all of"
        raise InputError(
            f"{name}: {row} {tuple(table.shape)} sums to {float(table[where].sum()):.12g}; "
            "probabilities over the last axis sum to 1"
        )
