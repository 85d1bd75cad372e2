"""A function that goes on as it is while it is compiled (torch.compile; a CUDA graph on a GPU).

Compiling takes a minute or more, so a thread does it; where it fails all stays as it was.
"""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any

import torch
from torch import Tensor

NOISY = r"torch\.(_dynamo|_inductor|jit)\b"
"""Modules whose warnings while they compile tell a user nothing."""


class CompiledLater:
    """A function of tensors and of what holds tensors; compiled from its first call on.

    It is compiled for arguments like those of that call. Others never are, and until then none are:
    the function runs as it is. Only for use without gradients, and by one thread.
    name: what is compiled, for the line that `tell` hears; graphs: replay it as a CUDA graph
    """

    def __init__(
        self,
        function: Callable[..., Any],
        name: str,
        tell: Callable[[str], None],
        graphs: bool,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._function, self._name, self._tell, self._clock = function, name, tell, clock
        self._graphs = graphs
        self._thread: threading.Thread | None = None
        self._compiled: Callable[..., Any] | None = None
        self._news = ""

    def __call__(self, *arguments: Any) -> Any:
        """What the function gives."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._compile, args=arguments, daemon=True)
            self._thread.start()
        found = self._by_compiled(arguments) if self._compiled else self._function(*arguments)
        if self._news:
            line, self._news = self._news, ""
            self._tell(line)
        return found

    def _compile(self, *arguments: Any) -> None:
        """In the thread, which ends with the process."""
        warnings.filterwarnings("ignore", module=NOISY)
        began = self._clock()
        try:
            options: dict[str, str | int | bool | Callable[..., Any]] = {
                "compile_threads": 1,
                "triton.cudagraphs": self._graphs,
            }
            compiled = torch.compile(self._function, fullgraph=True, dynamic=False, options=options)
            with torch.no_grad():
                compiled(*arguments)
        except Exception as error:  # whatever a compiler on somebody's machine may say
            self._news = self._failed(error)
        else:
            self._compiled = compiled
            self._news = f"{self._name} is compiled now, after {self._clock() - began:.0f} s"

    def _by_compiled(self, arguments: tuple[Any, ...]) -> Any:
        assert self._compiled is not None
        try:
            with torch.compiler.set_stance("eager_on_recompile"):
                if not self._graphs:
                    return self._compiled(*arguments)
                torch.compiler.cudagraph_mark_step_begin()  # type: ignore[no-untyped-call]
                return _copied(self._compiled(*arguments))
        except Exception as error:  # as above; what is the function's own fault it raises again
            self._compiled, self._news = None, self._failed(error)
            return self._function(*arguments)

    def _failed(self, error: Exception) -> str:
        what = " ".join(str(error).split())[:200]
        return f"{self._name} goes on uncompiled: {type(error).__name__}: {what}"


def _copied(value: Any) -> Any:
    """Its tensors are its own: a CUDA graph's next run overwrites what the last one gave."""
    if isinstance(value, Tensor):
        return value.clone()
    if isinstance(value, tuple):
        return tuple(_copied(v) for v in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: _copied(getattr(value, f.name)) for f in fields(value)})
    return value
