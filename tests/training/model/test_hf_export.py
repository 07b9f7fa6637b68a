"""A model's folder is there whole or not at all, and replaces nothing but a model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from codescale.errors import UserError
from codescale.study.training import Shape
from codescale.training.model.hf_export import TOKENIZER, WEIGHTS, put_in_place, write_model
from codescale.training.model.llama import LanguageModel

SHAPE = Shape(hidden=16, layers=1, heads=2, intermediate=24, tied=True)


def written(folder: Path, tokenizer: Path | None = None) -> LanguageModel:
    folder.mkdir(parents=True)
    model = LanguageModel(SHAPE, 50, 12)
    write_model(folder, dict(model.named_parameters()), SHAPE, 12, 7, tokenizer)
    return model


def test_weights_are_written_in_fp32_under_transformers_names_and_tied_ones_once(tmp_path: Path) -> None:
    model = written(tmp_path / "made")
    found = load_file(tmp_path / "made" / WEIGHTS)
    assert found.keys() == dict(model.named_parameters()).keys()
    assert "lm_head.weight" not in found
    assert all(torch.equal(found[name], parameter) for name, parameter in model.named_parameters())
    assert json.loads((tmp_path / "made" / "generation_config.json").read_text()) == {"eos_token_id": 7}


def test_the_tokenizer_goes_with_it_and_says_which_token_ends_a_text(tmp_path: Path) -> None:
    tokenizer = tmp_path / "tokenizer.json"
    tokenizer.write_text(json.dumps({"added_tokens": [{"id": 3, "content": "<pad>"}, {"id": 7, "content": "<end>"}]}))
    written(tmp_path / "made", tokenizer)
    assert (tmp_path / "made" / TOKENIZER).read_bytes() == tokenizer.read_bytes()
    found = json.loads((tmp_path / "made" / "tokenizer_config.json").read_text())
    assert (found["eos_token"], found["model_max_length"]) == ("<end>", 12)


def test_an_earlier_model_is_replaced_whole(tmp_path: Path) -> None:
    output = tmp_path / "models" / "best"
    written(tmp_path / "first")
    put_in_place(tmp_path / "first", output)
    (output / "left over").touch()
    second = written(tmp_path / "second")
    put_in_place(tmp_path / "second", output)
    assert sorted(path.name for path in output.iterdir()) == sorted(
        path.name for path in (tmp_path / "second").iterdir()
    )
    assert torch.equal(load_file(output / WEIGHTS)["model.norm.weight"], second.model.norm.weight)
    assert [path.name for path in output.parent.iterdir()] == ["best"]


def test_what_is_no_model_is_left_alone(tmp_path: Path) -> None:
    written(tmp_path / "made")
    folder, file = tmp_path / "thesis", tmp_path / "thesis.txt"
    folder.mkdir()
    (folder / "chapter").write_text("years of work")
    file.write_text("more of it")
    for output in (folder, file):
        with pytest.raises(UserError, match="exists and is not a model; name another folder"):
            put_in_place(tmp_path / "made", output)
    assert (folder / "chapter").read_text() == "years of work"
    assert file.read_text() == "more of it"
