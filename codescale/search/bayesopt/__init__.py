"""Bayesian optimisation over mixtures: what the trials tell, what follows for other points, which one is next.

It knows Optuna's trials and neither torch nor Ray.
"""
