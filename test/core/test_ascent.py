"""Steps of phi, and what is remembered of them."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from bisirl_ros.core.ascent import Ascent


def begun(kind: str = "adam") -> tuple[torch.nn.Parameter, Ascent]:
    phi = torch.nn.Parameter(torch.zeros(3, dtype=torch.float64))
    return phi, Ascent(phi, kind)


UP = torch.tensor([1.0, -2.0, 0.0], dtype=torch.float64)


@pytest.mark.parametrize(("kind", "first"), [("sgd", 0.1 * UP), ("adam", 0.1 * UP.sign())])
def test_it_goes_up(kind: str, first: torch.Tensor) -> None:
    phi, ascent = begun(kind)
    ascent.step(UP.clone(), 0.1)
    torch.testing.assert_close(phi.detach(), first)


def test_with_its_inertia_it_goes_on_as_if_never_interrupted() -> None:
    phi, ascent = begun()
    ascent.step(UP.clone(), 0.1)
    other, again = begun()
    other.data.copy_(phi.detach())
    again.inertia = ascent.inertia
    for each in (ascent, again):
        each.step(-UP, 0.05)
    assert torch.equal(phi, other)


def test_what_was_remembered_is_a_copy_and_can_be_put_back() -> None:
    _, ascent = begun()
    nothing = ascent.inertia
    ascent.step(UP.clone(), 0.1)
    kept = ascent.inertia
    ascent.step(-UP, 0.1)
    assert not torch.equal(kept["exp_avg"], ascent.inertia["exp_avg"])
    ascent.inertia = kept
    assert torch.equal(kept["exp_avg"], ascent.inertia["exp_avg"])
    ascent.inertia = nothing
    assert ascent.inertia == {} == nothing


def test_momentum_ends() -> None:
    phi, ascent = begun()
    ascent.stop()  # nothing yet
    ascent.step(UP.clone(), 0.1)
    ascent.stop()
    before = phi.detach().clone()
    ascent.step(torch.zeros(3, dtype=torch.float64), 0.1)
    torch.testing.assert_close(phi.detach(), before)


def test_who_takes_no_step_imports_no_optimiser() -> None:
    code = """
import sys, numpy as np, torch
from bisirl_ros.core.bilevel import LoopConfig, LoopState
state = LoopState.start(torch.zeros(2), 3, LoopConfig(), 0)
with state.whole_or_not_at_all():
    pass
assert "torch._dynamo" not in sys.modules
state.searches[0].step(torch.zeros(2), 0.1)
assert "torch._dynamo" in sys.modules  # or this test is about nothing
"""
    subprocess.run([sys.executable, "-c", code], check=True)
