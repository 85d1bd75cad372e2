"""Solver 5b: people and a robot in a room, continuous poses (FORMULATION section 5)."""
