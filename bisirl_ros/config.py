"""Frozen config dataclasses: each field carries its meaning, unit and range; unknown keys raise.

The same declaration reads a YAML file and declares the ROS parameters of a node.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml

from bisirl_ros.errors import InputError

T = TypeVar("T")


def setting(
    default: Any = dataclasses.MISSING,
    *,
    doc: str,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    choices: Sequence[str] | None = None,
) -> Any:
    """Declare a dataclass field with its description, unit, inclusive range or choices."""
    metadata = {"doc": doc, "unit": unit, "low": low, "high": high, "choices": choices}
    if isinstance(default, (list, dict)):
        raise TypeError("use a tuple for a sequence default")
    return dataclasses.field(default=default, metadata=metadata)


def from_mapping(cls: type[T], mapping: object, where: str) -> T:
    """Build dataclass `cls` from `mapping`, strictly.

    where: how to name the place in messages, for instance "crossing.yaml: robot"
    Raises InputError for a missing or unknown key, a wrong type or a value out of range.
    """
    if not isinstance(mapping, Mapping):
        raise InputError(f"{where}: expected keys and values, got {type(mapping).__name__}")
    hints = typing.get_type_hints(cls)
    fields = {f.name: f for f in dataclasses.fields(cls) if f.init}  # type: ignore[arg-type]
    unknown = sorted(str(key) for key in mapping if key not in fields)
    if unknown:
        raise InputError(
            f"{where}: unknown key '{unknown[0]}'; known keys are {', '.join(sorted(fields))}"
        )
    values = {}
    for name, field in fields.items():
        if name in mapping:
            values[name] = _convert(hints[name], mapping[name], f"{where}: {name}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise InputError(f"{where}: key '{name}' is missing; add it")
    try:
        built = cls(**values)
    except InputError as error:
        raise InputError(f"{where}: {error}") from error
    check(built, where)
    return built


def check(config: Any, where: str) -> None:
    """Raise InputError where a field of dataclass `config` is outside its declared range."""
    for field in dataclasses.fields(config):
        check_value(field, getattr(config, field.name), f"{where}: {field.name}")


def check_value(field: dataclasses.Field[Any], value: Any, where: str) -> None:
    """Raise InputError where `value` is not finite or outside what `field` declares."""
    meta = field.metadata
    for number in value if isinstance(value, (tuple, list)) else (value,):
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            continue
        if not math.isfinite(number):
            raise InputError(f"{where} = {number}: give a finite number")
        low, high = meta.get("low"), meta.get("high")
        unit = f" {meta['unit']}" if meta.get("unit") else ""
        if low is not None and number < low:
            raise InputError(f"{where} = {number}: must be at least {low}{unit}")
        if high is not None and number > high:
            raise InputError(f"{where} = {number}: must be at most {high}{unit}")
    choices = meta.get("choices")
    if choices and value not in choices:
        raise InputError(f"{where} = '{value}': choose one of {', '.join(choices)}")


class _Strict(yaml.SafeLoader):
    """A loader that refuses a mapping with the same key twice."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        """The mapping; raises ConstructorError at the second of two equal keys."""
        seen = set()
        for key_node, _ in node.value:
            if key_node.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key '{key_node.value}' is given twice", key_node.start_mark
                )
            seen.add(key_node.value)
        return super().construct_mapping(node, deep=deep)


def read_yaml(path: Path) -> Any:
    """Parse a YAML file; raises InputError with the file and the parser's line."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Strict)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: is not valid YAML ({error})") from error


def _convert(kind: Any, value: object, where: str) -> Any:
    origin = typing.get_origin(kind)
    if dataclasses.is_dataclass(kind):
        return from_mapping(typing.cast(type, kind), value, where)
    if origin is tuple:
        inner = typing.get_args(kind)
        if not isinstance(value, (list, tuple)):
            raise InputError(f"{where}: expected a list, got {type(value).__name__}")
        if inner[-1] is Ellipsis:
            return tuple(_convert(inner[0], v, f"{where}[{i}]") for i, v in enumerate(value))
        if len(value) != len(inner):
            raise InputError(f"{where}: expected {len(inner)} values, got {len(value)}")
        return tuple(
            _convert(k, v, f"{where}[{i}]")
            for i, (k, v) in enumerate(zip(inner, value, strict=True))
        )
    if origin is types.UnionType:
        arms = [arm for arm in typing.get_args(kind) if arm is not type(None)]
        return None if value is None else _convert(arms[0], value, where)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (kind in (int, float) and isinstance(value, bool)):
        raise InputError(f"{where}: expected {kind.__name__}, got {value!r}")
    return value


def from_texts(kind: type[T], texts: Mapping[str, str], where: str) -> T:
    """Arguments from launch configurations, which are text.

    Raises InputError for a text that is no such value, or one out of range.
    """
    hints = typing.get_type_hints(kind)
    values = {
        name: _from_text(hints[name], text, f"{where}: {name}") for name, text in texts.items()
    }
    arguments = kind(**values)
    check(arguments, where)
    return arguments


def _from_text(kind: Any, text: str, where: str) -> Any:
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    try:
        return words[text.lower()] if kind is bool else kind(text)
    except (KeyError, ValueError) as error:
        raise InputError(f"{where}: expected {kind.__name__}, got '{text}'") from error
