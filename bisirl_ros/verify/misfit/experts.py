"""Experts in finite games who differ from the model in one thing each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.tabular.population import Expert, soft_expert
from bisirl_ros.theory.random_games import KnownGame

SEEN_AHEAD = 2
AT_RANDOM = 0.1


def as_modelled(known: KnownGame, rng: np.random.Generator) -> KnownGame:
    """Who is the model."""
    return known


def short_sighted(known: KnownGame, rng: np.random.Generator) -> KnownGame:
    """Who plans for two decisions, again and again, as for the last two of an episode."""
    near = soft_expert(replace(known.game, horizon=SEEN_AHEAD), known.table)
    steps = known.game.steps

    def play(pi_l: Tensor) -> Tensor:
        first = near(pi_l)[..., :1, :, :]
        return first.expand(*first.shape[:-3], steps, *first.shape[-2:])

    return replace(known, expert=play)


def believing_in_another(known: KnownGame, rng: np.random.Generator) -> KnownGame:
    """Who answers a robot that does anything as likely, whatever it does."""
    expert = known.expert

    def play(pi_l: Tensor) -> Tensor:
        return expert(torch.full_like(pi_l, 1.0 / pi_l.shape[-1]))

    return replace(known, expert=play)


def at_random(known: KnownGame, rng: np.random.Generator) -> KnownGame:
    """Who does anything one time in ten."""
    expert = known.expert

    def play(pi_l: Tensor) -> Tensor:
        pi_e = expert(pi_l)
        return (1.0 - AT_RANDOM) * pi_e + AT_RANDOM / pi_e.shape[-1]

    return replace(known, expert=play)


def weighing_more(known: KnownGame, rng: np.random.Generator) -> KnownGame:
    """Who weighs one feature more than the model has, as much as those."""
    left_out = torch.from_numpy(rng.normal(size=tuple(known.table.shape)))
    expert: Expert = soft_expert(known.game, known.table + left_out)
    return replace(known, expert=expert)


RIGHT, SHORT = "the model", "looks ahead 2, not 5"
EXPERTS: dict[str, Callable[[KnownGame, np.random.Generator], KnownGame]] = {
    RIGHT: as_modelled,
    SHORT: short_sighted,
    "believes in another robot": believing_in_another,
    "one action in ten at random": at_random,
    "weighs a feature left out": weighing_more,
}
"""(game, luck) -> the same game with another expert."""
