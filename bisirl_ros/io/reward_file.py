"""`reward.json`: what was learned of people's rewards, for other learners to start from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from bisirl_ros.config import from_mapping, setting
from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.person import FeatureSpec, Person
from bisirl_ros.errors import InputError
from bisirl_ros.io.files import write_whole

REWARD = "bisirl.reward/1"
FORESIGHT = ("decision_period_s", "horizon", "discount", "lag_s", "preferred_speed")
"""Of a person, beside the features: over what these are summed, and their stride."""
LEAST = 1e-9
"""Least eigenvalue of correlations that can be told from 0, and most by which two may differ."""


@dataclass(frozen=True, eq=False)
class LearnedReward:
    """theta ~ N(mean, covariance) over people, and what a weight means.

    features: in the order of theta; decision_period_s [s], horizon, discount, lag_s [s],
    preferred_speed [m/s]: as those of `crowd.person.Person`; mean: (n,); covariance: (n, n),
    positive definite
    people: how many taught it; source: where it is from, in one line of words
    """

    features: tuple[FeatureSpec, ...]
    decision_period_s: float
    horizon: int
    discount: float
    lag_s: float
    preferred_speed: float
    mean: Array
    covariance: Array
    people: int
    source: str

    @staticmethod
    def of(
        person: Person, mean: Array, covariance: Array, people: int, source: str
    ) -> LearnedReward:
        """About such persons."""
        foresight = {name: getattr(person, name) for name in FORESIGHT}
        return LearnedReward(
            person.features,
            **foresight,
            mean=mean,
            covariance=covariance,
            people=people,
            source=source,
        )

    def refuse_others(self, person: Person, where: str, whose: str) -> None:
        """Raise InputError where theta would mean another thing for a person than for these.

        where: what to call this reward, whose: what to call that person
        """
        pairs = list(zip_longest(self.features, person.features))
        differ = [
            f"feature {i} is {_told(ours)}, {whose} has {_told(theirs)}"
            for i, (ours, theirs) in enumerate(pairs, 1)
            if ours != theirs
        ]
        differ += [
            f"its {name} is {getattr(self, name):g}, {whose} has {getattr(person, name):g}"
            for name in FORESIGHT
            if getattr(self, name) != getattr(person, name)
        ]
        if differ:
            raise InputError(
                f"{where}: {'; '.join(differ)}: theta would mean another thing; take the scenario"
                " it was learned in, or learn it in this one"
            )


def write_reward(path: Path, reward: LearnedReward) -> None:
    """Write it, whole or not at all; raises InputError where that cannot be."""
    named = {name: getattr(reward, name) for name in (*FORESIGHT, "people", "source")}
    plain = {
        "schema": REWARD,
        "features": [asdict(feature) for feature in reward.features],
        **named,
        "mean": reward.mean.tolist(),
        "covariance": (0.5 * (reward.covariance + reward.covariance.T)).tolist(),
    }
    try:
        write_whole(path, (json.dumps(plain, indent=2, allow_nan=False) + "\n").encode())
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error.strerror or error}); choose another folder"
        ) from error


@dataclass(frozen=True)
class _Plain:
    """What the file holds."""

    schema: str = setting(doc="REWARD")
    features: tuple[FeatureSpec, ...] = setting(doc="in the order of mean")
    decision_period_s: float = setting(doc="time between decisions", unit="s", low=0.0)
    horizon: int = setting(doc="decisions people look ahead", low=1)
    discount: float = setting(doc="gamma", low=0.0, high=1.0)
    lag_s: float = setting(doc="of the body", unit="s", low=0.0)
    preferred_speed: float = setting(doc="which progress counts in", unit="m/s", low=0.0)
    mean: tuple[float, ...] = setting(doc="of theta")
    covariance: tuple[tuple[float, ...], ...] = setting(doc="of theta")
    people: int = setting(doc="how many taught it", low=1)
    source: str = setting(doc="where it is from")


def read_reward(path: Path) -> LearnedReward:
    """What `write_reward` wrote; raises InputError, which names file and key, for anything else."""
    plain = from_mapping(_Plain, _json(path), str(path))
    n = len(plain.features)
    if not n:
        raise InputError(f"{path}: features: is empty; name at least one")
    if len(plain.mean) != n:
        raise InputError(f"{path}: mean: has {len(plain.mean)} entries for {n} features; give {n}")
    covariance = _covariance(plain.covariance, n, f"{path}: covariance")
    given = {name: getattr(plain, name) for name in ("features", *FORESIGHT, "people", "source")}
    return LearnedReward(**given, mean=np.array(plain.mean), covariance=covariance)


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"), parse_int=_number)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: is not JSON ({error}); give a run's reward.json") from error
    schema = found.get("schema") if isinstance(found, dict) else None
    if not isinstance(found, dict) or schema != REWARD:
        raise InputError(
            f"{path}: schema: is {schema or 'missing'}, expected {REWARD}; give a run's reward.json"
        )
    return found


def _number(digits: str) -> int | float:
    """An integer, as far as a float holds it."""
    return int(digits) if len(digits) < 300 else float(digits)


def _covariance(rows: Sequence[Sequence[float]], n: int, where: str) -> Array:
    """(n, n), symmetric to the last digit."""
    if len(rows) != n or any(len(row) != n for row in rows):
        raise InputError(f"{where}: is not {n} rows of {n} numbers, as there are features")
    found = np.array(rows)
    if not np.isfinite(found).all():
        raise InputError(f"{where}: holds a number that is not finite")
    variance = np.diag(found)
    if not (variance > 0.0).all():
        raise InputError(f"{where}: a variance is not positive")
    std = np.sqrt(variance)
    correlation = found / std[:, None] / std
    if np.abs(correlation - correlation.T).max() > LEAST:
        raise InputError(f"{where}: is not symmetric")
    if not np.linalg.eigvalsh(correlation)[0] > LEAST:
        raise InputError(f"{where}: is not positive definite")
    return np.asarray(0.5 * (found + found.T))


def _told(feature: FeatureSpec | None) -> str:
    if feature is None:
        return "none"
    distance = f", distance {feature.distance:g}" if feature.distance else ""
    return f"{feature.name} (scale {feature.scale:g}{distance})"
