"""What a graph heard, as records and numbers."""

from __future__ import annotations

import json
from typing import Any

import numpy as np


def records(heard: list[Any]) -> list[dict[str, Any]]:
    """JSON messages as records."""
    return [json.loads(h.message.data) for h in heard]


def events(heard: list[Any]) -> list[str]:
    """What the `episode` topic told."""
    return [record["event"] for record in records(heard)]


def speeds(heard: list[Any]) -> np.ndarray:
    """Forward speed and turn rate of each command, (N, 2)."""
    twists = [h.message.twist for h in heard]
    return np.array([(t.linear.x, t.angular.z) for t in twists]).reshape(-1, 2)


def moving(heard: list[Any], faster_than: float = 0.3) -> bool:
    """Whether the last command drives."""
    return bool(heard) and heard[-1].message.twist.linear.x > faster_than


def standing(heard: list[Any]) -> bool:
    """Whether the last command is zero."""
    return bool(heard) and not speeds(heard[-1:]).any()
