"""An earlier mixture that is kept: its ratios hold, and what bounds do not allow is named."""

from __future__ import annotations

import numpy as np
import pytest

from codescale.allocation.optimize import optimize_mixture
from codescale.allocation.problem import make_problem
from codescale.allocation.reuse import Reuse, keeping
from codescale.errors import UserError
from codescale.mixtures.mixture import Mixture
from tests.allocation.made_law import LANGUAGES, made_law

pytestmark = pytest.mark.filterwarnings("ignore::codescale.laws.warning.LawWarning")

N, D = 1e6, 1e8
EARLIER = Mixture({"python": 0.5, "java": 0.3, "go": 0.2})


def test_an_earlier_mixture_keeps_its_ratios_where_nothing_new_touches_them() -> None:
    law = made_law("effective-data", samples=10)
    earlier = Mixture({"python": 0.5, "java": 0.3, "go": 0.2})
    found = optimize_mixture(law, N, D, reuse=Reuse(earlier, affected=["go"]))
    assert set(found.refitted) == {"go", "rust", "text"}
    assert found.mixture["python"] / found.mixture["java"] == pytest.approx(5 / 3, rel=1e-9)
    whole = optimize_mixture(law, N, D)
    assert whole.objective <= found.objective + 1e-9
    with pytest.raises(UserError, match="holds every language of the law"):
        optimize_mixture(law, N, D, reuse=Reuse(Mixture.uniform(LANGUAGES), affected=[]))


def test_what_is_kept_varies_as_one() -> None:
    problem = make_problem(made_law(samples=0), N, D, bounds={"python": (0.1, 0.4), "java": (0.06, 1.0)})
    small = keeping(problem, EARLIER, ["rust", "text"])
    assert small.feasible.domains == ("python + java + go", "rust", "text")
    assert small.feasible.low.tolist() == pytest.approx([0.2, 0.0, 0.0])
    assert small.feasible.high.tolist() == pytest.approx([0.8, 1.0, 1.0])
    shares = small.mixtures(small.feasible.sample(50, np.random.default_rng(0)))
    assert shares.sum(axis=1) == pytest.approx(np.ones(50))
    assert shares[:, 0] == pytest.approx(shares[:, 1] * 5 / 3)
    assert (shares >= problem.feasible.low - 1e-9).all()
    assert (shares <= problem.feasible.high + 1e-9).all()


@pytest.mark.parametrize(
    ("bounds", "earlier", "message"),
    [
        ({"python": (0.8, 1.0), "go": (0.0, 0.1)}, EARLIER, "bounds, python and go: cannot hold at the ratios"),
        ({"python": (0.6, 1.0)}, EARLIER, "bounds, python: cannot hold at the ratios"),
        ({"go": (0.1, 1.0)}, Mixture({"python": 1.0, "java": 0.0, "go": 0.0}), "bounds, go: asks for 0.1 or more"),
        ({}, Mixture({"text": 1.0}), "gives python, java, go no share to keep ratios of"),
        ({"python": (0.4, 1.0), "text": (0.3, 1.0)}, EARLIER, "lower bounds sum to 1.1"),
    ],
)
def test_bounds_that_the_kept_ratios_break_are_named(
    bounds: dict[str, tuple[float, float]], earlier: Mixture, message: str
) -> None:
    problem = make_problem(made_law(samples=0), N, D, bounds=bounds)
    with pytest.raises(UserError, match=message):
        keeping(problem, earlier, ["rust", "text"])


def test_a_language_outside_the_law_is_named() -> None:
    with pytest.raises(UserError, match="earlier mixture, cobol: is not in the law"):
        optimize_mixture(made_law(samples=0), N, D, reuse=Reuse(Mixture({"cobol": 1.0})))
