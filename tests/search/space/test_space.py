"""Search spaces: the built-in files are good, a bad file gets one line that names file and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from codescale.errors import UserError
from codescale.mixtures.mixture import Mixture
from codescale.search.objective.objective import Objective
from codescale.search.objective.problem import SearchProblem, study_problem
from codescale.search.space.space import SearchPoint, load_space, space_names
from codescale.study.folder import StudyFolder
from tests.search.synthetic_trials import LANGUAGES, study

SEVEN = ("python", "java", "javascript", "typescript", "csharp", "go", "rust")


@pytest.mark.parametrize("name", space_names())
def test_built_in_spaces_fit_the_study(name: str) -> None:
    space = load_space(name, SEVEN)
    ranges = space.hyperparameters
    middle = space.point(
        {key: (ranges[key].low + ranges[key].high) / 2 if key in ranges else 0.5 for key in space.names}
    )
    assert space.point(space.parameters(middle)).same(middle)


def test_the_promised_spaces_are_there() -> None:
    promised = {"seven_languages", "two_languages", "seven_languages_and_learning_rate", "learning_rate_only"}
    assert promised <= set(space_names())
    assert len(load_space("seven_languages", SEVEN).names) == 6
    assert load_space("learning_rate_only", SEVEN).names == ("learning_rate_factor",)
    assert load_space("two_languages", SEVEN).bounds["rust"] == (0.0, 0.0)
    assert len(load_space("all_languages", ("go", "rust", "text")).names) == 2


def test_a_space_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "ours.yaml"
    text = "languages: {python: [0.1, 0.5], rust: free, text: 0.2}\nhyperparameters: {batch: {low: 2, high: 8}}"
    path.write_text(text)
    space = load_space(path, ("python", "rust", "text"))
    assert space.names == ("share_0", "batch")
    point = SearchPoint(Mixture({"python": 0.3, "rust": 0.5, "text": 0.2}), {"batch": 4.0})
    assert space.point(space.parameters(point)).same(point)
    for outside in (SearchPoint(point.mixture, {"batch": 16.0}), SearchPoint(point.mixture, {})):
        with pytest.raises(ValueError, match=r"range|hyper"):
            space.parameters(outside)


@pytest.mark.parametrize(
    ("text", "field", "problem"),
    [
        ("languages: all\ncolour: red", "colour", "unknown key"),
        ("hyperparameters: {}", "languages", "is missing"),
        ("languages: {cobol: free}", "languages.cobol", "not a language of the study"),
        ("languages: {python: [0.5, 0.2], rust: free}", "languages.python", "above the upper"),
        ("languages: {python: [0.5, 1.2], rust: free}", "languages.python", "within 0 and 1"),
        ("languages: {python: [0.7, 1], rust: [0.6, 1]}", "languages", "lower bounds sum to 1.3"),
        ("languages: {python: [0, 0.3], rust: [0, 0.3]}", "languages", "upper bounds sum to 0.6"),
        ("languages: {python: many}", "languages.python", "is 'many', where free or a number or a list or a mapping"),
        ("languages: some", "languages", "is 'some', where all or uniform or a mapping"),
        ("languages: {python: 1}", "", "nothing to search"),
        (
            "languages: all\nhyperparameters: {speed: {low: 1, high: 2}}",
            "hyperparameters.speed",
            "unknown key; known are learning_rate_factor",
        ),
        ("languages: all\nhyperparameters: {batch: {low: 3, high: 2}}", "hyperparameters.batch", "below high"),
        ("languages: all\nhyperparameters: {batch: {low: 1.5, high: 2}}", "hyperparameters.batch", "whole number"),
        ("languages: all\nhyperparameters: {weight_decay: {low: 0, high: 1, scale: log}}", "weight_decay", "above 0"),
        ("languages: all\nhyperparameters: {batch: {low: 1, height: 2}}", "hyperparameters.batch", ""),
        ("languages: all\nhyperparameters: {weight_decay: {low: -1, high: 1}}", "hyperparameters", "may lie between 0"),
        ("languages: all\nhyperparameters: {cooldown_share: {low: 0.1, high: 5}}", "hyperparameters", "0.99"),
        ("languages: all\nhyperparameters: {batch: {low: 1, high: 1.0e300}}", "hyperparameters", "batch may lie"),
        ("- 1", "", "not a search space"),
        ("languages: {python: {tied_to: rust, ratio: 2}, rust: [0.4, 1]}", "languages", "ties counted, sum to 1.2"),
        (
            "languages: {python: {tied_to: rust, ratio: 3, bounds: [0, 0.5]}, rust: [0.2, 1]}",
            "languages.python",
            "its tie",
        ),
        ("languages: {python: {tied_to: rust}, rust: {tied_to: python}}", "languages.python", "itself tied"),
        ("languages: {python: {tied_to: python}, rust: free}", "languages.python", "to itself"),
        ("languages: {python: {tied_to: go}, rust: free}", "languages.python", "does not name"),
        (
            "languages: {python: {tied_to: rust, ratio: -1}, rust: free}",
            "languages.python.ratio",
            "is -1, where a number above 0 is wanted",
        ),
        ("languages: {python: {tide_to: rust}, rust: free}", "languages.python.tied_to", "missing"),
        ("languages: all\navailable: {tokens: {java: 3e9}}", "available.tokens.java", "not a language"),
        (
            "languages: {python: [0.5, 1], rust: free}\navailable: {tokens: {python: 1e8}}",
            "available.tokens.python",
            "1 ep",
        ),
        ("languages: all\navailable: {tokens: {python: 3e8, rust: 2e8}}", "languages", "upper bounds sum to 0.5"),
        ("languages: all\nobjective: {weights: {cobol: 1}}", "objective.weights.cobol", "not a language"),
        (
            "languages: all\nobjective: {weights: {python: -1}}",
            "objective.weights.python",
            "is -1, where a number of 0 or more is wanted",
        ),
        ("languages: all\nobjective: {weights: {python: 0}}", "objective", "weighs nothing"),
        ("languages: all\nobjective: [{weights: {python: 1}}, {weights: {rust: 1}}]", "objective.0.name", "missing"),
        ("languages: all\nobjective: {weigths: {python: 1}}", "objective.weigths", "unknown key"),
        ("languages: all\ntarget: {size: a, n_params: 3}", "target", "either size or n_params"),
        (
            "languages: all\nhyperparameters: {organisation: [paired]}",
            "hyperparameters.organisation",
            "between the two",
        ),
        ("languages: all\nhyperparameters: {organisation: paired}", "hyperparameters.organisation", "between the two"),
        (
            "languages: all\nhyperparameters: {organisation: {low: 0, high: 1}}",
            "hyperparameters.organisation",
            "between the two",
        ),
        (
            "languages: all\nhyperparameters: {organization: [shuffled, paired]}",
            "organization",
            "paired_share or organisation",
        ),
    ],
)
def test_a_bad_space_names_file_and_field(tmp_path: Path, text: str, field: str, problem: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(UserError) as refused:
        load_space(path, ("python", "rust"), 1e9)
    message = str(refused.value)
    assert "bad.yaml" in message
    assert field in message.split(": ", maxsplit=1)[0]
    assert problem in message
    assert "\n" not in message


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UserError, match="two_languages"):
        load_space("three_languages", SEVEN)


def test_a_space_with_everything(tmp_path: Path) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text(
        """
