"""A learner's whole state in one file, from which it goes on as if never interrupted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from bisirl_ros.core.bilevel import LoopConfig, LoopState
from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.interactions import Interactions
from bisirl_ros.core.likelihood import ChoiceLikelihood
from bisirl_ros.errors import InputError
from bisirl_ros.games.scenario import Scenario
from bisirl_ros.io.contract import pack, unpack
from bisirl_ros.io.files import write_whole

CHECKPOINT = "bisirl.checkpoint/1"


def save_checkpoint(path: Path, state: LoopState, scenario: Scenario) -> None:
    """Write the state of a `RecedingHorizonSolver`'s loop, whole or not at all."""
    adam = state.optimiser.state.get(state.phi, {})
    tensors = {
        "phi": state.phi.detach().numpy(),
        "theta": state.theta,
        "mean": state.evidence.mean,
        "precision": state.evidence.precision,
        **{f"adam.{name}": value.detach().numpy() for name, value in adam.items()},
    }
    for i, batch in enumerate(state.evidence.batches):
        assert isinstance(batch, ChoiceLikelihood)
        for name in ("chosen", "offered", "log_area"):
            tensors[f"batch.{i}.{name}"] = getattr(batch, name)
    for i, recent in enumerate(state.recent):
        for name in ("human", "robot", "target", "goal", "robot_future", "step"):
            if (value := getattr(recent, name)) is not None:
                tensors[f"recent.{i}.{name}"] = value
    header = {
        "scenario": scenario.name,
        "features": list(scenario.feature_names),
        "units": units_of_theta(scenario),
        "k": state.k,
        "updates": state.updates,
        "condensed": state.evidence.condensed,
        "batches": len(state.evidence.batches),
        "recent": [recent.policy_version for recent in state.recent],
        "rng": state.rng.bit_generator.state,
    }
    write_whole(path, pack(CHECKPOINT, tensors, header))


def load_checkpoint(path: Path, scenario: Scenario, phi_size: int, config: LoopConfig) -> LoopState:
    """The state that was saved; raises InputError for an unreadable, foreign or unfit file."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"checkpoint {path}: cannot be read ({error.strerror}); check the path"
        ) from error
    tensors, header = unpack(CHECKPOINT, data, f"checkpoint {path}")
    features = tuple(header.get("features", ()))
    if features != scenario.feature_names:
        raise InputError(
            f"checkpoint {path}: its reward is over ({', '.join(features)}), scenario "
            f"{scenario.name} has ({', '.join(scenario.feature_names)}); use its own scenario"
        )
    if header.get("units") != units_of_theta(scenario):
        raise InputError(
            f"checkpoint {path}: scenario {scenario.name} has other feature scales, horizon, "
            "discount, period, lag or speeds than when it was written; theta would mean another "
            "thing"
        )
    try:
        return _restore(tensors, header, phi_size, config)
    except (KeyError, ValueError, TypeError) as error:
        raise InputError(f"checkpoint {path}: damaged or unfit ({error}); use another") from error


def units_of_theta(scenario: Scenario) -> list[float]:
    """All that a weight's meaning depends on."""
    human = scenario.human
    return [
        *(feature.scale for feature in scenario.features),
        float(scenario.horizon),
        scenario.discount,
        scenario.decision_period_s,
        human.lag_s,
        human.max_speed,
        human.preferred_speed,
    ]


def _restore(
    tensors: dict[str, np.ndarray], header: dict[str, Any], phi_size: int, config: LoopConfig
) -> LoopState:
    phi = torch.from_numpy(tensors["phi"])
    if phi.shape != (phi_size,) or not torch.isfinite(phi).all():
        raise ValueError(f"phi has shape {tuple(phi.shape)}, expected finite ({phi_size},)")
    state = LoopState.start(phi, len(tensors["theta"]), config, seed=0)
    state.theta = tensors["theta"]
    state.evidence = Evidence(
        tensors["mean"],
        tensors["precision"],
        tuple(
            ChoiceLikelihood(
                tensors[f"batch.{i}.chosen"],
                tensors[f"batch.{i}.offered"],
                tensors[f"batch.{i}.log_area"],
            )
            for i in range(header["batches"])
        ),
        header["condensed"],
        config.evidence_window,
    )
    state.recent = [
        Interactions(
            human=tensors[f"recent.{i}.human"],
            robot=tensors[f"recent.{i}.robot"],
            target=tensors[f"recent.{i}.target"],
            goal=tensors[f"recent.{i}.goal"],
            policy_version=version,
            robot_future=tensors.get(f"recent.{i}.robot_future"),
            step=tensors.get(f"recent.{i}.step"),
        )
        for i, version in enumerate(header["recent"])
    ]
    adam = {
        key.removeprefix("adam."): torch.from_numpy(value)
        for key, value in tensors.items()
        if key.startswith("adam.")
    }
    if adam:
        state.optimiser.state[state.phi] = adam
    state.rng.bit_generator.state = header["rng"]
    state.k, state.updates = header["k"], header["updates"]
    return state
