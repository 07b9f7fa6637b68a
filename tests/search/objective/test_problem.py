"""What a search is asked: made once from study and space, and the same for all who are handed it."""

from __future__ import annotations

from pathlib import Path

import pytest

from codescale.errors import UserError
from codescale.mixtures.no_harm import NoHarmRule
from codescale.runs.records import RunSpec
from codescale.search.objective.objective import Objective
from codescale.search.objective.problem import SearchProblem, study_problem
from codescale.search.objective.study_space import conflicting_rules
from codescale.search.space.space import SearchPoint, load_space
from codescale.search.trials.spec import TrialSpecs
from codescale.search.warm_start import comparable
from codescale.study.folder import StudyFolder
from tests.search.synthetic_trials import CORPUS, LANGUAGES, TOKENS, finished_record, study

OWN = """
languages: all
hyperparameters: {learning_rate_factor: {low: 0.5, high: 2, scale: log}, weight_decay: {low: 0, high: 0.2}}
objective: {weights: {rust: 3, java: 1}, metrics: {pass_at_1: -0.4}}
proxy: {tokens: 2e5}
target: {n_params: 3e9, n_tokens: 4e9}
"""
SEVERAL = """
languages: all
objective: [{name: web, weights: {python: 2, java: 2}}, {name: systems, weights: {rust: 1}}]
"""


def asked(folder: Path, text: str) -> SearchProblem:
    (folder / "search_space.yaml").write_text(text)
    return study_problem(study(), StudyFolder(folder), CORPUS)


def test_the_spaces_scales_and_weights_stand_in_place_of_the_studys(tmp_path: Path) -> None:
    problem = asked(tmp_path, OWN)
    assert problem.proxy == (study().sizes["tiny"].n_params, 200_000)
    assert problem.target == (3_000_000_000, 4_000_000_000)
    assert problem.weights == {"rust": 3.0, "java": 1.0}
    assert problem.objective.weights == {"rust": 0.75, "java": 0.25}
    assert problem.objective.metrics == {"pass_at_1": pytest.approx(-0.1)}
    assert problem.objective.n_tokens == 200_000
    assert problem.objective.settings == ("learning_rate_factor", "weight_decay")
    assert problem.base_hyper == {"learning_rate_factor": 1.0, "weight_decay": study().training.weight_decay}


RULE = "languages: all\nno_harm: {reference: natural, margin: 2%, languages: [rust]}\n"


def test_the_spaces_rule_of_no_harm_is_the_proofs_unless_that_has_its_own(tmp_path: Path) -> None:
    problem = asked(tmp_path, RULE)
    rule = NoHarmRule("natural", 0.02, True, ("rust",))
    assert problem.config.comparison.no_harm == problem.space.no_harm == rule
    assert problem.config.comparison.compared == ("uniform", "natural"), "its reference is measured"
    assert conflicting_rules(study(), problem.space) == ""
    own = study().comparison.model_copy(update={"no_harm": NoHarmRule("uniform", 0.01)})
    config = study().model_copy(update={"comparison": own})
    other = SearchProblem.of(config, problem.space, CORPUS)
    assert other.config.comparison == own
    line = conflicting_rules(config, problem.space)
    assert "search_space.yaml searches by no_harm {'reference': 'natural', 'margin': '2 %'" in line
    assert "the proof goes by comparison.no_harm of study.yaml, {'reference': 'uniform', 'margin': 0.01}" in line
    assert "\n" not in line


def test_what_a_rule_protects_is_read_beside_what_weighs(tmp_path: Path) -> None:
    text = RULE.replace("natural", "uniform") + "objective: {weights: {python: 2}}\n"
    problem = asked(tmp_path, text)
    assert problem.objective.beside == ()
    assert problem.with_reference().objective.beside == ("rust",)
    everything = asked(tmp_path, text.replace(", languages: [rust]", "")).with_reference()
    assert everything.no_harm is not None
    assert everything.no_harm.protected == tuple(LANGUAGES)
    assert set(everything.objective.beside) == set(LANGUAGES) - {"python"}


def test_an_objective_with_metrics_has_no_unit(tmp_path: Path) -> None:
    assert asked(tmp_path, RULE).objective.unit == "nats per token"
    assert asked(tmp_path, OWN).objective.unit == ""
    alone = "languages: all\nobjective: {metrics: {pass_at_1: -1}}\n"
    assert asked(tmp_path, alone).objective.unit == ""


def test_a_space_without_a_question_of_its_own_asks_the_studys() -> None:
    problem = SearchProblem.of(study(), load_space("all_languages", LANGUAGES), CORPUS)
    assert problem.config == study()
    assert problem.weights == study().weights()
    assert problem.objective == Objective.of(study().weights(), TOKENS)
    assert problem.base_hyper == {}
    assert problem.proxy.n_tokens == problem.target.n_tokens == TOKENS


def test_it_is_worked_out_once(tmp_path: Path) -> None:
    problem = asked(tmp_path, OWN)
    for name in ("objective", "weights", "proxy", "target", "base_hyper"):
        assert getattr(problem, name) is getattr(problem, name)


def test_several_objectives_count_alike_and_each_search_of_the_front_weighs_them_its_own_way(tmp_path: Path) -> None:
    problem = asked(tmp_path, SEVERAL)
    assert problem.weights == {"python": 0.25, "java": 0.25, "rust": 0.5}
    assert problem.objective.weights == problem.weights
    assert problem.scalarized((0.5, 0.5)).objective == problem.objective
    alone = problem.scalarized((0.0, 1.0))
    assert alone.weights == alone.objective.weights == {"rust": 1.0}
    assert alone.config == problem.config
    assert (alone.proxy, alone.target) == (problem.proxy, problem.target)


def test_trials_and_the_runs_that_stand_for_them_are_held_to_the_same_tokens() -> None:
    free = SearchProblem.of(study(), load_space("all_languages", LANGUAGES), CORPUS)
    held = free.with_unique_tokens({"python": 100, "java": 200, "rust": 300})
    spec = TrialSpecs(held).spec(0, SearchPoint(study().uniform(), {}))
    assert spec.unique_tokens == {"python": 100, "java": 200, "rust": 300}
    assert held.objective == free.objective

    def swept(**changes: object) -> RunSpec:
        return spec.model_copy(update={"run_id": "mixture-1", "stage": "mixture", **changes})

    records = [finished_record(one) for one in (swept(), swept(unique_tokens=None), swept(n_params=7))]
    assert comparable(records, held) == records[:1]
    assert comparable(records, free) == records[1:2]
    assert comparable(records, SearchProblem.of(study(), free.space, "another corpus")) == []


def test_a_proxy_that_is_no_proxy_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"proxy\.tokens: .* is longer than the target"):
        asked(tmp_path, "languages: all\nproxy: {tokens: 1e6}")
