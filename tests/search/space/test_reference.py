"""The reference of a space's rule of no harm: by name, inside the space, and wrong rules by field."""

from __future__ import annotations

from pathlib import Path

import pytest

from codescale.errors import UserError
from codescale.mixtures.mixture import Mixture
from codescale.mixtures.no_harm import NoHarmRule
from codescale.search.space.reference import resolved_no_harm
from codescale.search.space.space import load_space

LANGUAGES = ("python", "java", "rust", "text")
FREE = "languages: {python: free, java: free, rust: [0, 0.3]}\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "space.yaml"
    path.write_text(text)
    return path


def test_a_space_names_a_rule_and_its_tokens(tmp_path: Path) -> None:
    text = FREE + "available: {max_epochs: 9, tokens: {python: 5e9, java: 4e9, rust: 1e9}}\n"
    space = load_space(written(tmp_path, text + "no_harm: {reference: natural, margin: 2%}\n"), LANGUAGES, 1e9)
    found = resolved_no_harm(space)
    assert found is not None
    assert found.rule == NoHarmRule("natural", 0.02, True)
    assert found.reference == Mixture({"python": 0.5, "java": 0.4, "rust": 0.1})
    elsewhere = load_space(written(tmp_path, FREE + "no_harm: {reference: natural, margin: 0.01}\n"), LANGUAGES)
    found = resolved_no_harm(elsewhere, {"python": 3, "java": 1, "rust": 0, "text": 7})
    assert found is not None
    assert found.reference == Mixture({"python": 0.75, "java": 0.25})
    assert resolved_no_harm(load_space(written(tmp_path, FREE), LANGUAGES)) is None


def test_a_files_path_begins_at_the_space(tmp_path: Path) -> None:
    (tmp_path / "today.yaml").write_text("proportions: {python: 0.8, rust: 0.2}\n")
    space = load_space(written(tmp_path, FREE + "no_harm: {reference: today.yaml, margin: 0}\n"), LANGUAGES)
    found = resolved_no_harm(space)
    assert found is not None
    assert found.reference == Mixture({"python": 0.8, "rust": 0.2})


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("{margin: 2%}", r"no_harm: has a margin without a reference"),
        ("{reference: natural}", r"no_harm: has a reference without a margin"),
        ("{reference: natural, margin: two}", r"no_harm: margin is 'two', where nats per token"),
        ("{reference: natural, margin: -1}", r"no_harm: margin is '-1', where nats per token"),
        ("{reference: natural, margin: 1, confidence: 1}", r"no_harm: 'confidence' is no part of the rule"),
        ("{reference: naturel, margin: 1}", r"no_harm: reference: 'naturel' is no baseline: write uniform, natural"),
        ("{reference: uniform, margin: 1, languages: go}", r"no_harm: languages: write a list such as"),
        ("{reference: uniform, margin: 1, languages: [rust, rust]}", r"no_harm: languages: 'rust' is named twice"),
        (
            "{reference: uniform, margin: 1, languages: [rust, go]}",
            r"no_harm.languages: 'go' is no language whose loss is known; name some of python, java, rust, text",
        ),
        (
            "{reference: natural, margin: 1}",
            r"no_harm.reference, natural: needs the tokens that there are of python, java",
        ),
        (
            "{reference: uniform, margin: 1}",
            r"no_harm.reference: .* no mixture keeps: rust has 0.3333, where 0 to 0.3",
        ),
    ],
)
def test_a_wrong_rule_is_named_by_field(tmp_path: Path, rule: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        resolved_no_harm(load_space(written(tmp_path, f"{FREE}no_harm: {rule}\n"), LANGUAGES))


def test_a_rule_is_of_one_objective_of_losses(tmp_path: Path) -> None:
    rule = "no_harm: {reference: uniform, margin: 1}\n"
    for objective, message in (
        ("{weights: {python: 1}, metrics: {x: 1}}", "no_harm: is about losses"),
        ("[{name: a, weights: {python: 1}}, {name: b, weights: {java: 1}}]", "no_harm: is one rule beside several"),
    ):
        with pytest.raises(UserError, match=message):
            load_space(written(tmp_path, f"{FREE}objective: {objective}\n{rule}"), LANGUAGES)


def test_a_tie_that_the_reference_breaks_is_named(tmp_path: Path) -> None:
    text = "languages: {python: free, java: free, rust: {tied_to: java, ratio: 2}}\n"
    space = load_space(written(tmp_path, text + "no_harm: {reference: uniform, margin: 1}\n"), LANGUAGES)
    with pytest.raises(UserError, match="java and rust have other ratios than their tie"):
        resolved_no_harm(space)
