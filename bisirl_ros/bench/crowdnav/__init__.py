"""Circle crossing among ORCA people, as in CrowdNav (Chen et al. 2019, Crowd-Robot Interaction)."""
