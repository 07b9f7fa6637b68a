"""Exported mixtures, parsed back as the trainers do: the shares are there and sum to 1."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from codescale.cli import main
from codescale.errors import UserError
from codescale.mixtures.mixture import Mixture
from codescale.mixtures.trainer_formats import FORMATS, DataSource, export_mixture, read_sources

MIXTURE = Mixture({"python": 0.5, "java": 1 / 3, "rust": 1 / 6, "go": 0.0})
SOURCES = {name: DataSource(path=f"/data/dä-{name}") for name in ("python", "java", "rust")}


def parsed(text: str, form: str) -> dict[str, float]:
    """Path to weight, as the trainer reads it."""
    if form == "megatron":
        words = text.split()
        return {path: float(weight) for weight, path in zip(words[::2], words[1::2], strict=True)}
    if form == "torchtitan":
        return {one["dataset_path"]: one["weight"] for one in yaml.safe_load(text)["dataloader"]["sources"]}
    if form == "nanotron":
        dataset = yaml.safe_load(text)["data_stages"][0]["data"]["dataset"]
        return dict(zip(dataset["dataset_folder"], dataset["dataset_weights"], strict=True))
    content = json.loads(text)
    return dict(zip(content["paths"], content["probabilities"], strict=True))


@pytest.mark.parametrize("form", FORMATS)
def test_shares_come_back_and_sum_to_1(form: str) -> None:
    found = parsed(export_mixture(MIXTURE, SOURCES, form), form)  # type: ignore[arg-type]
    assert found == pytest.approx({f"/data/dä-{name}": MIXTURE[name] for name in SOURCES}, abs=1e-8)
    assert abs(sum(found.values()) - 1) < 1e-12


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(1e-6, 1), min_size=1, max_size=20), st.sampled_from(FORMATS))
def test_any_mixture_sums_to_1(weights: list[float], form: str) -> None:
    mixture = Mixture({f"l{k}": weight / sum(weights) for k, weight in enumerate(weights)})
    sources = {name: DataSource(path=name) for name in mixture}
    found = parsed(export_mixture(mixture, sources, form), form)  # type: ignore[arg-type]
    assert abs(sum(found.values()) - 1) < 1e-12
    assert min(found.values()) >= 0


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("tiny", [1e-7, 1e-11, 1e-17, 1e-200])
def test_a_tiny_share_is_written_and_not_dropped(form: str, tiny: float) -> None:
    mixture = Mixture({"python": 1 - 2 * tiny, "java": 1.2345678e0 * tiny, "rust": 0.7654e0 * tiny})
    found = parsed(export_mixture(mixture, SOURCES, form), form)  # type: ignore[arg-type]
    assert found == pytest.approx({f"/data/dä-{name}": mixture[name] for name in mixture}, rel=1e-3, abs=0)
    assert abs(sum(found.values()) - 1) < 1e-12


def test_a_share_that_no_number_holds_is_named() -> None:
    sources = {"python": DataSource(path="p", tokens_per_row=1), "java": DataSource(path="j", tokens_per_row=1e300)}
    with pytest.raises(UserError, match="java: its share is too small to be written"):
        export_mixture(Mixture({"python": 1.0, "java": 1e-30}), sources, "datasets")


def test_rows_of_unequal_length_are_drawn_by_tokens() -> None:
    sources = {"python": DataSource(path="p", tokens_per_row=500), "java": DataSource(path="j", tokens_per_row=1000)}
    found = parsed(export_mixture(Mixture({"python": 0.5, "java": 0.5}), sources, "datasets"), "datasets")
    assert found == pytest.approx({"p": 2 / 3, "j": 1 / 3})
    assert found["p"] * 500 == pytest.approx(found["j"] * 1000, rel=1e-6)


@pytest.mark.parametrize("path", ["/my data/x", "/data\n/x", " /x"])
def test_a_path_that_megatron_would_split_is_refused(path: str) -> None:
    sources = {"python": DataSource(path=path)}
    with pytest.raises(UserError, match="white space"):
        export_mixture(Mixture({"python": 1.0}), sources, "megatron")
    assert list(parsed(export_mixture(Mixture({"python": 1.0}), sources, "datasets"), "datasets")) == [path]


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="rust has a share and no path"):
        export_mixture(MIXTURE, {name: SOURCES[name] for name in ("python", "java")}, "megatron")
    half = SOURCES | {"python": DataSource(path="p", tokens_per_row=10)}
    with pytest.raises(UserError, match=r"java\.tokens_per_row"):
        export_mixture(MIXTURE, half, "datasets")
    path = tmp_path / "paths.yaml"
    for text, field in (("python: {path: a, rows: 1}", "python.rows"), ("- a", "names no paths"), ("go: 3", "go")):
        path.write_text(text)
        with pytest.raises(UserError, match=field):
            read_sources(path)
    path.write_text("python: /data/python\njava: {path: /data/java, tokens_per_row: 800}")
    assert read_sources(path)["java"].tokens_per_row == 800


@pytest.mark.parametrize(("organisation", "told"), [("paired", True), ("shuffled", False), (None, False)])
def test_the_command_says_where_a_mixture_was_found_with_translations_in_one_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], organisation: str, told: bool
) -> None:
    content = {"proportions": {"python": 1.0}} | ({"organisation": organisation} if organisation else {})
    (tmp_path / "mixture.yaml").write_text(yaml.safe_dump(content))
    (tmp_path / "paths.yaml").write_text("python: /data/python")
    arguments = ["mixture.yaml", "--format", "megatron", "--paths", "paths.yaml", "--output", "out.txt"]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["codescale", "export", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    assert (tmp_path / "out.txt").exists()
    assert ("found with translations in one document" in " ".join(capsys.readouterr().out.split())) == told
