"""Robots by name, as YAML; `bisirl_ros.robots.profile` reads them."""
