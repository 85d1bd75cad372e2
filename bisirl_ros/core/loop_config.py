"""Settings of the double loop (FORMULATION section 4)."""

from __future__ import annotations

from dataclasses import dataclass

from bisirl_ros.config import setting
from bisirl_ros.core.hypergradient import Estimator, Hypergradient
from bisirl_ros.core.lower_level import Method
from bisirl_ros.core.people_evidence import EACH, REWARDS
from bisirl_ros.core.risk import CVAR, ESTIMATE, RISKS
from bisirl_ros.errors import InputError

STRUCTURES = AS_GIVEN, LEARNED = ("given", "learned")
LEAST_CHECKED = 16
"""Episodes of which a standard error can be told."""


@dataclass(frozen=True)
class LoopConfig:
    """Settings of the double loop."""

    hypergradient: str = setting(
        "implicit",
        doc="how the outer gradient is estimated; spsa and finite-difference need a game that "
        "can be played again",
        choices=tuple(method.value for method in Hypergradient),
    )
    cg_steps: int = setting(100, doc="conjugate-gradient steps of implicit", low=1, high=100000)
    neumann_terms: int = setting(100, doc="terms of neumann", low=1, high=100000)
    perturbation: float = setting(
        0.1, doc="c of the perturbation c / (k + 1)^0.101 of spsa", low=1e-9, high=10.0
    )
    spsa_samples: int = setting(1, doc="perturbations that spsa averages", low=1, high=100000)
    reward: str = setting(
        "each",
        doc="how people's rewards hang together: each has their own, all share one, or what some "
        "teach is the prior of others (pooled); where people have names",
        choices=REWARDS,
    )
    prior_precision: float = setting(
        0.1, doc="Lambda_0, precision of the prior on every weight", low=1e-9, high=1e6
    )
    drift_alarm: float = setting(
        0.0,
        doc="probability of a false alarm of the drift test; 0 tests nothing",
        low=0.0,
        high=0.5,
    )
    forgetting: float = setting(
        0.0, doc="rho: what a detected drift leaves of older evidence", low=0.0, high=1.0
    )
    misfit_alarm: float = setting(
        0.01,
        doc="probability with which a person who fits the model is ever said not to; where they do "
        "not, their deviations are robust ones; 0 asks nothing",
        low=0.0,
        high=0.5,
    )
    structure: str = setting(
        AS_GIVEN,
        doc="how somebody decides, beside what they want (horizon, discount, view of the robot, "
        "goal): as the scenario has it, or learned: of a small family, which explains them best",
        choices=STRUCTURES,
    )
    evidence_window: int = setting(200, doc="batches kept exactly", low=1, high=100000)
    inner_method: str = setting(
        "newton", doc="how the inner loop descends", choices=tuple(m.value for m in Method)
    )
    inner_tolerance: float = setting(
        1e-5, doc="eps_0 of the inner stop ||grad g|| <= eps_0 / (k + 1)", low=1e-12, high=1.0
    )
    inner_max_iterations: int = setting(50, doc="T_max of the inner loop", low=1, high=10000)
    inner_starts: int = setting(
        1, doc="starts of the inner loop, all but one at random", low=1, high=1000
    )
    policy_steps: int = setting(
        8, doc="outer updates per batch; 0 learns no policy", low=0, high=99
    )
    policy_starts: int = setting(
        1,
        doc="searches for a better policy side by side, from starts of their own, until they "
        "are surely worse; the best find is deployed",
        low=1,
        high=100,
    )
    checked_episodes: int = setting(
        512,
        doc="imagined episodes, at most, by which a new policy must be better than the deployed "
        "one; 0 checks nothing (nor does it where beta_i > 0)",
        low=0,
        high=100000,
    )
    optimiser: str = setting(
        "adam", doc="of the outer loop; sgd is the plain step of theory", choices=("adam", "sgd")
    )
    learning_rate: float = setting(
        0.05, doc="eta_0 of the step eta_0 / sqrt(1 + updates / rate_decay)", low=0.0, high=1000.0
    )
    rate_decay: float = setting(
        150.0, doc="updates after which the step has shrunk to 0.7", low=1e-3, high=1e9
    )
    replayed_batches: int = setting(6, doc="newest batches in the cross term", low=1, high=1000)
    risk: str = setting(
        ESTIMATE,
        doc="what of people the policy is judged by: as they are estimated; as they may be, on "
        "average (mean); or the worst quarter of what may come of it (cvar)",
        choices=RISKS,
    )
    beta_i: float = setting(
        0.0, doc="weight of the information that an episode will give [1/nat]", low=0.0, high=1e6
    )

    def __post_init__(self) -> None:
        if 0 < self.checked_episodes < LEAST_CHECKED:
            raise InputError(
                f"learner: checked_episodes must be 0 or at least {LEAST_CHECKED}, got "
                f"{self.checked_episodes}: of fewer episodes the error is not known"
            )
        compared = self.policy_steps and self.checks
        if self.policy_starts > 1 and (not compared or self.risk == CVAR):
            raise InputError(
                "learner: policy_starts above 1 needs policy_steps and checked_episodes above 0,"
                " beta_i 0 and risk estimate or mean: which policy is the best is told by the mean"
                " return of imagined episodes"
            )
        if self.structure == LEARNED and self.reward != EACH:
            raise InputError(
                f"learner: structure 'learned' needs reward 'each', not '{self.reward}': weights of"
                " people who decide in different ways do not teach about each other"
            )

    @property
    def checks(self) -> bool:
        """Whether imagined episodes decide if a new policy is deployed; without information gain,
        which they do not have."""
        return self.checked_episodes > 0 and self.beta_i == 0.0

    @property
    def estimator(self) -> Estimator:
        """Of the hypergradient."""
        return Estimator(
            Hypergradient(self.hypergradient),
            self.cg_steps,
            self.neumann_terms,
            self.perturbation,
            self.spsa_samples,
        )
