"""What a run ran on."""

from __future__ import annotations

import importlib.metadata
import platform

from bisirl_ros import __version__


def versions() -> dict[str, str]:
    """Versions of the packages that matter, by name."""
    found = {"bisirl_ros": __version__, "python": platform.python_version()}
    for name in ("torch", "numpy", "pybullet", "ros-rclpy", "safetensors"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
