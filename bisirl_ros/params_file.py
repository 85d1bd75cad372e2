"""Parameter files of ROS nodes: which sections reach whom, and what is given to everybody."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bisirl_ros.config import read_yaml
from bisirl_ros.errors import InputError

EVERYBODY = "/**"


def refuse_strangers(path: Path | str, nodes: Iterable[str]) -> None:
    """Raise InputError where a section of a parameter file reaches none of these nodes.

    nodes: full names, for instance /robot1/bisirl_node
    Raises InputError too for a file that cannot be read, is no parameter file, or has a key twice.
    """
    nodes = list(nodes)
    for section, _ in _sections(Path(path)):
        if not any(reaches(section, node) for node in nodes):
            own = section.strip("/").split("/")[-1]
            raise InputError(
                f"{path}: section '{section}' reaches no node of this run ({', '.join(nodes)});"
                f" write '/**/{own}' for any namespace, or mend the name"
            )


def for_everybody(arguments: Sequence[str]) -> frozenset[str]:
    """Names of parameters that files among ROS arguments give to all nodes (section /**).

    A node takes what it knows of these, and leaves the others to whom they are meant for.
    """
    names: set[str] = set()
    for flag, value in itertools.pairwise(arguments):
        if flag == "--params-file":
            for section, given in _sections(Path(value)):
                names |= flattened(given).keys() if section == EVERYBODY else set()
    return frozenset(names)


def given_to(path: Path | str, node: str) -> dict[str, Any]:
    """What a parameter file sets of one node, by dotted names; later sections have the last word.

    node: its full name. Raises InputError as `refuse_strangers`.
    """
    found: dict[str, Any] = {}
    for section, given in _sections(Path(path)):
        if reaches(section, node):
            found |= flattened(given)
    return found


def reaches(section: str, node: str) -> bool:
    """Whether a section's name, with * for one part and ** for any number, is the node's."""
    parts = re.split(r"(/\*\*|/\*)", "/" + section.strip("/"))
    pattern = "".join(
        {"/**": r"(?:/[^/]+)*", "/*": r"/[^/]+"}.get(part, re.escape(part)) for part in parts
    )
    return re.fullmatch(pattern, node) is not None


def flattened(given: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested parameters by their names, joined by dots."""
    found: dict[str, Any] = {}
    for key, value in given.items():
        if isinstance(value, Mapping):
            found |= flattened(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


def _sections(path: Path, read: Mapping[str, Any] | None = None) -> list[tuple[str, Any]]:
    """Each section's name and its parameters; namespaces may be nested."""
    content = read_yaml(path) if read is None else read
    if not isinstance(content, Mapping):
        raise InputError(f"{path}: is no parameter file; write NODE: ros__parameters: NAME: VALUE")
    found = []
    for key, value in content.items():
        if not isinstance(value, Mapping):
            raise InputError(f"{path}: '{key}' holds no ros__parameters; nest it in a node's name")
        if "ros__parameters" in value:
            found.append((str(key), value["ros__parameters"] or {}))
        else:
            inner = _sections(path, value)
            found += [(f"{str(key).rstrip('/')}/{name.lstrip('/')}", of) for name, of in inner]
    return found
