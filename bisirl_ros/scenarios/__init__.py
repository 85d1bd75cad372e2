"""Interaction scenarios as YAML; `bisirl_ros.crowd.scenario` reads them."""
