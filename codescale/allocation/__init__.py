"""Allocation: the best mixture under a law, a token budget and bounds, and the files that say what is wanted.

For: minimising a weighted mean of predicted losses over the simplex, with the optimum's uncertainty.
May not: fit laws, train, know torch or Ray.

    from codescale.allocation.optimize import optimize_mixture   Law -> Allocation
    from codescale.allocation.files import read_weights, read_bounds, read_available, write_mixture, read_mixture
"""
