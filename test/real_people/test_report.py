"""Numbers and words of what was found."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest, kstwo

from bisirl_ros.real_people.report import uniform


@pytest.mark.parametrize("power", [1.0, 0.5, 3.0])
def test_the_distance_from_uniform_ranks(power: float) -> None:
    ranks = np.random.default_rng(0).random(300) ** power
    found = uniform(ranks)
    assert found["distance"] == pytest.approx(kstest(ranks, "uniform").statistic)
    assert kstwo.sf(found["band"], 300) == pytest.approx(0.05)
    assert (found["distance"] < found["band"]) == (power == 1.0)
    assert found["inside"]["0.5"] == np.count_nonzero(ranks <= 0.5) / 300
    assert list(found["inside"]) == ["0.1", "0.25", "0.5", "0.75", "0.9", "0.95"]
