"""Solver 5a: games with finitely many states and actions, solved exactly (FORMULATION s. 5)."""