languages:
  python: [0.1, 0.5]
  javascript: free
  typescript: {tied_to: javascript, ratio: 2}
  rust: free
  text: 0.1
available: {max_epochs: 4, tokens: {rust: 50e6}}
objective: {weights: {typescript: 3, python: 1}, metrics: {bits_per_byte.python: 0.4}}
target: {n_params: 1e9, n_tokens: 1e9}
proxy: {tokens: 2e5}
"""
    )
    space = load_space(path, ("python", "javascript", "typescript", "rust", "text"))
    assert space.bounds["rust"] == (0.0, 0.2)
    assert space.bounds["text"] == (0.1, 0.1)
    assert len(space.names) == 2
    mixture = space.point({"share_0": 0.3, "share_1": 0.6}).mixture
    assert mixture["typescript"] == pytest.approx(2 * mixture["javascript"])
    aim = Objective.aimed(space.aims[0], 1000)
    assert aim.weights == {"typescript": 0.75, "python": 0.25}
    assert aim.value({"typescript": 2.0, "python": 4.0}, {"bits_per_byte.python": 1.0}) == pytest.approx(2.6)


def test_the_scales_of_the_space_are_the_searchs(tmp_path: Path) -> None:
    path = tmp_path / "scales.yaml"
    path.write_text("languages: all\nobjective: {weights: {rust: 2}}\nproxy: {tokens: 2e5}\ntarget: {n_tokens: 3e9}")
    config = SearchProblem.of(study(), load_space(path, LANGUAGES)).config
    assert config.search.tokens == 200_000
    assert config.target.n_tokens == 3_000_000_000
    assert config.weights() == {"python": 0.0, "java": 0.0, "rust": 2.0}


@pytest.mark.parametrize(
    ("text", "field", "problem"),
    [
        ("proxy: {tokens: 5e5}", "proxy.tokens", "longer than the target of 400,000"),
        ("target: {n_params: 1000}", "study.yaml, search.size", "larger than the target of 1,000"),
        ("target: {n_tokens: 1e5}", "study.yaml, search.tokens", "longer than the target of 100,000"),
        ("proxy: {tokens: 500}", "proxy.tokens", "less than one batch"),
        ("proxy: {size: huge}", "proxy.size", "not a size of the study"),
    ],
)
def test_a_proxy_larger_than_the_target_is_refused(tmp_path: Path, text: str, field: str, problem: str) -> None:
    path = tmp_path / "search_space.yaml"
    path.write_text(f"languages: all\n{text}")
    with pytest.raises(UserError, match=problem) as refused:
        study_problem(study(), StudyFolder(tmp_path))
    assert field in str(refused.value)
