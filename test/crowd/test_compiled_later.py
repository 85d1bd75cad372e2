"""A function that is compiled while it goes on as it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor

from bisirl_ros.crowd.compiled_later import CompiledLater


@dataclass(frozen=True)
class Pair:
    """Two tensors."""

    one: Tensor
    other: Tensor | None


def doubled(x: Tensor) -> tuple[Tensor, Pair]:
    """Of several kinds."""
    return 2.0 * x, Pair(3.0 * x, None)


def untraceable(x: Tensor) -> Tensor:
    """Whose way depends on what x is."""
    return x if x > 0.0 else -x


class Compiler:
    """Stands for torch.compile, until `go` in no hurry; what it makes is `made` of the function."""

    def __init__(self, made: Callable[[Any], Any] = lambda function: function) -> None:
        self.go, self.used, self._made = threading.Event(), 0, made
        self.options: dict[str, Any] = {}

    def __call__(self, function: Callable[..., Any], **how: Any) -> Callable[..., Any]:
        self.options, made = how["options"], self._made(function)

        def compiled(*arguments: Any) -> Any:
            assert self.go.wait(20.0)
            self.used += 1
            return made(*arguments)

        return compiled


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def compiler(monkeypatch: pytest.MonkeyPatch) -> Iterator[Compiler]:
    made = Compiler()
    monkeypatch.setattr(torch, "compile", made)
    yield made
    made.go.set()


def finish(later: CompiledLater) -> None:
    """Wait for the thread."""
    assert later._thread is not None
    later._thread.join(60.0)
    assert not later._thread.is_alive()


def test_while_it_is_compiled_the_function_works_on(compiler: Compiler, told: list[str]) -> None:
    clock = iter((10.0, 85.4))
    later = CompiledLater(doubled, "it", told.append, graphs=False, clock=lambda: next(clock))
    for k in range(5):
        assert later(torch.tensor(1.0 + k))[0] == 2.0 + 2.0 * k
    assert (compiler.used, told) == (0, [])
    assert later._thread is not None and later._thread.daemon  # does not hold up the process
    compiler.go.set()
    finish(later)
    assert told == []  # it is told by the thread that calls
    assert later(torch.tensor(7.0))[0] == 14.0
    assert later(torch.tensor(8.0))[0] == 16.0
    assert compiler.used == 3
    assert told == ["it is compiled now, after 75 s"]
    assert compiler.options == {"compile_threads": 1, "triton.cudagraphs": False}


def test_a_failure_to_compile_is_one_line_and_changes_nothing(told: list[str]) -> None:
    later = CompiledLater(untraceable, "it", told.append, graphs=False)
    for _ in range(2):
        assert later(torch.tensor(1.0)) == 1.0
        finish(later)
    for _ in range(3):
        assert later(torch.tensor(2.0)) == 2.0
    (line,) = told
    assert line.startswith("it goes on uncompiled: Unsupported: ")
    assert "\n" not in line and len(line) < 300


def test_compiled_code_that_fails_later_is_given_up(
    monkeypatch: pytest.MonkeyPatch, told: list[str]
) -> None:
    def worn_out(function: Callable[..., Any]) -> Callable[..., Any]:
        def compiled(x: Tensor) -> Any:
            if x > 1.0:
                raise RuntimeError("out of\nmemory")
            return function(x)

        return compiled

    compiler = Compiler(worn_out)
    monkeypatch.setattr(torch, "compile", compiler)
    later = CompiledLater(doubled, "it", told.append, graphs=False)
    for x in (1.0, 1.0, 2.0, 3.0, 4.0):
        assert later(torch.tensor(x))[0] == 2.0 * x
        compiler.go.set()  # not before the first call is through
        finish(later)
    assert compiler.used == 3
    assert told[-1] == "it goes on uncompiled: RuntimeError: out of memory"


def test_what_a_graph_gave_is_not_overwritten_by_its_next_run(
    monkeypatch: pytest.MonkeyPatch, told: list[str]
) -> None:
    def graph(function: Callable[..., Any]) -> Callable[..., Any]:
        own = torch.zeros(()), Pair(torch.zeros(()), None)

        def replayed(x: Tensor) -> Any:
            result = function(x)
            own[0].copy_(result[0])
            own[1].one.copy_(result[1].one)
            return own

        return replayed

    compiler = Compiler(graph)
    monkeypatch.setattr(torch, "compile", compiler)
    later = CompiledLater(doubled, "it", told.append, graphs=True)
    later(torch.tensor(0.0))
    compiler.go.set()
    finish(later)
    found = [later(torch.tensor(x)) for x in (1.0, 2.0)]
    assert [float(first) for first, _ in found] == [2.0, 4.0]
    assert [float(pair.one) for _, pair in found] == [3.0, 6.0]
    assert compiler.options == {"compile_threads": 1, "triton.cudagraphs": True}
