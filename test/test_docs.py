"""What the documentation gives as an example works as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from bisirl_ros.crowd.features import FEATURES
from bisirl_ros.crowd.scenario import load_scenario, scenario_names
from bisirl_ros.crowd.task_terms import TERMS
from bisirl_ros.crowd.true_weights import true_weights

SCENARIOS = Path(__file__).parents[1] / "docs" / "scenarios.md"


def test_the_scenario_of_your_own_loads_and_starts(tmp_path: Path) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", SCENARIOS.read_text(), re.DOTALL)
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    scenario = load_scenario(str(path))
    assert len(scenario.sample(20, np.random.default_rng(0))) == 20
    assert true_weights(scenario, seed=1, spread=0.0).tolist() == [[0.5, 2.0, -2.0]]


def test_every_term_feature_and_scenario_is_named() -> None:
    text = SCENARIOS.read_text() + (SCENARIOS.parents[1] / "README.md").read_text()
    for name in [*TERMS, *FEATURES, *scenario_names()]:
        if name != "people":  # the recordings'
            assert f"`{name}`" in text, name
