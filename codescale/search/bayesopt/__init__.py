"""Bayesian optimisation over mixtures: what the trials tell, what follows for other points, which one is next.

The sampler (``sampler``) reads an Optuna study (``trial_reader``, ``imputation``) into rows (``dataset``), selects a
surrogate for them (``model_selection``: laws as ``mean_functions``, Gaussian processes in ``surrogate``), and asks its
``posterior`` through an ``acquisition`` for the next point (``optimizer``). It knows neither torch nor Ray.
"""
