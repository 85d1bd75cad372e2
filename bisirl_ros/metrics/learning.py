"""How well a learner learned: against what people did, the oracle, and the episodes it took.

The relative weight error is `core.metrics.relative_error`; coverage of intervals, STARC and EPIC
are in `core.reward_distance`; regret in an exact game is `tabular.regret.regret`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError

ENOUGH = 0.1
"""The relative error at which a reward counts as learned."""


def log_likelihood_gain(model: Array, reference: Array) -> float:
    """Mean log p_model - log p_reference per decision [nat]; positive where the model is better.

    Both must be densities of the same decisions over the same space, none of which either has
    learned from: held out, or scored before the update (prequential, Dawid 1984). The reference is
    `crowd.constant_velocity.ConstantVelocityReference`.

    model, reference: log densities (T,)
    Raises InputError where shapes differ, there is no decision, or a number is nan.
    """
    model, reference = _pair("model", model, "reference", reference)
    return float(np.mean(model - reference))


def regret_to_oracle(returns: Array, oracle: Array | float) -> float:
    """Mean oracle - return per episode, in the unit of the return; 0 is the oracle itself.

    Negative where luck or a poor oracle says so: play both from the same starts with the same luck.

    returns: (E,); oracle: its return in each of these episodes (E,), or its mean
    Raises InputError where shapes differ, there is no episode, or a number is nan.
    """
    each = np.broadcast_to(oracle, np.shape(returns)) if np.ndim(oracle) == 0 else oracle
    returns, each = _pair("returns", returns, "oracle", np.asarray(each))
    return float(np.mean(each - returns))


def episodes_to_error(
    errors: Sequence[float | None] | Array, threshold: float = ENOUGH
) -> int | None:
    """Episodes after which the error is below `threshold` for good; None if censored.

    Censored is a run whose last error is not below it. An error that is None or nan is not below.

    errors: relative error after each episode, (E,)
    """
    below = np.array(errors, dtype=np.float64) < threshold
    if not below.any() or not below[-1]:
        return None
    above = np.flatnonzero(~below)
    return int(above[-1]) + 2 if len(above) else 1


def _pair(name_x: str, x: Array, name_y: str, y: Array) -> tuple[Array, Array]:
    """Both as float64: not empty, of one shape, without nan."""
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if x.shape != y.shape or x.ndim != 1 or x.size == 0:
        rule = "both must be (T,), not empty"
        raise InputError(f"{name_x} has shape {x.shape}, {name_y} {y.shape}; {rule}")
    for name, value in ((name_x, x), (name_y, y)):
        if np.isnan(value).any():
            raise InputError(f"{name}: no entry may be nan")
    return x, y
