"""What was found of recorded people, as plain numbers and as words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from scipy.stats import kstwo, t  # type: ignore[import-untyped]

from bisirl_ros.core.arrays import Array
from bisirl_ros.real_people.answer import DISTANCES_M, Difference
from bisirl_ros.real_people.futures import Foretold
from bisirl_ros.real_people.held_out import REWARD, Scores, clustered_mean, paired
from bisirl_ros.real_people.rewards import Estimate, Rewards

WINDOW_NAMES: Final = ("ADE_m", "FDE_m")


def rewards_found(found: Rewards) -> dict[str, Any]:
    """Weights with deviations, by name of the feature."""
    spread = np.sqrt(np.diag(found.prior.spread))
    everybody = found.all
    return {
        "features": list(found.features),
        "everybody": _named(found, everybody.theta, everybody.deviation),
        "everybody_laplace": _named(found, everybody.theta, np.sqrt(np.diag(everybody.laplace))),
        "people_in_general": _named(
            found, found.prior.mean, np.sqrt(np.diag(found.prior.mean_covariance))
        ),
        "between_people": dict(zip(found.features, spread.tolist(), strict=True)),
        "dispersion": found.dispersion,
        "scenes": {name: _estimate(found, one) for name, one in found.scenes.items()},
        "people": {name: _estimate(found, one) for name, one in found.people.items()},
    }


def _named(found: Rewards, theta: Array, deviation: Array) -> dict[str, list[float]]:
    pairs = zip(found.features, theta.tolist(), deviation.tolist(), strict=True)
    return {name: [value, std] for name, value, std in pairs}


def _estimate(found: Rewards, one: Estimate) -> dict[str, Any]:
    return {"decisions": one.decisions, "weights": _named(found, one.theta, one.deviation)}


def difference_found(of: Difference) -> dict[str, Any]:
    """r(d) of one group of robots less the other's."""
    pairs = zip(DISTANCES_M, of.mean.tolist(), of.deviation.tolist(), strict=True)
    return {
        "by_distance_m": {f"{d:g}": [mean, std] for d, mean, std in pairs},
        "statistic": of.statistic,
        "freedom": list(of.freedom),
        "p": of.p,
    }


def scores_found(scores: Sequence[Scores]) -> dict[str, Any]:
    """Likelihoods, gains of the reward, calibration, and what was foretold of the seconds after."""
    names = list(scores[0].by)
    ranks = np.concatenate([one.rank for one in scores])
    scene = np.array([name for one in scores for name in one.scene])
    by = {name: np.concatenate([one.by[name] for one in scores]) for name in names}
    others = [name for name in names if name != REWARD]
    return {
        "decisions": len(ranks),
        "scenes": len(set(scene)),
        "log_likelihood": {name: float(values.mean()) for name, values in by.items()},
        "by_scene": {
            str(one): {name: float(values[scene == one].mean()) for name, values in by.items()}
            for one in np.unique(scene)
        },
        "gain_of_reward": {name: paired(scores, REWARD, name) for name in others},
        "gain_where_they_move": {name: paired(scores, REWARD, name, True) for name in others},
        "calibration": uniform(ranks),
        "windows": windows_found([one.foretold for one in scores]),
    }


def windows_found(told: Sequence[Foretold]) -> dict[str, Any]:
    """Errors of the mean future and of constant velocity, contacts, ranks of the ends.

    Empty where nobody was seen for long enough; gains are by scene, `most` as in `paired`.
    """
    scene = [name for one in told for name in one.scene]
    if not scene:
        return {}
    mean, straight = _joined(told, "mean"), _joined(told, "straight")
    most = float(t.ppf(0.975, max(len(set(scene)) - 1, 1)))
    better = {}
    for column, name in enumerate(WINDOW_NAMES):
        gain, deviation = clustered_mean(straight[:, column] - mean[:, column], scene)
        better[name] = {"gain": gain, "deviation": deviation, "most": most}
    return {
        "windows": len(mean),
        "mean_future": dict(zip(WINDOW_NAMES, mean.mean(0).tolist(), strict=True)),
        "constant_velocity": dict(zip(WINDOW_NAMES, straight.mean(0).tolist(), strict=True)),
        "better": better,
        "contacts": _contacts(told, scene),
        "calibration": uniform(_joined(told, "rank")),
    }


def _contacts(told: Sequence[Foretold], scene: Sequence[str]) -> dict[str, Any]:
    """Shares of windows beside a robot in which it is touched; empty where there is none."""
    beside = _joined(told, "beside").astype(bool)
    if not beside.any():
        return {}
    shares = {name: _joined(told, name)[beside] for name in ("real", "drawn", "straight_on")}
    where = [name for name, there in zip(scene, beside, strict=True) if there]
    more, deviation = clustered_mean(shares["drawn"] - shares["real"], where)
    most = float(t.ppf(0.975, max(len(set(where)) - 1, 1)))
    means = {name: float(share.mean()) for name, share in shares.items()}
    return {**means, "more": {"gain": more, "deviation": deviation, "most": most}}


def _joined(told: Sequence[Foretold], name: str) -> Array:
    return np.concatenate([each for one in told if len(each := getattr(one, name))])


def uniform(ranks: Array) -> dict[str, Any]:
    """Whether ranks (N,) are uniform on [0, 1]: the largest distance, and 95 % of chance's.

    inside: share of ranks below each level (Kolmogorov and Smirnov; as if all were independent)
    """
    ordered = np.sort(ranks)
    grid = np.arange(1, len(ordered) + 1) / len(ordered)
    far = float(np.maximum(np.abs(grid - ordered), np.abs(grid - 1 / len(grid) - ordered)).max())
    levels = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
    return {
        "distance": far,
        "band": float(kstwo.ppf(0.95, len(ordered))),
        "inside": {f"{level:g}": float((ranks <= level).mean()) for level in levels},
    }


def table(found: Mapping[str, Any]) -> list[str]:
    """Scores as lines for people."""
    lines = [f"{'held out, log density per decision':38s} {'':8s} the reward is better by"]
    for name, value in found["log_likelihood"].items():
        line = f"{name:38s} {value:8.3f}"
        if name != REWARD:
            gain = found["gain_of_reward"][name]
            moving = found["gain_where_they_move"][name]
            line += f" {gain['gain']:8.3f} +- {gain['most'] * gain['deviation']:.3f}"
            line += f", better in {gain['scenes_better']:.0%} of scenes; where they move"
            line += f" {moving['gain']:.3f} +- {moving['most'] * moving['deviation']:.3f}"
        lines.append(line)
    windows = found["windows"]
    if not windows:
        return [*lines, *_calibrated("decisions", found["calibration"])]
    for name in ("mean_future", "constant_velocity"):
        ade, fde = (windows[name][error] for error in WINDOW_NAMES)
        lines.append(f"{name.replace('_', ' '):38s} ADE {ade:.3f} m, FDE {fde:.3f} m")
    if touching := windows["contacts"]:
        told = ", ".join(f"{name} {touching[name]:.1%}" for name in ("real", "drawn"))
        lines.append(f"{'touch the robot':38s} {told}")
    lines += _calibrated("decisions", found["calibration"])
    lines += _calibrated("ends of windows", windows["calibration"])
    return lines


def _calibrated(what: str, told: Mapping[str, Any]) -> list[str]:
    inside = ", ".join(f"{level}: {share:.3f}" for level, share in told["inside"].items())
    off = f"off by {told['distance']:.3f}, chance {told['band']:.3f}"
    return [f"{'calibration of ' + what:38s} {inside}; {off}"]
