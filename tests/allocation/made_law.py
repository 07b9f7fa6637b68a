"""A law made by hand, whose optima are known."""

from __future__ import annotations

from functools import cache

import numpy as np

from codescale.laws.fitted_range import FittedRange
from codescale.laws.forms.registry import find_form
from codescale.laws.law import Law

LANGUAGES = ("python", "java", "go", "rust", "text")


@cache
def made_law(name: str = "effective-data", samples: int = 8, seed: int = 0) -> Law:
    """A law of five languages with parameters drawn at random; targets are the languages."""
    form = find_form(name)
    generator = np.random.default_rng(seed)

    def value(parameter: str, target: str) -> float:
        if parameter == f"t.{target}":
            return 1.0
        if parameter.startswith("member."):
            return float(parameter == f"member.{target}")
        low, high = {
            "E": (1, 2),
            "A": (8, 20),
            "alpha": (0.25, 0.35),
            "B": (100, 300),
            "beta": (0.25, 0.35),
            "kappa": (0.8, 1.6),
            "t": (0.02, 0.5),
            "c": (-2, 1),
            "C": (0.5, 4),
            "a": (0.5, 2),
            "b": (0.5, 2),
            "gamma_A": (0.3, 2),
            "gamma_B": (0.3, 2),
            "p0": (0.01, 0.1),
            "tau": (-0.05, 0.2),
            "log_loss": (0, 1),
            "gamma": (2, 5) if form.one_loss else (0.1, 0.9),
        }[parameter.partition(".")[0]]
        return float(generator.uniform(low, high))

    targets = ("mixture",) if form.one_loss else LANGUAGES
    parameters = {t: {p: value(p, t) for p in form.parameter_names(LANGUAGES, t)} for t in targets}
    jittered = {
        t: {p: [v * float(np.exp(0.05 * generator.normal())) for _ in range(samples)] for p, v in row.items()}
        for t, row in parameters.items()
    }
    return Law(
        name=name,
        formula=form.formula,
        domains=LANGUAGES,
        targets=targets,
        parameters=parameters,
        fitted_range=FittedRange(
            n_params=(1e5, 1e7), n_tokens=(1e7, 1e9), proportions=dict.fromkeys(LANGUAGES, (0.0, 1.0))
        ),
        noise=dict.fromkeys(targets, 0.01),
        correlation=np.eye(len(targets)).tolist(),
        seed=0,
        fitted_rows=1,
        runs="none.csv",
        bootstrap=jittered if samples else {},
    )
