"""What the law proposes for a search: inside the space, the best there, and the same for search and comparison."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import yaml

from codescale.allocation.optimize import best_mixture, predict_objective
from codescale.comparison.plan import PREDICTED
from codescale.laws.law import Law, save_law
from codescale.mixtures.bounds import AvailableTokens
from codescale.mixtures.mixture import Mixture
from codescale.search.law_optimum import law_draws, law_optimum
from codescale.search.objective.problem import SearchProblem, study_problem
from codescale.search.objective.weights import equally_weighted
from codescale.search.space.space import SearchSpace
from codescale.stages import compare, search
from codescale.stages.study import Study
from codescale.study.config import StudyConfig, parse_study
from codescale.study.folder import StudyFolder
from tests.search.planted_landscape import LANGUAGES, D, N, effective_data_law

LAW = effective_data_law((0.16, 0.2, 0.25, 0.3))
PLENTY = AvailableTokens(max_epochs=4, tokens={})
TIED = """
languages:
  python: [0, 0.4]
  java: [0.05, 1]
  javascript: [0.2, 1]
  go: {tied_to: python, ratio: 0.5}
"""


def content(**target: object) -> dict[str, object]:
    shape = {"hidden": 16, "layers": 1, "heads": 2, "intermediate": 32}
    return {
        "name": "planted",
        "languages": list(LANGUAGES),
        "sizes": {"tiny": shape},
        "target": {"n_params": int(N), "n_tokens": int(D)} | target,
        "search": {"space": "all_languages", "size": "tiny", "tokens": 400_000},
        "comparison": {"size": "tiny", "tokens": 400_000},
    }


def asked(root: Path, space: str, **target: object) -> SearchProblem:
    root.mkdir(exist_ok=True)
    (root / "search_space.yaml").write_text(space)
    return study_problem(parse_study(content(**target), "planted study"), StudyFolder(root))


def objective(config: StudyConfig, mixture: Mixture) -> float:
    return predict_objective(LAW, N, D, mixture, config.weights())[0]


def with_samples(count: int) -> Law:
    generator = np.random.default_rng(0)
    bootstrap = {
        target: {
            name: [value * float(np.exp(0.2 * generator.normal())) for _ in range(count)] if name == "B" else
            [value] * count
            for name, value in row.items()
        }
        for target, row in LAW.parameters.items()
    }  # fmt: skip
    return Law.model_validate(LAW.model_dump() | {"bootstrap": bootstrap})


def test_it_keeps_bounds_floors_and_ties_and_nothing_in_the_space_is_better(tmp_path: Path) -> None:
    problem = asked(tmp_path, TIED)
    config, space = problem.config, problem.space
    best = law_optimum(LAW, problem, PLENTY)
    assert space.feasible.contains(best)
    assert best["go"] == pytest.approx(best["python"] / 2)
    free = best_mixture(LAW, N, D, config.weights())
    assert not space.feasible.contains(free)
    random = np.random.default_rng(0)
    others = [space.coordinates.mixture(random.random(space.coordinates.size)) for _ in range(300)]
    value = objective(config, best)
    assert value <= min(objective(config, other) for other in others)
    assert value < objective(config, space.inside(free)) - 1e-4, "moved into the space, the free optimum is worse"


def test_no_share_asks_for_more_tokens_than_there_are_unless_the_space_does(tmp_path: Path) -> None:
    problem = asked(tmp_path, "languages: all")
    space = problem.space
    free = law_optimum(LAW, problem, PLENTY)
    scarce = AvailableTokens(max_epochs=4, tokens={"python": free["python"] * D / 40})
    capped = law_optimum(LAW, problem, scarce)
    assert capped["python"] <= free["python"] / 10 + 1e-9
    assert capped["python"] < free["python"]
    problem = asked(tmp_path, "languages: {python: [0.5, 0.9], java: free}")
    space = problem.space
    assert law_optimum(LAW, problem, scarce)["python"] >= 0.5 - 1e-9
    little = AvailableTokens(max_epochs=4, tokens=dict.fromkeys(LANGUAGES, D / 1000))
    assert space.feasible.contains(law_optimum(LAW, problem, little))


def test_draws_keep_the_rules_too(tmp_path: Path) -> None:
    problem = asked(tmp_path, TIED)
    space = problem.space
    drawn = law_draws(with_samples(12), problem, 5)
    assert len(drawn) == 5
    assert len({tuple(round(share, 6) for share in mixture.array(LANGUAGES)) for mixture in drawn}) > 1
    assert all(space.feasible.contains(mixture) for mixture in drawn)


def test_a_law_that_lacks_a_language_of_the_space_still_proposes_something_inside(tmp_path: Path) -> None:
    config = asked(tmp_path, "languages: all").config
    wider = SearchSpace("wider", {"rust": (0.1, 0.2)} | dict.fromkeys(LANGUAGES[:3], (0.0, 1.0)), {})
    best = law_optimum(LAW, SearchProblem.of(config, wider), PLENTY)
    assert wider.feasible.contains(best)
    assert best["rust"] == pytest.approx(0.1)


def test_the_bounds_of_the_study_hold_where_the_space_says_nothing(tmp_path: Path) -> None:
    text = "languages: {python: free, java: {tied_to: python}, javascript: [0, 0.9], go: free}"
    bounds = {"python": (0.1, 0.3), "java": (0.0, 0.2), "javascript": (0.0, 0.2), "go": (0.05, 1.0)}
    space = asked(tmp_path, text, bounds=bounds).space
    assert space.bounds == bounds | {"javascript": (0.0, 0.9)}
    space = asked(tmp_path, "languages: all", bounds={"go": 0.2}).space
    assert space.bounds["go"] == (0.2, 0.2)
    assert space.bounds["python"] == (0.0, 1.0)
    space = asked(tmp_path, "languages: {python: free, java: free}", bounds={"go": 0.2}).space
    assert space.bounds["go"] == (0.0, 0.0)


def test_one_weighting_for_all_that_is_the_searchs_question(tmp_path: Path) -> None:
    """The space's objective wins over study.yaml's; several are weighed alike; metrics alone leave the study's."""
    theirs = {"python": 1.0, "java": 1.0}
    problem = asked(tmp_path, "languages: all\nobjective: {weights: {go: 3, java: 1}}", weights=theirs)
    config, space = problem.config, problem.space
    assert problem.weights == {"go": 3.0, "java": 1.0}
    assert {name: weight for name, weight in config.weights().items() if weight} == {"go": 3.0, "java": 1.0}
    several = "[{name: a, weights: {go: 4, java: 4}}, {name: b, weights: {python: 7}}]"
    problem = asked(tmp_path, f"languages: all\nobjective: {several}", weights=theirs)
    config, space = problem.config, problem.space
    assert problem.weights == {"go": 0.25, "java": 0.25, "python": 0.5}
    assert equally_weighted(space).aims[0].weights == problem.weights
    assert config.weights() == {"python": 0.5, "java": 0.25, "javascript": 0.0, "go": 0.25}
    problem = asked(tmp_path, "languages: all\nobjective: {metrics: {pass_at_1: -1}}", weights=theirs)
    config, space = problem.config, problem.space
    assert problem.weights == config.weights() == theirs | {"javascript": 0.0, "go": 0.0}


