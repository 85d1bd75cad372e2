"""The benchmark's figures under the field's names: navigation among people, learning, comparison.

How far a reward is from the true one is in `core.metrics` and `core.reward_distance`, what it
costs in an exact game in `tabular.regret`.
"""
