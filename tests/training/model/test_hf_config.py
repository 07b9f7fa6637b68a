"""What is written as a model's ``config.json`` is read back as the same shape."""

from __future__ import annotations

from pathlib import Path

import pytest

from codescale.files import write_json
from codescale.study.training import Shape
from codescale.training.model.hf_config import CONFIGURATION, Architecture, configuration, read_architecture

PLAIN = Shape(hidden=16, layers=2, heads=4, intermediate=24)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"key_value_heads": 2, "head_dim": 6},
        {"tied": True},
        {"attention_bias": "all"},
        {"attention_bias": "qkv", "tied": True},
        {"rope_theta": 5e5, "rope_factor": 4.0},
        {"norm_epsilon": 1e-5},
    ],
)
def test_a_shape_goes_to_a_file_and_back(changes: dict[str, object], tmp_path: Path) -> None:
    shape = PLAIN.model_copy(update=changes)
    write_json(tmp_path / CONFIGURATION, configuration(shape, 50, 32, 7))
    found = read_architecture(tmp_path)
    explicit = {"key_value_heads": shape.key_heads, "head_dim": shape.head_width}
    assert found == Architecture(shape.model_copy(update=explicit), 50, 7)


def test_of_several_tokens_that_end_a_text_the_first_counts(tmp_path: Path) -> None:
    content = configuration(PLAIN, 50, 32, 7)
    write_json(tmp_path / CONFIGURATION, content | {"eos_token_id": [3, 7]})
    assert read_architecture(tmp_path).end == 3
    write_json(tmp_path / CONFIGURATION, content | {"eos_token_id": None})
    assert read_architecture(tmp_path).end is None
