"""Goals and paths: arrival, pursuit, what somebody may be going for."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from bisirl_ros.crowd.aims import LOOKAHEAD_M, Aims, Course, arrived, follow
from bisirl_ros.crowd.plane import as_complex

CORNER = [[0.0, 0.0], [4.0, 0.0], [4.0, 3.0]]


def tensor(*rows: object) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64)


def test_arrived_within_the_tolerance_and_not_beyond() -> None:
    places, goal = tensor([0.3, 0.4], [0.31, 0.4], [0.0, 0.0]), tensor(0.0, 0.0)
    assert arrived(places, goal, 0.5 + 1e-9).tolist() == [True, False, True]


def test_to_a_single_goal_one_steers_straight() -> None:
    route = tensor([[3.0, 4.0]])
    carrot, left = follow(route, tensor([0.0, 0.0]))
    assert torch.equal(carrot, route[:, 0])
    assert float(left) == pytest.approx(5.0, abs=1e-6)
    course = Course.of(route)
    goal, to_go = course.steer(as_complex(tensor([0.0, 0.0])))
    assert course.path is None and to_go is None
    assert torch.equal(goal, as_complex(route[:, 0]))


@pytest.mark.parametrize(
    ("place", "carrot", "left"),
    [
        ([1.0, 0.0], [1.0 + LOOKAHEAD_M, 0.0], 6.0),  # on the path
        ([1.0, 1.0], [1.0 + LOOKAHEAD_M, 0.0], 7.0),  # off it by 1 m
        ([-2.0, 0.0], [LOOKAHEAD_M, 0.0], 9.0),  # before its start
        ([3.8, 0.0], [4.0, LOOKAHEAD_M - 0.2], 3.2),  # around the corner
        ([4.0, 2.8], [4.0, 3.0], 0.2),  # the goal is nearer than one looks
        ([4.0, 5.0], [4.0, 3.0], 2.0),  # past the end: back to it
    ],
)
def test_pursuit_of_a_path_by_hand(place: list[float], carrot: list[float], left: float) -> None:
    to, to_go = follow(tensor(CORNER), tensor(place))
    assert to[0].tolist() == pytest.approx(carrot, abs=2e-3)
    assert float(to_go) == pytest.approx(left, abs=2e-3)


def test_a_course_is_the_path_for_each_robot() -> None:
    routes = tensor(CORNER, [[0.0, 0.0], [0.0, 4.0], [1.0, 9.0]])
    places = tensor([1.0, 0.5], [0.2, 1.0])
    course = Course.of(routes)
    carrot, to_go = course.steer(as_complex(places))
    assert to_go is not None
    for b in range(2):
        one, left = follow(routes[b], places[b])
        assert torch.allclose(torch.view_as_real(carrot[b]), one)
        assert torch.allclose(to_go[b], left)
    again, _ = course.repeated(2).steer(as_complex(places.repeat_interleave(2, 0)))
    assert torch.equal(again, carrot.repeat_interleave(2))


def test_the_way_left_shrinks_by_the_way_gone_and_has_a_gradient() -> None:
    places = torch.stack([torch.linspace(0.1, 3.9, 20), torch.zeros(20)], -1).double()
    places.requires_grad_()
    _, left = follow(tensor(CORNER).expand(20, -1, -1), places)
    assert torch.allclose(left[:-1] - left[1:], torch.full((19,), 0.2).double(), atol=1e-6)
    slope = torch.autograd.grad(left.sum(), places)[0]
    assert torch.allclose(slope[:, 0], -torch.ones(20).double(), atol=1e-6)


def test_who_goes_where() -> None:
    goals = tensor([[[1.0, 1.0], [2.0, 2.0]], [[3.0, 3.0], [4.0, 4.0]]])
    belief = tensor([[0.3, 0.7], [0.9, 0.1]]).log()
    aims = Aims(tensor(CORNER), goals, belief)
    assert aims.robot_goal[0].tolist() == [4.0, 3.0]
    assert aims.likeliest[0].tolist() == [[2.0, 2.0], [3.0, 3.0]]
    assert aims.goals_at(torch.tensor([[0, 1]]))[0].tolist() == [[1.0, 1.0], [4.0, 4.0]]
