"""A scene as the page's JSON, thinned so that the page of a long recording still opens on a phone.

Keys are as the page's scripts read them; places are told to the millimetre.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.io.plain import json_ready
from bisirl_ros.report.plot_style import ALARM, PEOPLE, ROBOT
from bisirl_ros.report.record import INTERVAL_STDS
from bisirl_ros.view.scene import Around, Prediction, Scene
from bisirl_ros.view.track import Track

NUMBERS = 150_000
"""Of people's tracks at most, and again of the robot's, of predictions, of tables and commands."""
LEAST_STRENGTH = 0.08
"""A motion that is less likely than this, beside the likeliest, is not drawn."""
DIGITS = {"xx": 6, "xy": 6, "yy": 6, "v": 2, "w": 2, "vx": 2, "vy": 2}


def scene_json(scene: Scene) -> dict[str, Any]:
    """Plain values; None for what is not known."""
    people = [_thinned(track, NUMBERS // max(len(scene.people), 1)) for track in scene.people]
    command = _thinned(scene.command, NUMBERS // 2)
    ready: dict[str, Any] = json_ready(
        {
            "title": scene.title,
            "about": scene.about,
            "duration": round(scene.duration_s, 3),
            "began": scene.began_s,
            "names": scene.names,
            "colours": {"robot": ROBOT, "alarm": ALARM, "people": PEOPLE},
            "interval": INTERVAL_STDS,
            "plan": {
                "walls": scene.plan.walls,
                "discs": scene.plan.discs,
                "bounds": scene.plan.bounds,
                "robot": scene.plan.robot_radius_m,
                "person": scene.plan.person_radius_m,
            },
            "robot": _track(_thinned(scene.robot, NUMBERS)),
            "people": {track.name: _track(track) for track in people},
            "command": _track(command),
            "routes": [{"t": r.time_s, "points": _rounded(r.points, 3)} for r in scene.routes],
            "goals": [
                {"t": g.time_s, "of": {who: _rounded(p, 3) for who, p in g.goals.items()}}
                for g in scene.goals
            ],
            "features": scene.features,
            "estimates": [
                {
                    "t": e.time_s,
                    "theta": {who: _rounded(np.array(v), 4) for who, v in e.theta.items()},
                    "std": {who: _rounded(np.array(v), 4) for who, v in e.std.items()},
                }
                for e in scene.estimates
            ],
            "truth": scene.truth,
            "predictions": [_prediction(p) for p in _fewer(scene.predictions)],
            "events": [
                {
                    "t": round(e.time_s, 3),
                    "until": round(e.until_s, 3),
                    "kind": e.kind,
                    "text": e.text,
                    "strength": e.strength,
                    "usual": e.usual,
                }
                for e in scene.events
            ],
            "around": _around(scene.around),
            "missing": scene.missing,
            "notes": scene.notes,
        }
    )
    return ready


def _thinned(track: Track, numbers: int) -> Track:
    return track.thinned(numbers // (1 + len(track.columns)))


def _track(track: Track) -> dict[str, Any] | None:
    """Columns of which nothing is known are left out."""
    if not len(track):
        return None
    columns = {
        name: _rounded(values, DIGITS.get(name, 3))
        for name, values in track.columns.items()
        if np.isfinite(values).any()
    }
    return {"t": _rounded(track.time_s, 3), **columns, "pieces": track.pieces}


def _fewer(predictions: tuple[Prediction, ...]) -> list[Prediction]:
    """As many as there is room for, evenly in time."""
    numbers = sum(1 + 2 * len(points) for p in predictions for of in p.paths.values()
                  for strength, points in of if strength >= LEAST_STRENGTH)  # fmt: skip
    every = max(1, -(-numbers // NUMBERS))
    return list(predictions[::every])


def _prediction(prediction: Prediction) -> dict[str, Any]:
    return {
        "t": round(prediction.time_s, 3),
        "of": {
            who: [
                [round(strength, 2), *_rounded(points.ravel(), 2)]
                for strength, points in paths
                if strength >= LEAST_STRENGTH
            ]
            for who, paths in prediction.paths.items()
        },
    }


def _around(around: Around | None) -> dict[str, Any] | None:
    if around is None:
        return None
    numbers = sum(rows.size for table in around.tables for rows in table.values())
    every, last = max(1, -(-numbers // NUMBERS)), len(around.tables) - 1
    tables = [
        {who: [_rounded(row, 3) for row in rows] for who, rows in table.items()}
        if i % every == 0 or i == last
        else None
        for i, table in enumerate(around.tables)
    ]
    return {"step": around.step_m, "worst": around.worst, "tables": tables}


def _rounded(values: Array, digits: int) -> Any:
    """As nested lists; whole numbers without a point, which is shorter."""
    return (np.round(values, digits) + 0.0).tolist()
