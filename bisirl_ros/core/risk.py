"""What of all that may come of a policy it is judged by: people are known only so well.

`estimate` takes people to be as they are estimated; `mean` draws them from what is believed of them
and takes what a policy earns on average; `cvar` does so and takes the mean of its worst episodes
alone, the conditional value at risk (Rockafellar and Uryasev 2000).
"""

from __future__ import annotations

import numpy as np

from bisirl_ros.core.arrays import Array

ESTIMATE, MEAN, CVAR = RISKS = ("estimate", "mean", "cvar")
WORST = 0.25
"""Share of the episodes that are the worst."""


def worth(returns: Array, all_of: Array, risk: str) -> Array:
    """Values (R,) whose mean a policy's returns (R,) are judged by, and no more than that.

    Of `cvar` that is `max_c c + E min(J - c, 0) / WORST`. Here c is the quantile of a policy with
    returns all_of (R,): it has all of it, another no more than its own. So whoever beats it does in
    truth.
    """
    if risk != CVAR:
        return returns
    level = np.quantile(all_of, WORST)
    return np.asarray(level + np.minimum(returns - level, 0.0) / WORST)
