"""Does somebody behave as no reward of these features explains? A test that may look every episode.

Beside its features the likelihood is asked about statistics z that the reward leaves out. Had they
weights lambda of their own, the score of lambda at lambda = 0 would be what was seen of z less what
the model expects (Rao's score test). Of each batch it is taken at the estimate made before it, so
that these innovations r_k have mean zero under the model, given the past, and covariance

    V_k = Cov z + Cov(z, Phi) P_k Cov(Phi, z),  P_k the covariance of theta then.

Each statistic is measured in its deviation for one decision of the batch, so that those weigh alike
who choose widely and who hardly vary. With S = sum r_k and V = sum V_k, averaging
exp(lambda . S - lambda' V lambda / 2) over a Gaussian lambda of variance w (Robbins 1970) gives
evidence against the model,

    |I + w V|^(-1/2) exp( S' (V + I / w)^-1 S / 2 ),

and E is its mean over the statistics, each alone and all together, and over WIDTHS. It is the Bayes
factor of a model that has some of those weights, and, being a martingale of mean one where
innovations are Gaussian, above 1 / alpha with a probability of at most alpha, however often it is
looked at (Ville 1939; Shafer 2021). What the estimate is too poor to foretell is left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.likelihood import Likelihood

WIDTHS = (0.03, 0.3)
"""w, the variance of the weights that a reward might lack, per deviation of a statistic."""
POOREST = 1.0
"""Batches whose z varies more by what is not known of theta, than that many times by choice, do not
count."""
JITTER = 1e-9


@dataclass(frozen=True)
class Misfit:
    """What one person's batches say against the model; immutable.

    total: (k,) S; spread: (k, k) V, its diagonal the number of decisions; batches: how many counted
    """

    total: Array
    spread: Array
    batches: int = 0

    @staticmethod
    def none(k: int) -> Misfit:
        """Nothing seen yet; k: number of statistics."""
        return Misfit(np.zeros(k), np.zeros((k, k)))

    def after(self, wider: Likelihood, theta: Array, covariance: Array) -> Misfit:
        """With one more batch.

        wider: its likelihood with the statistics behind the n features
        theta: (n,) the estimate made before it; covariance: (n, n) of that
        """
        n, k = len(theta), len(self.total)
        at = np.concatenate([theta, np.zeros(k)])
        told = wider.fisher(at)
        across = told[n:, :n]
        by_theta, by_choice = across @ covariance @ across.T, told[n:, n:]
        size = JITTER * max(float(np.trace(by_choice)), JITTER) * np.eye(k)
        if np.trace(np.linalg.solve(by_choice + size, by_theta)) > POOREST * k:
            return self
        spread = by_choice + by_theta + size
        unit = np.sqrt(np.diag(spread) / len(wider))
        total = self.total - wider.gradient(at)[n:] / unit
        return Misfit(total, self.spread + spread / np.outer(unit, unit), self.batches + 1)

    @property
    def log_evidence(self) -> float:
        """log E, natural."""
        every = range(len(self.total))
        of = [self._log_evidence(list(some), w) for w in WIDTHS for some in [*zip(every), every]]
        return float(np.logaddexp.reduce(of)) - math.log(len(of))

    def _log_evidence(self, some: list[int], w: float) -> float:
        """That the reward lacks weights of some of the statistics."""
        total, spread = self.total[some], self.spread[np.ix_(some, some)]
        _, log_size = np.linalg.slogdet(np.eye(len(some)) + w * spread)
        gain = total @ np.linalg.solve(spread + np.eye(len(some)) / w, total)
        return 0.5 * float(gain - log_size)

    @property
    def deviations(self) -> Array:
        """Each statistic's sum, in its standard deviations under the model: (k,)."""
        spread = np.sqrt(np.maximum(np.diag(self.spread), 0.0))
        return np.divide(self.total, spread, out=np.zeros_like(self.total), where=spread > 0.0)

    def found(self, false_alarm: float) -> bool:
        """Whether the model is rejected, with a probability `false_alarm` of being wrong ever."""
        return false_alarm > 0.0 and self.log_evidence >= -math.log(false_alarm)
