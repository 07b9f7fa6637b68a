"""The section ``trainer`` of study.yaml: what it takes, and what it refuses in one line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from codescale.errors import UserError
from codescale.study.config import StudyConfig, parse_study
from codescale.study.trainer import filled
from codescale.study.training import ModelSize

PAGE = Path(__file__).parents[2] / "docs/own-trainer.md"
COMMAND = ["train", "{mixture}", "{steps}"]


def study(trainer: dict[str, Any] | None, **changes: Any) -> StudyConfig:
    content = {
        "name": "own",
        "languages": ["web", "code"],
        "sizes": {"small": {"n_params": 1e6}},
        "target": {"size": "small", "n_tokens": 100_000},
        "search": {"size": "small", "tokens": 10_000},
        "comparison": {"size": "small", "tokens": 10_000},
    }
    return parse_study(content | ({} if trainer is None else {"trainer": trainer}) | changes, "study.yaml")


def test_languages_may_have_any_names_and_sizes_n_alone() -> None:
    config = study({"command": COMMAND})
    assert config.sizes["small"] == ModelSize(n_params=1_000_000)
    assert config.weights() == {"web": 1.0, "code": 1.0}


def test_resources_are_those_of_a_worker() -> None:
    config = study({"command": COMMAND, "resources": {"cpu": 8, "gpu": 2}})
    assert (config.ray.threads, config.ray.gpus_per_worker) == (8, 2.0)
    assert config.trainer is not None
    assert config.trainer.process_count == 2


@pytest.mark.parametrize(("more", "rate"), [([], None), (["{learning_rate_factor}"], 0.5)])
def test_a_run_is_tried_again_where_the_command_takes_another_rate(more: list[str], rate: float | None) -> None:
    assert study({"command": COMMAND + more}).training.retry_rate == rate


def test_placeholders_are_filled_once() -> None:
    assert filled('{a}{{b}}{"c": {"d": 1}}{a}', {"a": "{b}"}) == '{b}{b}{"c": {"d": 1}}{b}'


@pytest.mark.parametrize(
    ("trainer", "changes", "line"),
    [
        ({"command": []}, {}, "study.yaml, trainer.command: "),
        ({"command": [" "]}, {}, "study.yaml, trainer: command: begins with an empty word; name a program"),
        (
            {"command": ["train", "{steps} {stepz}"]},
            {},
            "study.yaml: command: {stepz} stands for nothing; write one of",
        ),
        ({"command": ["train", "{share.rust}"]}, {}, "study.yaml: command: {share.rust} stands for nothing"),
        ({"command": COMMAND, "mixture": "megatron"}, {}, "trainer: paths: megatron names each language's data"),
        ({"command": COMMAND, "paths": "p.yaml"}, {}, "trainer: paths: a mixture in json names no data"),
        (
            {"command": COMMAND, "results": {"file": "../x"}},
            {},
            "results.file: '../x' lies outside of the run's folder",
        ),
        ({"command": COMMAND, "results": {"unit": "bits per byte"}}, {}, "results.unit: bits per byte cannot be told"),
        ({"command": COMMAND, "results": {"unit": "bananas"}}, {}, "results.unit: 'bananas' is not a unit of losses"),
        ({"command": COMMAND, "results": {"tokens": "t", "step": "s"}}, {}, "results: give either tokens or step"),
        (
            {"command": COMMAND, "results": {"loss": {"rust": "r"}}},
            {},
            "results.loss.rust: not a language of the study",
        ),
        ({"command": COMMAND, "grace": -1}, {}, "study.yaml, trainer.grace: is -1, where a number of 0 or more"),
        ({"command": COMMAND, "environment": {"a b": "1"}}, {}, "study.yaml, trainer.environment"),
        ({"command": COMMAND}, {"ray": {"threads": 2}}, "ray.threads: say trainer.resources instead"),
        (
            {"command": COMMAND},
            {"training": {"rule": "deepseek", "optimizer": "adamw"}},
            "training.rule: a trainer sets",
        ),
        (
            {"command": COMMAND},
            {"sweep": {"pairs": {"size": "small", "tokens": 4096}}},
            "sweep.pairs: a trainer holds no",
        ),
        ({"command": COMMAND}, {"sweep": {"repetition": "target"}}, "sweep.repetition: is not heard by a trainer"),
        (None, {}, "sizes.small: give it a shape (hidden, layers, heads, intermediate), or a trainer"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(
    trainer: dict[str, Any] | None, changes: dict[str, Any], line: str
) -> None:
    with pytest.raises(UserError) as refused:
        study(trainer, **changes)
    assert line in str(refused.value)


def test_the_study_and_the_results_of_the_page_are_taken() -> None:
    results, whole, machines = re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    several = parse_study(yaml.safe_load(whole) | yaml.safe_load(machines), "study.yaml").trainer
    assert several is not None
    assert several.resources.nodes == 2
    config = parse_study(yaml.safe_load(whole), "study.yaml")
    assert config.trainer is not None
    assert config.trainer.takes == {"mixture", "steps", "size", "seed", "folder", "results"}
    for line in results.splitlines():
        section = yaml.safe_load(line)["results"]
        assert parse_study(yaml.safe_load(whole) | {"trainer": {"command": COMMAND, "results": section}}, "study.yaml")
