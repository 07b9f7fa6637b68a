"""Every form against its formula written out, the baselines against NumPy, and a stack against its members."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from codescale.laws.forms.registry import find_form
from codescale.laws.forms.stack import Stack
from codescale.laws.observations import Observations, narrow, observe
from tests.laws.synthetic_runs import study_table

DOMAINS = ("a", "b", "c")
Named = dict[str, float]


def scale(v: Named, n: float, d: float, size: float = 1.0, data: float = 1.0) -> float:
    """E and the terms of N and D, times ``size`` and ``data``, joined by kappa (1 where there is none)."""
    kappa = v.get("kappa", 1.0)
    terms = v["A"] * size * n ** -v["alpha"], v["B"] * data * d ** -v["beta"]
    return float(v["E"] + sum(term ** (1 / kappa) for term in terms) ** kappa)


def mixing(v: Named, p: np.ndarray) -> float:
    return 1.0 / sum(v[f"C.{j}"] * share ** v[f"gamma.{j}"] for j, share in zip(DOMAINS, p, strict=True))


def effective_data(v: Named, n: float, d: float, p: np.ndarray) -> float:
    return scale(v, n, d * sum(v[f"t.{j}"] * share for j, share in zip(DOMAINS, p, strict=True)))


def exponential(v: Named, n: float, d: float, p: np.ndarray) -> float:
    return scale(v, n, d) + float(np.exp(sum(v[f"c.{j}"] * share for j, share in zip(DOMAINS, p, strict=True))))


def joint(v: Named, n: float, d: float, p: np.ndarray) -> float:
    def worth(letter: str, gamma: float) -> float:
        inner = sum(share * v[f"{letter}.{j}"] ** (-1 / gamma) for j, share in zip(DOMAINS, p, strict=True))
        return float(inner**-gamma)

    return scale(v, n, d, worth("a", v["gamma_A"]), worth("b", v["gamma_B"])) + mixing(v, p)


FORMULAS: dict[str, Callable[[Named, float, float, np.ndarray], float]] = {
    "chinchilla": lambda v, n, d, p: scale(v, n, d),
    "coupled": lambda v, n, d, p: scale(v, n, d),
    "effective-data": effective_data,
    "additive": lambda v, n, d, p: scale(v, n, d) + mixing(v, p),
    "exponential": exponential,
    "joint": joint,
}


def drawn(names: tuple[str, ...], generator: np.random.Generator) -> Named:
    typical = {"E": 1.5, "A": 9.0, "alpha": 0.3, "B": 70.0, "beta": 0.35, "kappa": 1.4}
    return {name: typical.get(name, 0.7) * float(generator.uniform(0.7, 1.3)) for name in names}


@pytest.mark.parametrize("name", list(FORMULAS))
def test_losses_are_those_of_the_formula(name: str) -> None:
    form, generator = find_form(name), np.random.default_rng(0)
    values = drawn(form.parameter_names(DOMAINS, "a"), generator)
    n, d = generator.uniform(1e5, 1e9, 20), generator.uniform(1e6, 1e10, 20)
    shares = 0.94 * generator.dirichlet(np.ones(3), size=20) + 0.02
    found = form.log_losses(np.array([list(values.values())]), DOMAINS, np.log(n), np.log(d), shares)[0]
    expected = [FORMULAS[name](values, *row) for row in zip(n, d, shares, strict=True)]
    np.testing.assert_allclose(np.exp(found), expected, rtol=1e-6)


@pytest.mark.parametrize("own", [0.0, 0.2, 1.0])
def test_the_family_law_depends_on_the_targets_own_share_alone(own: float) -> None:
    form = find_form("family")
    values = drawn(form.parameter_names(DOMAINS, "b"), np.random.default_rng(1))
    values |= {"gamma": 0.1, "p0": 0.05, "member.a": 0.0, "member.b": 1.0, "member.c": 0.0}
    shares = np.array([[1 - own, own, 0.0], [0.0, own, 1 - own]])
    at = np.log([1e7, 1e7]), np.log([1e9, 1e9]), shares
    found = np.exp(form.log_losses(np.array([list(values.values())]), DOMAINS, *at)[0])
    expected = scale(values, 1e7, 1e9) * ((own + 0.05) / 1.05) ** -0.1
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Observations:
    folder: Path = tmp_path_factory.mktemp("formulas")
    found = observe(narrow(study_table(folder)))
    gaps = np.arange(len(found)) % 7 == 0
    losses = found.log_losses.copy()
    losses[gaps, 1] = np.nan
    return replace(found, log_losses=losses)


def test_the_linear_baseline_is_weighted_least_squares(data: Observations) -> None:
    form = find_form("linear")
    weights = np.random.default_rng(2).integers(0, 3, (1, len(data))).astype(float)
    values = form.fit(data, weights)[0]
    columns = np.column_stack([data.log_params, data.log_tokens, data.shares])
    for k in range(len(data.targets)):
        rows = np.repeat(np.arange(len(data)), (weights[0] * data.usable).astype(int))
        rows = rows[np.isfinite(data.log_losses[rows, k])]
        expected = np.linalg.lstsq(columns[rows], data.log_losses[rows, k], rcond=None)[0]
        np.testing.assert_allclose(columns @ values[k], columns @ expected, atol=1e-8)


def test_the_least_baseline_is_the_weighted_mean_of_what_is_known(data: Observations) -> None:
    weights = np.random.default_rng(3).uniform(0, 2, (2, len(data)))
    values = find_form("mean").fit(data, weights)
    for s in range(2):
        for k in range(len(data.targets)):
            known = np.isfinite(data.log_losses[:, k]) & data.usable
            assert values[s, k, 0] == pytest.approx(np.average(data.log_losses[known, k], weights=weights[s, known]))


def test_a_stack_is_the_weighted_geometric_mean_and_so_are_its_slopes() -> None:
    members = (find_form("effective-data"), find_form("exponential"))
    generator = np.random.default_rng(4)
    own = [np.array(list(drawn(one.parameter_names(DOMAINS, "a"), generator).values())) for one in members]
    stack = Stack(members, np.array([0.3, 0.7]))
    values = stack.join([one[None] for one in own])[0]
    shares = np.array([0.2, 0.5, 0.3])
    at = np.array([16.0]), np.array([20.0]), shares[None]
    logs = [one.log_losses(v[None], DOMAINS, *at)[0, 0] for one, v in zip(members, own, strict=True)]
    assert stack.log_losses(values[None], DOMAINS, *at)[0, 0] == pytest.approx(0.3 * logs[0] + 0.7 * logs[1])
    loss, slopes = stack.share_gradient(values, DOMAINS, 16.0, 20.0, shares)
    numeric_loss, numeric = super(Stack, stack).share_gradient(values, DOMAINS, 16.0, 20.0, shares)
    assert loss == pytest.approx(numeric_loss)
    np.testing.assert_allclose(slopes, numeric, rtol=1e-4)
