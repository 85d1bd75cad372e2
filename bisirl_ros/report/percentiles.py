"""Median, 99th percentile and largest of measured times."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TypedDict

import numpy as np


class Percentiles(TypedDict):
    """Median, 99th percentile and largest of some times; None where nothing was measured."""

    p50: float | None
    p99: float | None
    max: float | None


def percentiles(values: Iterable[float | None]) -> Percentiles:
    """Of the finite values; None in each place where there are none."""
    finite = [v for v in values if v is not None and math.isfinite(v)]
    if not finite:
        return {"p50": None, "p99": None, "max": None}
    p50, p99 = np.percentile(finite, (50, 99))
    return {"p50": float(p50), "p99": float(p99), "max": max(finite)}


def worst_of(each: Iterable[Percentiles | None]) -> Percentiles:
    """Of several: the median of the medians, and the worst of the p99 and of the largest."""
    known = [p for p in each if p is not None]
    return {
        "p50": percentiles(p["p50"] for p in known)["p50"],
        "p99": percentiles(p["p99"] for p in known)["max"],
        "max": percentiles(p["max"] for p in known)["max"],
    }
