"""The suite `people`: recordings, and what is learned of the people in them."""

from __future__ import annotations

from bisirl_ros.verify.people import bags, determinism, recorder, speed

EXPERIMENTS = tuple(module.EXPERIMENT for module in (bags, determinism, recorder, speed))
