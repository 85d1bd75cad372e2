"""What a run says on the terminal: one line per episode, a short table at the end."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.report.behaviour import behaviour_lines
from bisirl_ros.report.percentiles import Percentiles
from bisirl_ros.report.record import (
    CONVERGED,
    INTERVAL_STDS,
    EpisodeRecord,
    RunRecord,
    collisions,
    control_period_ms,
    covered,
    errors,
    relative_error,
)

COLUMNS = 120
UNKNOWN = "n/a"
LAST = 5

# Widths of the columns before and after what is told of people, of one weight and of somebody's
# error; two blanks in between.
EPISODE, OUTCOME, ERROR, WEIGHT, RETURN, DISTANCE, INNER, UPDATE = 3, 9, 6, 13, 7, 8, 7, 6
PERSON = 9
FREE = COLUMNS - sum((EPISODE, OUTCOME, ERROR, RETURN, DISTANCE, INNER, UPDATE)) - 12
MOST_WEIGHTS, MOST_PEOPLE = FREE // (WEIGHT + 2), FREE // (PERSON + 2)


def header(scenario: Scenario) -> str:
    """The titles above `progress_line`; what does not fit in 120 columns is left out.

    One person's weights are told; of several people each one's error.
    """
    if scenario.people == 1:
        middle = [f"{_cut(n, WEIGHT):>{WEIGHT}}" for n in scenario.feature_names[:MOST_WEIGHTS]]
    else:
        middle = [f"{_cut(n, PERSON):>{PERSON}}" for n in scenario.identities[:MOST_PEOPLE]]
    return _line("ep", "outcome", "error", middle, "return", "min dist", "inner", "update")


def progress_line(run: RunRecord, episode: EpisodeRecord) -> str:
    """One episode in at most 120 columns: weights as estimate and standard deviation.

    The error is the mean over people. The inner loop's time is in milliseconds, the median time of
    an outer update in seconds.
    """
    names = run.names
    if len(names) == 1:
        middle = _weights(run, episode, names[0])
    else:
        percent = [_times(episode.errors.get(name), 100.0) for name in names[:MOST_PEOPLE]]
        middle = [f"{_number(value, '%', PERSON, decimals=1):>{PERSON}}" for value in percent]
    update = float(np.median(episode.update_s)) if episode.update_s else None
    return _line(
        str(episode.episode),
        _cut(episode.outcome or "stopped", OUTCOME),
        _number(_times(episode.relative_error, 100.0), "%", ERROR, decimals=1),
        middle,
        _number(episode.return_, "", RETURN),
        _number(episode.min_distance_m, " m", DISTANCE),
        _number(_times(episode.inner_s, 1e3), " ms", INNER),
        _number(update, " s", UPDATE),
    )


def closing(run: RunRecord, folder: Path | None = None) -> str:
    """What was learned, how well the robot does by it, and at what pace: a table of few lines."""
    done = len(run.episodes)
    title = f"{run.scenario.name}, seed {run.seed}: {_count(done, 'episode')}"
    title += "" if run.scenario.people == 1 else f" with {_people(run.scenario.people)}"
    lines = [title + (" (stopped early)" if run.interrupted else ""), "", *_weight_table(run), ""]
    period = control_period_ms(run.episodes)
    solves = [e.inner for e in run.episodes if e.inner is not None]
    last = run.episodes[-LAST:]
    rows = {
        "relative error": _error(run),
        "late return": _late_return(run),
        **{f"  {name}": f"{value:.2f}" for name, value in run.other_returns.items()},
        "collisions": f"{collisions(run.episodes)} in all, "
        f"{collisions(last)} in the last {_count(len(last), 'episode')}",
        "inner loop": f"converged {sum(s['status'] == CONVERGED for s in solves)} of {len(solves)}",
        "control period": _period(period),
        "wall time": f"{run.wall_s:.1f} s",
    }
    if folder is not None:
        rows["folder"] = str(folder)
    lines += [f"{name:<17} {value}" for name, value in rows.items()]
    if run.estimated:
        lines += behaviour_lines(run.estimated.misfit, run.estimated.structure)
        lines += [f"everybody {timing}"] if (timing := run.estimated.timing) else []
    return _printable("\n".join(lines))


def _weights(run: RunRecord, episode: EpisodeRecord, name: str) -> list[str]:
    unknown = [math.nan] * len(run.scenario.feature_names)
    theta = (episode.theta or {}).get(name, unknown)
    std = (episode.theta_std or {}).get(name, unknown)
    cells = [_weight(value, s) for value, s in zip(theta, std, strict=True)]
    return [f"{cell:>{WEIGHT}}" for cell in cells[:MOST_WEIGHTS]]


def _weight_table(run: RunRecord) -> list[str]:
    """Of each person: feature, truth, estimate with its 95 % interval, and whether it holds."""
    features, names, pm = run.scenario.feature_names, run.names, _plus_minus()
    if not names:
        return ["nobody was there to learn from"]
    last, inside = run.estimated, covered(run) or {}
    unknown = [math.nan] * len(features)
    rows = [("person", "feature", "true", f"estimate {pm} 95 %", "inside?")]
    for name in names:
        known = last is not None and name in (last.theta or {})
        hat = ((last and last.theta) or {}).get(name, unknown)
        std = ((last and last.theta_std) or {}).get(name, unknown)
        true = (run.theta_true or {}).get(name, unknown)
        verdicts = inside.get(name) or [None] * len(features)
        for i, feature in enumerate(features):
            interval = f"{_plain(hat[i])} {pm} {_plain(INTERVAL_STDS * std[i])}"
            verdict = {True: "yes", False: "NO", None: UNKNOWN}[verdicts[i]]
            who = name if i == 0 else ""
            rows.append((who, feature, _plain(true[i]), interval if known else UNKNOWN, verdict))
    wide = [max(len(row[i]) for row in rows) for i in (0, 1)]
    return [
        f"{who:<{wide[0]}}  {a:<{wide[1]}}  {b:>8}  {c:>18}  {d:>7}" for who, a, b, c, d in rows
    ]


def _error(run: RunRecord) -> str:
    """The mean over people, and whose is the largest."""
    mean, each = _finite(relative_error(run)), errors(run) or {}
    if mean is None:
        return UNKNOWN
    told = f"{100 * mean:.1f} %"
    if len(each) > 1:
        worst = max(each, key=lambda name: each[name])
        told += f" on average, at most {100 * each[worst]:.1f} % ({worst})"
    return told


def _late_return(run: RunRecord) -> str:
    late, oracle = _finite(run.late_return), _finite(run.oracle_return)
    if late is None:
        return UNKNOWN
    if oracle is None:
        return f"{late:.2f} (oracle unknown)"
    if abs(oracle) < 1e-9:
        return f"{late:.2f}, oracle {oracle:.2f}"
    gap = 100 * (late - oracle) / abs(oracle)
    side = "below" if gap < 0 else "above"
    return f"{late:.2f}, {abs(gap):.1f} % {side} the oracle's {oracle:.2f}"


def _period(period: Percentiles) -> str:
    if period["p50"] is None or period["p99"] is None:
        return UNKNOWN
    return f"p50 {period['p50']:.1f} ms, p99 {period['p99']:.1f} ms"


def _line(
    episode: str,
    outcome: str,
    error: str,
    middle: Sequence[str],
    return_: str,
    distance: str,
    inner: str,
    update: str,
) -> str:
    cells = [f"{episode:>{EPISODE}}", f"{outcome:<{OUTCOME}}", f"{error:>{ERROR}}", *middle]
    cells += [f"{return_:>{RETURN}}", f"{distance:>{DISTANCE}}"]
    cells += [f"{inner:>{INNER}}", f"{update:>{UPDATE}}"]
    return _printable("  ".join(cells))


def _weight(value: float, std: float) -> str:
    """`1.52±0.09` in at most WEIGHT columns; without the deviation where that does not fit."""
    if not math.isfinite(value):
        return UNKNOWN
    if math.isfinite(std):
        for form in (".2f", ".1f", ".0f", ".0e"):
            text = f"{value:{form}}{_plus_minus()}{std:{form}}"
            if len(text) <= WEIGHT:
                return text
    return _number(value, "", WEIGHT)


def _number(value: float | None, unit: str, width: int, decimals: int = 2) -> str:
    """A number with as many decimals, up to so many, as fit with the unit into `width` columns."""
    value = _finite(value)
    if value is None:
        return UNKNOWN
    forms = [f".{places}f" for places in range(decimals, -1, -1)] + [".0e"]
    texts = [f"{value:{form}}{unit}" for form in forms]
    return next((text for text in texts if len(text) <= width), "huge")


def _plain(value: float) -> str:
    if not math.isfinite(value):
        return UNKNOWN
    return f"{value:.2f}" if abs(value) < 1e4 else f"{value:.1e}"


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "."


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


def _people(n: int) -> str:
    return {0: "nobody", 1: "1 person"}.get(n, f"{n} people")


def _utf8() -> bool:
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    return encoding.lower().replace("-", "").replace("_", "").startswith("utf8")


def _plus_minus() -> str:
    return "±" if _utf8() else "+/-"


def _printable(text: str) -> str:
    """`text` in what the terminal can show."""
    return text if _utf8() else text.encode("ascii", "backslashreplace").decode()
