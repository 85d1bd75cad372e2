"""Where numbers come from: machine, command, versions, state of the code."""

from __future__ import annotations

import platform
import shlex
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from bisirl_ros.parent import cores
from bisirl_ros.report.versions import versions

HERE = Path(__file__).parent


def provenance(
    arguments: Sequence[str] | None = None, now: datetime | None = None
) -> dict[str, Any]:
    """What a reader needs to run it again; arguments: of the command, None: this process's."""
    command = [Path(sys.argv[0]).name, *sys.argv[1:]] if arguments is None else arguments
    return {
        "command": shlex.join(command),
        "began": f"{now or datetime.now():%Y-%m-%d %H:%M:%S}",
        "machine": f"{_processor()}, {cores()} cores, {platform.platform()}",
        "versions": versions(),
        "commit": _commit(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def _commit() -> str:
    """Of the checkout that the package lies in, and whether files differ; "" without one."""

    def git(*arguments: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(HERE), *arguments], capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    try:
        changed = " with changes" if git("status", "--porcelain", ".", "..") else ""
        return git("rev-parse", "HEAD") + changed
    except (OSError, subprocess.CalledProcessError):
        return ""
