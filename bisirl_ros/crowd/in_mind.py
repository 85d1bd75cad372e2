"""Which of the robot's policies somebody has in mind who is getting used to it.

Fictitious play (Brown 1951) with forgetting (the exponential weights of Fudenberg & Levine, The
Theory of Learning in Games, 1998, ch. 2): what they foresee is the expectation over the policies
that they met, sum_i share_i Phi_k(phi_i) -- section 1's Q with E over this mixture. What is
averaged is the foreseen behaviour: the mean of two phi is a third policy, which the robot may never
have followed.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

RATE = 0.3
"""Share of the newest episode; all earlier ones share the rest in the same way."""


def in_mind(met: Sequence[Tensor], rate: float = RATE) -> list[tuple[Tensor, float]]:
    """Each different policy (m,) of those met, newest first, and its share; they sum to one.

    met: of one episode after the other, the one going on last; whatever was before them was as the
    first of them
    """
    found: list[tuple[Tensor, float]] = []
    left = 1.0
    for number, phi in reversed(list(enumerate(met))):
        share = rate * left if number else left
        left -= share
        same = next((i for i, (other, _) in enumerate(found) if torch.equal(other, phi)), None)
        if same is None:
            found.append((phi, share))
        else:
            found[same] = (phi, found[same][1] + share)
    return [(phi, share) for phi, share in found if share > 0.0]
