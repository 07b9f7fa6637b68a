"""Laws: from a runs table to a function (N, D, proportions) -> loss per target, with its uncertainty.

For: forms, fitting, choosing among laws by held-out error, prediction intervals, scaling per language, synergy gains.
May not: train, know torch or Ray, read anything but a runs table or a law file. Imports in well under a second.

    fit_law          a runs table -> Law
    load_law         its file -> Law
    predict_table    Law, runs table -> table with predictions
    fit_scaling      L = E + A N^-alpha + B D^-beta per language
    measure_synergy  what language j does for language i

A form (``codescale.laws.forms``) is one small class in one file, found by its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from codescale.lazy_exports import lazy

if TYPE_CHECKING:
    from codescale.laws.fitting.compare import compare_laws
    from codescale.laws.fitting.fit import fit_law, law_names
    from codescale.laws.forms.registry import FORMS
    from codescale.laws.law import Law, Prediction, load_law, save_law
    from codescale.laws.predict import predict_table
    from codescale.laws.scaling import fit_scaling
    from codescale.laws.synergy.measured import measure_synergy
    from codescale.laws.synergy.predicted import law_synergy
    from codescale.laws.warning import LawWarning

__all__ = [
    "FORMS",
    "Law",
    "LawWarning",
    "Prediction",
    "compare_laws",
    "fit_law",
    "fit_scaling",
    "law_names",
    "law_synergy",
    "load_law",
    "measure_synergy",
    "predict_table",
    "save_law",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "codescale.laws.fitting.compare": ["compare_laws"],
        "codescale.laws.fitting.fit": ["fit_law", "law_names"],
        "codescale.laws.forms.registry": ["FORMS"],
        "codescale.laws.law": ["Law", "Prediction", "load_law", "save_law"],
        "codescale.laws.predict": ["predict_table"],
        "codescale.laws.scaling": ["fit_scaling"],
        "codescale.laws.synergy.measured": ["measure_synergy"],
        "codescale.laws.synergy.predicted": ["law_synergy"],
        "codescale.laws.warning": ["LawWarning"],
    },
)
