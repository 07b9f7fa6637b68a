"""Every number of the optimiser that is somebody's choice, with the reason beside it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BayesOptSettings:
    """What the optimiser is tuned by. One value serves a search: from it every part takes its own numbers.

    Units: losses and their deviations in nats per token, distances between points in shares and scaled hyperparameters
    (both from 0 to 1).
    """

    # What is learned from
    most_rows: int = 150
    """Rows that a surrogate learns from: a suggestion costs their square, a fit their cube."""
    best_rows: int = 10
    """Of more rows, the best ones, near which others are kept."""
    near_fraction: float = 0.7
    """The part of the rows learned from that are kept for their nearness to the best; the others spread over the rest.
    """
    fewest_rows: int = 5
    """Rows below which nothing is fitted but a given law."""
    refit_growth: float = 0.15
    """The part by which the rows have to grow before laws and hyperparameters are fitted again."""
    refuted_sigmas: float = 5.0
    """Deviations by which the first trials may miss what other scales predict, if their best is not the predicted one:
    what only shifts or stretches all losses misses by as much and misleads nobody."""
    hyperparameter_width: float = 3.0
    """The width of a hyperparameter's range among the kernel's inputs, whose lengthscales are around 2."""

    # Means
    law_samples: int = 8
    """Samples of a law: what is not known of it is coarse, and each costs as much as the law itself."""
    folds: int = 6
    """Of cross-validation: each costs a fit of every law, and fewer leave out more than a search has."""
    refitted_forms: tuple[str, ...] = ("effective-data", "additive")
    """The forms that are fitted to the trials: convex in the shares, and with a prior that keeps few rows in check."""
    refit_starts: int = 1
    """Starts that the solver of a refitted law keeps: a fit that is done again after a few trials need not be exact."""
    refit_iterations: int = 30
    """Its iterations from a cold start."""
    refit_iterations_near: int = 12
    """Its iterations from the fit to all rows, for folds and samples, whose optimum is near."""
    fewest_rows_for_stacking: int = 3
    """Rows below which weights of means would be chance: the last mean stands alone."""

    # Processes on what the mean leaves over
    most_rows_for_likelihood: int = 120
    """Their hyperparameters' likelihood costs the cube of the rows, for every target and step."""
    fewest_rows_for_likelihood: int = 4
    """Rows below which the process is as if unmeasured."""
    level_sigmas: float = 3.0
    """Of the level that is added to a mean, in deviations of its residuals."""
    slope_sigma: float = 0.3
    """Of the factor on a mean's differences, around 1: a law's shape is trusted to about a third."""
    unmeasured_relevance: float = 0.5
    """Of a process before there are rows to fit it to: lengthscales of 2, the kernel's own prior."""
    unmeasured_amplitude: float = 0.01
    """As if a law erred by a hundredth (of a log loss),"""
    unmeasured_noise: float = 0.003
    """and a run by a third of that."""
    seed_luck_lengthscale: float = 0.3
    """Among the kernel's inputs, of what a fit has taken over from one seed's luck: mixtures whose cube roots of shares
    are 0.3 off together have half of it in common. The demo's best mixture and its reference are so far apart."""
    jitter: float = 1e-12
    """Added to every variance of noise, so that repeated rows leave the covariance positive definite."""

    # Pruned trials
    most_curves: int = 200
    """Of the latest finished trials that predict where pruned ones would have ended: more would hardly change what is
    predicted, and every suggestion goes through them."""
    most_pruned: int = 100
    """Of the latest pruned trials that count."""
    fewest_finished: int = 3
    """Finished trials that a line through their final losses needs."""
    final_slope: float = 1.0
    """A loss that lies higher now ends about as much higher: what few trials cannot say better;"""
    final_slope_sigma: float = 0.5
    """and how far the slope may be from that."""
    imputed_noise: float = 2.0
    """The variance of an imputed final loss at the middle of what was seen, in units of a finished run's."""
    most_imputed_noise: float = 100.0
    """The same at most: farther away a row tells nothing anyway."""

    # What the next trial is chosen by
    improvement_every: int = 3
    """Every third trial is by expected improvement, which looks where the processes are unsure; the others by Thompson
    samples, which spread a batch."""
    parego_sum: float = 0.05
    """The part of the plain sum in ParEGO's scalar: Knowles's rho."""
    no_harm_confidence: float = 0.95
    """The probability with which what is recommended keeps a rule of no harm."""
    fewest_for_the_unmeasured: int = 8
    """Finished trials below which what is recommended under that rule is one of them, where no runs of before tell more
    of what lies between."""
    no_harm_sigmas: float = 2.0
    """Deviations by which a Thompson sample stays away from where that rule is broken."""
    random_points: int = 64
    """Random points of which one is taken, or on which improvement is measured, where nothing is measured yet."""

    # Where the acquisition is least
    candidates: int = 768
    """Random points of which the best are improved."""
    starts: int = 3
    """Points that are improved side by side."""
    neighbours: int = 72
    """Points about each that a round asks for: a multiple of three, one third for each kind of step."""
    rounds: int = 24
    """Rounds of improvement at most; by then steps are small."""
    fewest_candidates: int = 64
    """Random points however little may be spent,"""
    fewest_rounds: int = 3
    """and rounds."""
    first_step: float = 0.1
    """Of a local search; a share, about,"""
    longest_step: float = 0.3
    """at most, and"""
    shortest_step: float = 1e-4
    """at least."""
    step_growth: float = 1.3
    """After a round that found a better point;"""
    step_shrinkage: float = 0.6
    """after one that found none."""
    most_measured_starts: int = 16
    """Measured points from which a local search may begin, beside the candidates."""
    recommendation_budget: float = 10_000.0
    """Points at which the acquisition is asked where it is asked once: for a recommendation."""
    suggestion_budget: float = 1e9
    """Values of kernels that a suggestion may take, times the trials so far: the more there are, the less is one worth.
    """
    fewest_evaluations: float = 300.0
    """Points that a suggestion looks at, whatever that comes to,"""
    most_evaluations: float = 1_500.0
    """and at most."""

    # Where no trial is tried again
    repeat_radius: float = 1e-3
    """Around every evaluated point: with one seed a repeated trial ends exactly as the first one did."""
    diverged_radius: float = 0.05
    """Around every point whose training diverged: its neighbours likely do too."""
    escape_steps: tuple[float, ...] = (0.02, 0.1, 0.3, 1.0)
    """How far about an excluded point others are looked for, one after another."""

    # When to end
    patience: int = 3
    """Trials in a row of which too little is expected; one alone may be the surrogate's whim."""
    regret_budget: float = 500.0
    """Points looked at for the optimum of one sample of the laws."""
    regret_step: float = 0.05
    """About each optimum, points about so far away are drawn too."""
    regret_draws: int = 16
    """Of the processes, under every sample of the laws."""


DEFAULT_SETTINGS = BayesOptSettings()
