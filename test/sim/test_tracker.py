"""What the simulated tracker reports, when, and what it tells about itself."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bisirl_ros.errors import InputError
from bisirl_sim.tracker import Report, Tracker, TrackerSpec

NAMES = ("a", "b")


def truth(time_s: float) -> np.ndarray:
    """Two people who walk at a constant velocity, (2, 4)."""
    velocity = np.array([[1.0, 0.0], [0.0, -0.5]])
    return np.concatenate([time_s * velocity, velocity], -1)


def watch(spec: TrackerSpec, end_s: float, dt_s: float = 0.01) -> list[tuple[float, Report]]:
    """When each report came, and the report."""
    tracker = Tracker(spec, seed=4)
    times = [i * dt_s for i in range(round(end_s / dt_s))]
    return [(t, r) for t in times for r in tracker.observe(t, truth(t), NAMES)]


def test_without_noise_the_truth_is_told_and_said_to_be_certain() -> None:
    seen = watch(TrackerSpec(), 1.0)
    assert [report.identity for _, report in seen[:4]] == ["a", "b", "a", "b"]
    for time_s, report in seen:
        assert report.stamp_s == time_s
        row = truth(time_s)[NAMES.index(report.identity)]
        np.testing.assert_array_equal(report.position, row[:2])
        np.testing.assert_array_equal(report.velocity, row[2:])
        assert (report.position_variance, report.velocity_variance) == (0.0, 0.0)


@pytest.mark.parametrize("dt_s", [0.01, 0.003, 0.007, 0.02, 1 / 60])
@pytest.mark.parametrize("rate_hz", [1.0, 12.5, 30.0])
def test_the_rate_does_not_drift_whatever_the_step(rate_hz: float, dt_s: float) -> None:
    stamps = [r.stamp_s for _, r in watch(TrackerSpec(rate_hz=rate_hz), 20.0, dt_s)][::2]
    assert len(stamps) == pytest.approx(20.0 * rate_hz, abs=1)
    late = np.array(stamps) - np.arange(len(stamps)) / rate_hz
    assert late.min() > -1e-6, "never before it is due"
    assert late.max() < dt_s + 1e-6, "and no more than a step after"


def test_steps_longer_than_the_period_give_one_report_each() -> None:
    stamps = [r.stamp_s for _, r in watch(TrackerSpec(rate_hz=200.0), 2.0, 0.05)][::2]
    np.testing.assert_allclose(stamps, 0.05 * np.arange(40), atol=1e-12)


def test_what_was_missed_is_not_made_up_for() -> None:
    tracker = Tracker(TrackerSpec(rate_hz=10.0), seed=0)
    times = [0.02 * i for i in range(50)] + [3.0 + 0.02 * i for i in range(50)]
    came = [t for t in times if tracker.observe(t, truth(t), NAMES)]
    assert len([t for t in came if t >= 3.0]) == pytest.approx(10, abs=1)


def test_the_period_counts_from_the_first_call() -> None:
    tracker = Tracker(TrackerSpec(rate_hz=1.0), seed=0)
    times = [37.3 + 0.1 * i for i in range(25)]
    came = [t for t in times if tracker.observe(t, truth(t), NAMES)]
    np.testing.assert_allclose(came, (37.3, 38.3, 39.3), atol=1e-6)


def test_noise_is_white_gaussian_and_as_large_as_told() -> None:
    spec = TrackerSpec(position_noise_m=0.2, velocity_noise=0.5, rate_hz=100.0)
    seen = watch(spec, 50.0)
    off, slip = [], []
    for time_s, report in seen:
        row = truth(time_s)[NAMES.index(report.identity)]
        assert report.velocity is not None
        off.append(report.position - row[:2])
        slip.append(report.velocity - row[2:])
        assert report.position_variance == pytest.approx(0.04)
        assert report.velocity_variance == pytest.approx(0.25)
    both = np.mean(np.array(off) * np.array(slip), axis=0)
    np.testing.assert_allclose(both, 0.0, atol=4.0 * 0.2 * 0.5 / math.sqrt(len(off)))
    for errors, std in ((np.array(off), 0.2), (np.array(slip), 0.5)):
        count = len(errors)
        np.testing.assert_allclose(errors.mean(axis=0), 0.0, atol=4.0 * std / math.sqrt(count))
        np.testing.assert_allclose(errors.std(axis=0), std, rtol=4.0 / math.sqrt(2 * count))
        kurtosis = ((errors / std) ** 4).mean()
        assert kurtosis == pytest.approx(3.0, abs=0.3)
        for lag in (1, 2):  # of the same person in the next report, and of the other in this one
            product = (errors[lag:] * errors[:-lag]).mean(axis=0)
            np.testing.assert_allclose(product, 0.0, atol=4.0 * std**2 / math.sqrt(count))


def test_dropouts_take_their_share_of_each_person_independently() -> None:
    seen = watch(TrackerSpec(dropout=0.3, rate_hz=100.0), 100.0)
    stamps = [{r.stamp_s for _, r in seen if r.identity == name} for name in NAMES]
    for there in stamps:
        assert len(there) / 10_000 == pytest.approx(0.7, abs=0.02)
    assert len(stamps[0] & stamps[1]) / 10_000 == pytest.approx(0.49, abs=0.02)
    runs = sum(
        round(100 * t) + 1 in {round(100 * s) for s in stamps[0]} for t in list(stamps[0])[:500]
    )
    assert runs / 500 == pytest.approx(0.7, abs=0.08), "one loss says nothing about the next"


@pytest.mark.parametrize("latency_s", [0.005, 0.1, 1.0])
def test_late_reports_carry_the_moment_they_were_seen(latency_s: float) -> None:
    seen = watch(TrackerSpec(latency_s=latency_s), 3.0)
    assert len(seen) == pytest.approx(2 * 20.0 * (3.0 - latency_s), abs=2)
    for time_s, report in seen:
        assert latency_s - 1e-6 <= time_s - report.stamp_s < latency_s + 0.01
        row = truth(report.stamp_s)[NAMES.index(report.identity)]
        np.testing.assert_array_equal(report.position, row[:2])


def test_what_was_on_its_way_can_be_forgotten() -> None:
    tracker = Tracker(TrackerSpec(latency_s=0.2, rate_hz=10.0), seed=0)
    for i in range(3):
        assert tracker.observe(0.1 * i, truth(0.0), NAMES) == [] or i == 2
    tracker.clear()
    stamps = [
        report.stamp_s
        for i in range(3, 7)
        for report in tracker.observe(0.1 * i, truth(0.0), NAMES)
    ]
    np.testing.assert_allclose(stamps, (0.3, 0.3, 0.4, 0.4), atol=1e-9)


def test_what_is_not_told_is_none() -> None:
    silent = watch(TrackerSpec(position_noise_m=0.1, says_covariance=False), 0.5)
    assert all(r.position_variance is None and r.velocity_variance is None for _, r in silent)
    assert all(r.velocity is not None for _, r in silent)
    places = watch(TrackerSpec(position_noise_m=0.1, says_velocity=False), 0.5)
    assert all(r.velocity is None and r.velocity_variance is None for _, r in places)
    assert all(r.position_variance == pytest.approx(0.01) for _, r in places)


def test_the_same_seed_sees_the_same_and_another_does_not() -> None:
    spec = TrackerSpec(position_noise_m=0.1, dropout=0.2)

    def positions(seed: int) -> list[float]:
        tracker = Tracker(spec, seed)
        reports = [r for i in range(50) for r in tracker.observe(0.05 * i, truth(0.0), NAMES)]
        return [float(x) for r in reports for x in r.position]

    assert positions(1) == positions(1) != positions(2)


def test_nobody_to_see() -> None:
    assert Tracker(TrackerSpec(), seed=0).observe(0.0, np.zeros((0, 4)), ()) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("position_noise_m", -0.1),
        ("rate_hz", 0.5),
        ("rate_hz", 300.0),
        ("dropout", 1.0),
        ("latency_s", 2.5),
        ("velocity_noise", math.nan),
    ],
)
def test_bad_specs_are_refused_in_one_line(field: str, value: float) -> None:
    with pytest.raises(InputError, match=f"^tracker: {field} = [^\n]*$"):
        Tracker(TrackerSpec(**{field: value}), seed=0)


def test_bad_observations_are_refused() -> None:
    tracker = Tracker(TrackerSpec(), seed=0)
    with pytest.raises(InputError, match=r"give finite numbers, \(1, 4\)"):
        tracker.observe(0.0, truth(0.0), ("a",))
    with pytest.raises(InputError, match="finite"):
        tracker.observe(0.0, truth(0.0) * math.nan, NAMES)
    tracker.observe(1.0, truth(1.0), NAMES)
    with pytest.raises(InputError, match="let it go on"):
        tracker.observe(0.9, truth(0.9), NAMES)
