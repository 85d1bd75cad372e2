"""The peer of the speed comparison: MCE-IRL of the `imitation` package, timed on its own problems.

Run by the peer's interpreter (`make peer`), which has none of this package's dependencies, so it
imports nothing of the package outside this folder:

    .venv-peer/bin/python -m bisirl_ros.theory.peer --out DIR

writes DIR/<problem>.npz with the problem, its exact expert and what the peer found, and prints one
JSON line per problem. Where there is a choice, it is made in the peer's favour: the expert's
occupancy is exact, rewards are float64, the learning rate is the best of `LEARNING_RATES`, neither
the search for it nor recording is charged, caps are in CPU time so that other load on the machine
is not charged either, and of a run that does not arrive the best iterate counts.
"""
