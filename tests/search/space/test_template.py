"""The space file to begin with: it searches what the study does, and all that it suggests can be used."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from codescale.errors import UserError
from codescale.search.objective.problem import SearchProblem
from codescale.search.objective.study_space import study_space
from codescale.search.space.schema import SpaceFile, read_space_file
from codescale.search.space.space import load_space, space_names
from codescale.search.space.template import starting_space, write_starting_space
from codescale.study.config import parse_study
from codescale.study.folder import StudyFolder
from codescale.study.presets import preset_text
from tests.search.synthetic_trials import LANGUAGES, study


@pytest.mark.parametrize("name", space_names())
def test_the_file_to_begin_with_searches_what_the_study_searches(name: str, tmp_path: Path) -> None:
    """Copied under another path all is as before: bounds, ties, hyperparameters, objective and scales."""
    content = yaml.safe_load(preset_text("demo"))
    content["search"]["space"] = name
    content["target"]["bounds"] = {"python": [0.1, 0.6]}
    config, folder = parse_study(content, "study"), StudyFolder(tmp_path)
    before = study_space(config, folder)
    write_starting_space(config, folder)
    after = study_space(config, folder)
    assert after.path == str(folder.space_file)
    assert replace(after, path=before.path, name=before.name) == before
    with pytest.raises(UserError, match="exists already"):
        write_starting_space(config, folder)


def test_the_file_to_begin_with_keeps_all_that_a_space_says(tmp_path: Path) -> None:
    text = (
        "languages: {python: [0.2, 0.7], rust: {tied_to: python, ratio: 0.5, bounds: [0, 0.5]}, java: 0.1, go: free}\n"
        "available: {max_epochs: 2, tokens: {go: 3e8}}\nhyperparameters: {batch: {low: 2, high: 4}}\n"
        "objective: [{name: one, weights: {python: 2}}, {name: two, metrics: {x.python: -0.5}}]\n"
        "target: {n_params: 3e9, n_tokens: 2e9}\nproxy: {tokens: 300_000}\n"
    )
    (tmp_path / "ours.yaml").write_text(text)
    content = yaml.safe_load(preset_text("demo"))
    content["search"]["space"] = "ours.yaml"
    config, folder = parse_study(content, "study"), StudyFolder(tmp_path)
    write_starting_space(config, folder)
    assert read_space_file(folder.space_file) == read_space_file(tmp_path / "ours.yaml")


def test_a_study_whose_space_is_none_gets_no_file(tmp_path: Path) -> None:
    content = yaml.safe_load(preset_text("demo"))
    content["search"]["space"] = "gone.yaml"
    with pytest.raises(UserError, match=r"gone\.yaml: no such file"):
        write_starting_space(parse_study(content, "study"), StudyFolder(tmp_path))


def test_the_file_to_begin_with_is_a_good_one(tmp_path: Path) -> None:
    """As written, and with every # that stands before a key taken away."""
    config = study()
    text = starting_space(config, SpaceFile(languages="all"))
    path = tmp_path / "search_space.yaml"
    path.write_text(text)
    assert load_space(path, LANGUAGES).bounds == dict.fromkeys(LANGUAGES, (0.0, 1.0))
    keys = ("# available:", "# hyper", "#   ", "# objective: {", "# target:", "# proxy")
    path.write_text("\n".join(line.removeprefix("# ") if line.startswith(keys) else line for line in text.splitlines()))
    space = load_space(path, LANGUAGES, 1e9)
    assert len(space.hyperparameters) == 7
    assert SearchProblem.of(config, space).config.search == config.search
