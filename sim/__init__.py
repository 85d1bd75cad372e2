"""A simulated room for interaction scenarios: world, bodies, task and gymnasium environment.

No ROS and no learning. Importing this package loads nothing else; take what is needed from
`bisirl_sim.world`, `bisirl_sim.task`, `bisirl_sim.humans`, `bisirl_sim.env` or `bisirl_sim.render`.
"""
