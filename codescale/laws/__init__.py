"""Laws: from a runs table to a function (N, D, proportions) -> loss per target, with its uncertainty.

For: forms, fitting, choosing among laws by held-out error, prediction intervals, scaling per language, synergy gains.
May not: train, know torch or Ray, read anything but a runs table or a law file. Imports in well under a second.

    from codescale.laws.fitting.fit import fit_law              a runs table -> Law
    from codescale.laws.law import load_law, save_law
    from codescale.laws.predict import predict_table    Law + runs table -> table with predictions
    from codescale.laws.scaling import fit_scaling      L = E + A N^-alpha + B D^-beta per language
    from codescale.laws.synergy.measured import measure_synergy  what language j does for language i

A form (``codescale.laws.forms``) is one small class in one file, found by its name.
"""
