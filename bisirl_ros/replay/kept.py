"""The parameters that were kept with a run or a bag."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bisirl_ros.config import read_yaml
from bisirl_ros.errors import InputError

CONFIGURATION = "configuration.json"
PARAMETERS = Path("parameters") / "bisirl_node.yaml"
NODE, CUSTOM_DATA = "bisirl_node", "bisirl"
OURS = {"use_sim_time"}
"""Parameters that every node has, and a replay decides by itself."""


def recorded_parameters(bag: Path) -> dict[str, Any]:
    """The parameters of the node that was recorded, nested; empty where nobody kept them.

    They are in a file beside the messages, in the bag's own custom data, or in the run's folder.
    Raises InputError for a file of them that makes no sense.
    """
    folder = bag if bag.is_dir() else bag.parent
    found = _of_configuration(folder) or _of_metadata(folder)
    return nested(found) if found else run_parameters(folder.parent)


def run_parameters(run: Path) -> dict[str, Any]:
    """Those in a run's folder, nested; empty where nobody kept them; raises InputError."""
    path = run / PARAMETERS
    if not path.is_file():
        return {}
    try:
        return nested(read_yaml(path)["/**"]["ros__parameters"])
    except (KeyError, TypeError) as error:
        raise InputError(f"{path}: is no parameter file of a run") from error


def _of_configuration(folder: Path) -> dict[str, Any]:
    path = folder / CONFIGURATION
    if not path.is_file():
        return {}
    try:
        settings = json.loads(path.read_text())["settings"]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: holds no settings ({error})") from error
    return _parameters(settings, path) if settings else {}


def _of_metadata(folder: Path) -> dict[str, Any]:
    path = folder / "metadata.yaml"
    if not path.is_file():
        return {}
    information = (read_yaml(path) or {}).get("rosbag2_bagfile_information") or {}
    text = (information.get("custom_data") or {}).get(CUSTOM_DATA)
    try:
        return _parameters(json.loads(text), path) if text else {}
    except ValueError as error:
        raise InputError(f"{path}: custom data '{CUSTOM_DATA}' is no JSON") from error


def _parameters(settings: Any, path: Path) -> dict[str, Any]:
    try:
        return dict(settings["parameters"][NODE])
    except (KeyError, TypeError) as error:
        raise InputError(f"{path}: holds no parameters of {NODE} ({error})") from error


def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters by dotted names as mappings of mappings; those that are not ours are left out."""
    found: dict[str, Any] = {}
    for name, value in flat.items():
        if name in OURS:
            continue
        *rooms, last = name.split(".")
        into = found
        for room in rooms:
            into = into.setdefault(room, {})
        into[last] = value
    return found