@pytest.mark.parametrize("own", ["", "objective: {weights: {javascript: 5, java: 1}}\ntarget: {n_tokens: 3e9}"])
def test_search_and_comparison_are_told_the_same_optimum(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: str
) -> None:
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(content()))
    (tmp_path / "search_space.yaml").write_text(TIED + own)
    context = Study(tmp_path).context
    save_law(LAW, context.folder.law)
    proportions = {"javascript": 0.5, "go": 0.5}
    context.folder.search.write_text(json.dumps({"incumbent": {"proportions": proportions, "hyper": {}}}))
    monkeypatch.setattr(context, "corpus", lambda: SimpleNamespace(corpus_id="planted"))
    monkeypatch.setattr(compare, "target_availability", lambda context: PLENTY)
    monkeypatch.setattr(search, "target_availability", lambda context: PLENTY)
    problem = study_problem(context.config, context.folder)
    space = problem.space
    compared, _ = compare.compared_mixtures(context, problem)
    best = compared[PREDICTED]
    assert search.warm_start(context, problem).law_optimum == best
    assert space.feasible.contains(best)
    assert best == law_optimum(LAW, problem, PLENTY)
    if own:
        plain = SearchProblem.of(context.config, SearchSpace("plain", space.bounds, {}, space.ties))
        assert best["javascript"] > law_optimum(LAW, plain, PLENTY)["javascript"] + 0.05
