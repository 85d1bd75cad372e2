"""Interaction scenarios as data: geometry, dynamics, the human's features, the robot's task."""
