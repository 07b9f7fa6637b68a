"""Tangents of a form, and the laws that a prior and a covariance give."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from codescale.laws.forms.additive import Additive
from codescale.laws.forms.curve import CurveForm
from codescale.laws.forms.effective_data import EffectiveData
from codescale.laws.observations import Observations

LANGUAGES = ("a", "b", "c")
FORMS = [EffectiveData(), Additive()]


def rows(count: int = 12) -> Observations:
    """Rows of three sizes and lengths, all with one loss."""
    generator = np.random.default_rng(0)
    return Observations(
        path="rows",
        domains=LANGUAGES,
        targets=LANGUAGES,
        log_params=np.log(generator.choice([1e6, 3e6, 1e7], count)),
        log_tokens=np.log(generator.choice([1e8, 3e8, 1e9], count)),
        shares=generator.dirichlet(np.ones(3), count),
        log_losses=np.full((count, 3), np.log(2.0)),
        trunk=np.arange(count),
        usable=np.ones(count, dtype=bool),
        unique_tokens=np.full((count, 3), np.inf),
    )


@pytest.mark.parametrize("form", FORMS)
def test_draws_around_a_law_spread_as_the_tangents_say(form: CurveForm) -> None:
    """The variance of drawn log losses is that of the tangents, for a covariance so small that laws are lines."""
    data, generator = rows(), np.random.default_rng(1)
    values = form.prior_draws(data, generator, 1, 0.2)[0]
    tangents = form.tangents(data, values)
    parameters = tangents.shape[2]
    covariance = np.tile(1e-6 * np.eye(parameters), (3, 1, 1))
    drawn = form.posterior_draws(data, values, covariance, generator, 4000)
    for target in range(3):
        losses = form.log_losses(drawn[:, target], LANGUAGES, data.log_params, data.log_tokens, data.shares)
        foretold = np.sqrt(1e-6 * (tangents[target] ** 2).sum(axis=1) * form.strength)
        assert losses.std(axis=0) == pytest.approx(foretold, rel=0.08)


def test_what_is_fixed_has_no_tangent_and_the_prior_is_where_it_is_asked() -> None:
    form, data = EffectiveData(), rows()
    one_size = replace(data, log_params=np.full(12, np.log(1e6)))
    names = form.parameter_names(LANGUAGES, "a")
    tangents = form.tangents(one_size)
    assert (tangents[:, :, names.index("A")] == 0).all()
    assert (tangents[0, :, names.index("t.a")] == 0).all()
    assert (tangents[0, :, names.index("t.b")] < 0).all()  # more worth, less loss
