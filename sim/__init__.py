"""A simulated room for interaction scenarios: worlds, episodes, tracker, gymnasium environment.

No ROS and no learning. Importing this package loads nothing else; take what is needed from
`bisirl_sim.world`, `bisirl_sim.episode`, `bisirl_sim.humans`, `bisirl_sim.tracker`,
`bisirl_sim.env` or `bisirl_sim.render`.
"""
