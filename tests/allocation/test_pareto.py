"""The front between two groups: nothing on it is dominated, its ends are the optima, bounds hold."""

from __future__ import annotations

import numpy as np
import pytest

from codescale.allocation.optimize import optimize_mixture
from codescale.allocation.pareto import trace_front
from codescale.errors import UserError
from codescale.mixtures.mixture import Mixture
from tests.allocation.made_law import LANGUAGES, made_law

pytestmark = pytest.mark.filterwarnings("ignore::codescale.laws.warning.LawWarning")


@pytest.mark.parametrize("name", ["effective-data", "exponential"])
def test_no_mixture_of_the_front_is_better_for_both(name: str) -> None:
    law = made_law(name, samples=4)
    front = trace_front(law, 1e6, 1e8, ["python"], ["rust", "go"], points=7)
    first, second = (np.array([getattr(one, group)[0] for one in front]) for group in ("first", "second"))
    assert len(front) >= 5
    assert (np.diff(first) > 0).all()
    assert (np.diff(second) < 0).all()
    best = optimize_mixture(law, 1e6, 1e8, {"python": 1.0})
    assert first[0] == pytest.approx(best.objective, rel=1e-6)
    random = np.random.default_rng(0).dirichlet(np.ones(5), size=3000)
    losses = law.predict(np.full(3000, 1e6), np.full(3000, 1e8), random).losses
    python, others = losses[:, 0], losses[:, [LANGUAGES.index("rust"), LANGUAGES.index("go")]].mean(axis=1)
    for k in range(len(front)):
        assert not ((python < first[k] - 1e-6) & (others < second[k] - 1e-6)).any()


def test_a_front_keeps_bounds_and_names_what_is_wrong() -> None:
    law = made_law("effective-data", samples=2)
    front = trace_front(law, 1e6, 1e8, ["python"], ["rust"], 5, bounds={"python": (0.1, 0.3), "text": 0.05})
    for one in front:
        assert 0.1 - 1e-9 <= one.mixture["python"] <= 0.3 + 1e-9
        assert one.mixture["text"] == pytest.approx(0.05, abs=1e-9)
    for first, second, points, message in (
        (["python"], ["python"], 5, "python is in both groups"),
        (["perl"], ["python"], 5, "perl: is not in the law"),
        ([], ["python"], 5, "names no language"),
        (["go"], ["python"], 1, "1 make no front"),
    ):
        with pytest.raises(UserError, match=message):
            trace_front(law, 1e6, 1e8, first, second, points)


def test_a_front_tells_what_each_group_gains_over_each_baseline() -> None:
    law = made_law(samples=6)
    found = trace_front(law, 1e6, 1e8, ["python"], ["rust", "go"], 5, baselines=["uniform", "weights"])
    uniform, weights = (
        Mixture(dict.fromkeys(names, 1 / len(names))) for names in (LANGUAGES, ("python", "rust", "go"))
    )
    for word, mixture in (("uniform", uniform), ("weights", weights)):
        losses = law.predict(np.array([1e6]), np.array([1e8]), mixture.array(LANGUAGES)[None]).losses[0]
        first, second = losses[0], losses[[LANGUAGES.index("rust"), LANGUAGES.index("go")]].mean()
        for one in found:
            gained = one.gains[word]
            assert gained[0][0] == pytest.approx(first - one.first[0])
            assert gained[1][0] == pytest.approx(second - one.second[0])
            assert all(gain[1] < gain[2] for gain in gained)
    assert trace_front(law, 1e6, 1e8, ["python"], ["rust"], 2)[0].gains == {}
