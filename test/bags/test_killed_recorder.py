"""A recorder that is killed at any moment loses nothing that it had flushed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bisirl_ros.bags.reading import Bag
from bisirl_ros.bags.repair import repair
from bisirl_ros.errors import InputError

WRITER = Path(__file__).with_name("killed_writer.py")


def killed(folder: Path, length: int, flush_s: float, flushes: int) -> int:
    """Kills a recorder once it has flushed so often; how many messages it had flushed."""
    command = [sys.executable, str(WRITER), str(folder), str(length), str(flush_s)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        told = [writer.stdout.readline() for _ in range(flushes)]
        writer.kill()
        told += writer.stdout.readlines()
    return int([line for line in told if line.endswith("\n")][-1])


@pytest.mark.slow
@pytest.mark.parametrize("length", [0, 30_000], ids=["small", "large"])
@pytest.mark.parametrize("trial", range(8))
def test_what_was_flushed_is_kept_whatever_the_moment(
    trial: int, length: int, tmp_path: Path
) -> None:
    """At random flushes; how far it gets until the signal comes, nobody knows."""
    flushes = int(np.random.default_rng(trial).integers(2, 30))
    path = tmp_path / "bag"
    flushed = killed(path, length, 0.02, flushes)
    with pytest.raises(InputError, match="bisirl bag repair"):
        Bag(path)
    found = repair(path)
    with Bag(path) as bag:
        numbers = [int(told.message.data[:9]) for told in bag.messages()]
    assert numbers == list(range(len(numbers)))
    assert found.messages == len(numbers) >= flushed
    assert repair(path).damaged is None
