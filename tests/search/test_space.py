"""Search spaces: the built-in files are good, a bad file gets one line that names file and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from codescale.errors import UserError
from codescale.mixture import Mixture
from codescale.search.space import Point, load_space, space_names

SEVEN = ("python", "java", "javascript", "typescript", "csharp", "go", "rust")


@pytest.mark.parametrize("name", space_names())
def test_built_in_spaces_fit_the_study(name: str) -> None:
    space = load_space(name, SEVEN)
    middle = space.point({key: 0.5 if key.startswith("share") else 1.0 for key in space.names})
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
    point = Point(Mixture({"python": 0.3, "rust": 0.5, "text": 0.2}), {"batch": 4.0})
    assert space.point(space.parameters(point)).same(point)
    for outside in (Point(point.mixture, {"batch": 16.0}), Point(point.mixture, {})):
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
        ("languages: {python: many}", "languages.python", "not a share"),
        ("languages: some", "languages", "not a share"),
        ("languages: {python: 1}", "", "nothing to search"),
        ("languages: all\nhyperparameters: {speed: {low: 1, high: 2}}", "hyperparameters.speed", "hyperparameter"),
        ("languages: all\nhyperparameters: {batch: {low: 3, high: 2}}", "hyperparameters.batch", "below high"),
        ("languages: all\nhyperparameters: {batch: {low: 1.5, high: 2}}", "hyperparameters.batch", "whole number"),
        ("languages: all\nhyperparameters: {weight_decay: {low: 0, high: 1, scale: log}}", "weight_decay", "above 0"),
        ("languages: all\nhyperparameters: {batch: {low: 1, height: 2}}", "hyperparameters.batch", ""),
        ("- 1", "", "not a search space"),
    ],
)
def test_a_bad_space_names_file_and_field(tmp_path: Path, text: str, field: str, problem: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(UserError) as refused:
        load_space(path, ("python", "rust"))
    message = str(refused.value)
    assert "bad.yaml" in message
    assert field in message.split(": ", maxsplit=1)[0]
    assert problem in message
    assert "\n" not in message


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UserError, match="two_languages"):
        load_space("three_languages", SEVEN)
