"""When is a reward recovered? (FORMULATION section 6)"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from bisirl_ros.core.arrays import Array


def relative_error(theta: Array, truth: Array) -> float:
    """||theta - truth|| / ||truth||; both (n,)."""
    return float(np.linalg.norm(theta - truth) / np.linalg.norm(truth))


def held_out_mean(batches: Iterable[tuple[int, float | None]]) -> float | None:
    """Mean per decision over all batches but the first, each before it was learned from.

    batches: how many decisions, and the mean of a figure over them; those without any do not count
    None where no decision is left, or some batch's figure is not known.
    """
    later = [(count, value) for count, value in list(batches)[1:] if count]
    total, known = sum(count for count, _ in later), [v for _, v in later if v is not None]
    if not total or len(known) < len(later):
        return None
    return sum(count * value for (count, _), value in zip(later, known, strict=True)) / total
