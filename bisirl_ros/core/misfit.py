"""Does somebody behave as no reward of these features explains? A test that may look every episode.

Beside its features the likelihood is asked about statistics z that the reward leaves out. Had they
weights lambda of their own, the score of lambda at lambda = 0 would be what was seen of z less what
the model expects (Rao's score test). Of each batch it is taken at the estimate made before it, so
that these innovations r_k have mean zero under the model, given the past, and covariance

    V_k = Cov z + Cov(z, Phi) P_k Cov(Phi, z),  P_k the covariance of theta then.

Each statistic is measured in its deviation for one decision, as the batches before had it, so that
those weigh alike who choose widely and who hardly vary, but in no less than what those have that
vary: what hardly does, such as a place where nobody was, is not made much of. (In the deviation of
the batch itself, which depends on what was chosen in it, innovations would have a mean.) With
S = sum r_k and V = sum V_k, the mean of exp(lambda . S - lambda' V lambda / 2) over a Gaussian
lambda of variance w (Robbins 1970) is evidence against the model,

    |I + w V|^(-1/2) exp( S' (V + I / w)^-1 S / 2 ),

and E is its mean over the statistics, each alone and all together, and over WIDTHS. It is the Bayes
factor of a model that has some of those weights, and, being a martingale of mean one where
innovations are Gaussian, ever above 1 / alpha with a probability of at most alpha, however often it
is looked at (Ville 1939; Shafer 2021). What the estimate is too poor to foretell is left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.likelihood import Likelihood

WIDTHS = (0.03, 0.3)
"""w, the variance of the weights that a reward might lack, per deviation of a statistic."""
POOREST = 1.0
"""Batches do not count in which what is not known of theta varies some z more than that many times
as much as choice does."""
JITTER = 1e-9


@dataclass(frozen=True)
class Misfit:
    """What one person's batches say against the model; immutable.

    total: (k,) S; spread: (k, k) V; unit: (k,) the variance of each statistic for one decision, in
    the newest batches above all; zero before the first that counts, which has nothing to go by
    most: the largest log E so far, natural
    """

    total: Array
    spread: Array
    unit: Array
    most: float = 0.0

    @staticmethod
    def none(k: int) -> Misfit:
        """Nothing seen yet; k: number of statistics."""
        return Misfit(np.zeros(k), np.zeros((k, k)), np.zeros(k))

    def after(self, wider: Likelihood, theta: Array, covariance: Array) -> Misfit:
        """With one more batch; itself where that says nothing finite, or nothing could vary in it.

        wider: its likelihood with the statistics behind the n features
        theta: (n,) the estimate made before it; covariance: (n, n) of that
        """
        n, k = len(theta), len(self.total)
        at = np.concatenate([theta, np.zeros(k)])
        told, innovation = wider.fisher(at), -wider.gradient(at)[n:]
        if not (np.isfinite(told).all() and np.isfinite(innovation).all()):
            return self
        across, by_choice = told[n:, :n], told[n:, n:]
        if not np.trace(by_choice) > 0.0:  # nothing could have been chosen otherwise
            return self
        by_theta = across @ covariance @ across.T
        by_choice = by_choice + JITTER * float(np.trace(by_choice)) * np.eye(k)
        if np.linalg.eigvals(np.linalg.solve(by_choice, by_theta)).real.max() > POOREST:
            return self
        spread = by_choice + by_theta
        each = np.diag(spread) / len(wider)
        if not self.unit.any():
            return replace(self, unit=each)
        usual = self.unit @ self.unit / self.unit.sum()  # however many hardly vary
        scale = 1.0 / np.sqrt(np.maximum(self.unit, usual))
        found = Misfit(
            self.total + innovation * scale,
            self.spread + spread * np.outer(scale, scale),
            0.5 * (self.unit + each),
        )
        return replace(found, most=max(self.most, found.log_evidence))

    @property
    def log_evidence(self) -> float:
        """log E, natural."""
        alone, found = np.diag(self.spread), []
        for w in WIDTHS:
            found += list(0.5 * (self.total**2 / (alone + 1.0 / w) - np.log1p(w * alone)))
            _, log_size = np.linalg.slogdet(np.eye(len(alone)) + w * self.spread)
            within = self.spread + np.eye(len(alone)) / w
            found.append(0.5 * (self.total @ np.linalg.solve(within, self.total) - log_size))
        return float(np.logaddexp.reduce(found)) - math.log(len(found))

    @property
    def deviations(self) -> Array:
        """Each statistic's sum, in its standard deviations under the model: (k,)."""
        spread = np.sqrt(np.maximum(np.diag(self.spread), 0.0))
        return np.divide(self.total, spread, out=np.zeros_like(self.total), where=spread > 0.0)

    def found(self, false_alarm: float) -> bool:
        """Whether the model was rejected, with a probability `false_alarm` of being wrong ever."""
        return false_alarm > 0.0 and self.most >= -math.log(false_alarm)
