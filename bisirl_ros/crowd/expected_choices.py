"""What people are expected to go for, as far as their rewards are known: a prior of their choices.

A tracking filter that knows it tells a change of mind from the noise of its reports.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.posterior import GIVEN, Posterior
from bisirl_ros.crowd.adjoint import jacobian_rows
from bisirl_ros.crowd.model import CrowdModel
from bisirl_ros.crowd.situation import Situation
from bisirl_ros.crowd.structure import Structures
from bisirl_ros.tracking.habit import ChoicePrior

LEAST_MPS = 0.05
"""Added to the spread: nobody is foreseen more surely."""
AT_A_TIME = 32
"""Situations, so that memory does not grow with the length of an episode."""


class Known(NamedTuple):
    """Of one person: theta (n,), its covariance (n, n), and by which structure they decide."""

    theta: Array
    covariance: Array
    structure: str = GIVEN


def known_of(names: Iterable[str], evidence: Posterior, theta: Array) -> dict[str, Known]:
    """What evidence says at theta of those of these people whom it has met."""
    return {
        name: Known(
            evidence.theta_of(theta, name),
            evidence.covariance_of(theta, name),
            evidence.structure_of(name),
        )
        for name in names
        if name in evidence.identities
    }


class ExpectedChoices:
    """pi_e as a Gaussian about its mean, linear in the velocity at the decision [m/s].

    The working prior of past choices in an assumed-density filter (Maybeck 1982, chapter 12), wider
    by what is not known of theta, to first order.
    model: its candidates are fine enough for what people choose; phi: (m,) the policy they answered
    known: what is, by identity; of others nothing is known
    """

    def __init__(
        self,
        model: CrowdModel,
        phi: Tensor,
        known: Mapping[str, Known],
    ) -> None:
        self._model, self._phi, self.known = model, phi.detach(), known

    def __call__(self, situation: Situation, identities: tuple[str, ...]) -> dict[str, ChoicePrior]:
        """What each who is known goes for in B situations: arrays with an axis (B,) first."""
        if len(situation) > AT_A_TIME:
            parts = [
                self(situation.chosen(slice(i, i + AT_A_TIME)), identities)
                for i in range(0, len(situation), AT_A_TIME)
            ]
            return {name: _one_after_another([part[name] for part in parts]) for name in parts[0]}
        who = [p for p, name in enumerate(identities) if name in self.known]
        if not who:
            return {}
        nobody = Known(*(np.zeros(self._model.n_features),) * 2)
        of = [self.known.get(name, nobody) for name in identities]
        theta = self._model.tensor(np.array([one.theta for one in of]))
        names = [[one.structure for one in of]] * len(situation)
        structures = Structures.named(self._model.scenario, names)
        velocity, mean, slope, p, features = self._of(situation, theta, structures)
        found = {}
        for i in who:
            off = self._model.candidates.velocity.numpy() - mean[:, i, None]
            spread = np.einsum("bk,bki,bkj->bij", p[:, i], off, off) + LEAST_MPS**2 * np.eye(2)
            by_theta = np.einsum("bk,bki,bkn->bin", p[:, i], off, features[:, i])
            covariance = of[i].covariance
            spread += by_theta @ covariance @ np.swapaxes(by_theta, -1, -2)
            offset = mean[:, i] - np.einsum("bij,bj->bi", slope[:, i], velocity[:, i])
            found[identities[i]] = ChoicePrior(slope[:, i], offset, spread)
        return found

    def _of(
        self, situation: Situation, theta: Tensor, structures: Structures | None
    ) -> tuple[Array, Array, Array, Array, Array]:
        """Velocities and means (B, P, 2), slopes (B, P, 2, 2), p (B, P, K), Phi (B, P, K, n)."""
        model, shape = self._model, situation.present.shape
        here = situation.to(model.device, model.dtype)
        setting = model.setting(here, here.aims.likeliest, theta, structures)
        weights = model.policy.weights(self._phi.to(model.dtype))
        people, motion = here.seen.requires_grad_(), model.policy.robot.motion(here.robot)
        with torch.no_grad():
            after = model.drive(weights, motion, people, setting)
            robots = (motion.repeated(here.count), after.repeated(here.count))
        targets = model.candidates.velocity[None]
        seen = model.foresee(weights, robots, people, setting, targets)
        own, features = seen.view.own, seen.features
        p = model.respond(features, setting).p
        mean = model.candidates.mean(p)
        (slope,) = jacobian_rows(mean, (own,))
        values = (own[:, 2:], mean, slope[..., 2:], p, features)
        velocity, mean_, slope_, p_, features_ = (
            v.detach().view(*shape, *v.shape[1:]).numpy() for v in values
        )
        return velocity, mean_, slope_, p_, features_


def _one_after_another(parts: list[ChoicePrior]) -> ChoicePrior:
    return ChoicePrior(*(np.concatenate(values) for values in zip(*parts, strict=True)))
