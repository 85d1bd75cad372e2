"""Walls: distances by hand, and that nobody ends up inside or beyond them."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from bisirl_ros.crowd.room import Room, without_inwards

CORNERED = Room.of(
    walls=((-2.0, -2.0, 2.0, -2.0), (2.0, -2.0, 2.0, 2.0), (-1.0, 0.0, 0.5, 0.0)),
    discs=((-1.0, 1.2, 0.4), (1.2, -1.2, 0.05)),
)


def points(*rows: tuple[float, float]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64)


def test_distances_by_hand() -> None:
    room = Room.of(walls=((0.0, 0.0, 4.0, 0.0),), discs=((2.0, 5.0, 1.0),))
    seen = room.clearance(
        points((1.0, 2.0), (1.0, -0.5), (-3.0, 4.0), (7.0, -4.0), (2.0, 3.2), (2.0, 4.7))
    )
    # above, below, beyond either end (3-4-5), nearer to the disc, inside the disc
    by_hand = [2.0, 0.5, math.hypot(5.0, 1.0) - 1.0, 5.0, 0.8, -0.7]
    assert seen.tolist() == pytest.approx(by_hand, abs=1e-6)
    away = room.nearest(points((1.0, -0.5), (2.0, 3.2)))[1]
    assert torch.allclose(away, points((0.0, -1.0), (0.0, -1.0)))


def test_an_empty_room_is_infinitely_wide() -> None:
    empty, here = Room.of(), points((3.0, 4.0))
    assert empty.empty and math.isinf(float(empty.clearance(here)))
    place, held = empty.admit(here, here + 100.0, 0.25)
    assert torch.equal(place, here + 100.0) and not held.any()
    assert empty.parts(1e3, 0.25) == 1
    assert empty.seen_free(here.expand(5, 2), 0.25).all()


def test_the_gradient_of_the_clearance_points_away() -> None:
    drawn = torch.rand((200, 2), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    where = (4.0 * drawn - 2.0).requires_grad_()
    gap, away = CORNERED.nearest(where)
    gradient = torch.autograd.grad(gap.sum(), where)[0]
    clear = gap > 1e-3
    assert torch.allclose(gradient[clear], away[clear], atol=1e-5)
    assert torch.allclose(gradient[clear].norm(dim=-1), torch.ones(int(clear.sum())).double())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_random_walks_never_end_inside_anything(dtype: torch.dtype) -> None:
    """Corners, wall ends, a thin wall and a pillar narrower than a body."""
    radius, generator = 0.25, torch.Generator().manual_seed(0)
    room = CORNERED.to("cpu", dtype)
    place = (3.4 * torch.rand((4000, 2), generator=generator) - 1.7).to(dtype)
    place = place[room.clearance(place) >= radius]
    heading = torch.randn(place.shape, generator=generator).to(dtype)
    for _ in range(60):
        heading = 0.9 * heading + 0.3 * torch.randn(place.shape, generator=generator).to(dtype)
        step = 0.8 * radius * heading / heading.norm(dim=-1, keepdim=True).clamp(min=1.0)
        before, (place, _) = place, room.admit(place, place + step, radius)
        assert float(room.clearance(place).min()) >= radius - 2e-4
        crossed = (before[:, 1] * place[:, 1] < 0.0) & (place[:, 0].abs() < 0.4)
        assert not crossed.any()


def test_a_wall_holds_up_and_one_slides_along_it() -> None:
    wall = Room.of(walls=((-5.0, 0.0, 5.0, 0.0),))
    place, held = wall.admit(points((0.0, 0.3)), points((0.15, 0.2)), 0.25)
    assert place[0].tolist() == pytest.approx([0.15, 0.25], abs=1e-6)
    assert held[0].tolist() == pytest.approx([0.0, 1.0], abs=1e-6)
    assert without_inwards(points((1.0, -2.0)), held)[0].tolist() == pytest.approx([1.0, 0.0])
    assert without_inwards(points((1.0, 2.0)), held)[0].tolist() == pytest.approx([1.0, 2.0])


def test_who_starts_inside_something_may_leave_but_not_go_deeper() -> None:
    pillar = Room.of(discs=((0.0, 0.0, 1.0),))
    start = points((0.9, 0.0))
    out, _ = pillar.admit(start, points((1.1, 0.0)), 0.25)
    assert out[0].tolist() == pytest.approx([1.1, 0.0])
    deeper, _ = pillar.admit(start, points((0.7, 0.0)), 0.25)
    assert float(deeper[0, 0]) >= 0.9 - 2e-4


def test_a_motion_is_cut_so_that_no_step_is_longer_than_a_radius() -> None:
    for reach in (0.01, 0.19, 0.21, 0.72, 5.0):
        assert reach / CORNERED.parts(reach, 0.25) <= 0.8 * 0.25 + 1e-12
    assert CORNERED.parts(0.19, 0.25) == 1


def test_a_path_is_free_until_it_first_touches() -> None:
    """Also of a wall that lies between two points, and not again behind it."""
    wall = Room.of(walls=((1.0, -1.0, 1.0, 1.0),))
    path = torch.stack([torch.arange(6.0) * 0.4, torch.zeros(6)], -1).double()
    assert wall.seen_free(path, 0.25).tolist() == [True, True, False, False, False, False]
    between = torch.stack([torch.arange(4.0) * 0.7 - 0.06, torch.zeros(4)], -1).double()
    assert wall.clearance(between[1:3]).min() > 0.25
    assert wall.seen_free(between, 0.25).tolist() == [True, True, False, False]
    beside = path + points((0.0, 3.0))
    assert wall.seen_free(beside, 0.25).all()
    touching = points((0.9, 0.0), (0.5, 0.0), (0.2, 0.0))
    assert wall.seen_free(touching, 0.25).all()  # who starts too near may walk away
