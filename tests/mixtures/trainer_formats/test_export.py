"""Exported mixtures, parsed back as the trainers do: the shares are there and sum to 1."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from codescale.errors import UserError
from codescale.mixtures.mixture import Mixture
from codescale.mixtures.trainer_formats import FORMATS, DataSource, Format, export_mixture, read_sources
from codescale.mixtures.warning import MixtureWarning

pytestmark = pytest.mark.filterwarnings("ignore::codescale.mixtures.warning.MixtureWarning")

MIXTURE = Mixture({"python": 0.5, "java": 1 / 3, "rust": 1 / 6, "go": 0.0})
SOURCES = {name: DataSource(path=f"/data/dä-{name}") for name in ("python", "java", "rust")}


IN_WHOLE_SEQUENCES = ("levanter",)
"""Formats whose weights are whole numbers of sequences of a block, however D is."""


def parsed(text: str, form: Format) -> dict[str, float]:
    """Path to weight, as the trainer reads it."""
    if form == "megatron":
        words = text.split()
        return {path: float(weight) for weight, path in zip(words[::2], words[1::2], strict=True)}
    if form in ("datasets", "litdata"):
        content = json.loads(text)
        return dict(zip(content["paths"], content["probabilities" if form == "datasets" else "weights"], strict=True))
    content = yaml.safe_load(text)
    if form == "nanotron":
        dataset = content["data_stages"][0]["data"]["dataset"]
        return dict(zip(dataset["dataset_folder"], dataset["dataset_weights"], strict=True))
    if form == "levanter":
        components = content["data"]["components"]
        return {
            components[name]["source"]["train_urls"][0]: weight
            for name, weight in content["data"]["train_weights"].items()
        }
    rows, path, weight = {
        "torchtitan": (content.get("dataloader", {}).get("sources"), "dataset_path", "weight"),
        "olmo-core": (content.get("source_list", {}).get("sources"), "paths", "target_ratio"),
        "streaming": (list(content.get("streams", {}).values()), "local", "proportion"),
    }[form]
    return {row[path] if isinstance(row[path], str) else row[path][0]: row[weight] for row in rows}


@pytest.mark.parametrize("form", FORMATS)
def test_shares_come_back_and_sum_to_1(form: Format) -> None:
    found = parsed(export_mixture(MIXTURE, SOURCES, form), form)
    near = 2e-3 if form in IN_WHOLE_SEQUENCES else 1e-8
    assert found == pytest.approx({f"/data/dä-{name}": MIXTURE[name] for name in SOURCES}, abs=near)
    assert abs(sum(found.values()) - 1) < 1e-12


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(1e-6, 1), min_size=1, max_size=20), st.sampled_from(FORMATS))
def test_any_mixture_sums_to_1(weights: list[float], form: Format) -> None:
    mixture = Mixture({f"l{k}": weight / sum(weights) for k, weight in enumerate(weights)})
    sources = {name: DataSource(path=name) for name in mixture}
    found = parsed(export_mixture(mixture, sources, form), form)
    assert abs(sum(found.values()) - 1) < 1e-12
    assert min(found.values()) >= 0


@pytest.mark.parametrize("form", [form for form in FORMATS if form not in IN_WHOLE_SEQUENCES])
@pytest.mark.parametrize("tiny", [1e-7, 1e-11, 1e-17, 1e-200])
def test_where_nobody_says_D_a_tiny_share_is_written_and_not_dropped(form: Format, tiny: float) -> None:
    mixture = Mixture({"python": 1 - 2 * tiny, "java": 1.2345678e0 * tiny, "rust": 0.7654e0 * tiny})
    found = parsed(export_mixture(mixture, SOURCES, form), form)
    assert found == pytest.approx({f"/data/dä-{name}": mixture[name] for name in mixture}, rel=1e-3, abs=0)
    assert abs(sum(found.values()) - 1) < 1e-12


@pytest.mark.parametrize("form", FORMATS)
def test_what_buys_less_than_a_sequence_is_left_out_and_said(form: Format) -> None:
    mixture = Mixture({"python": 0.7499984, "java": 0.25, "cobol": 1.6e-6})
    sources = {name: DataSource(path=name) for name in ("python", "java")}  # none of cobol, which is not wanted
    with pytest.warns(MixtureWarning, match=r"cobol \(1\.6e-06\): less than one sequence of 2048 tokens at D = 1e\+09"):
        found = parsed(export_mixture(mixture, sources, form, n_tokens=1e9), form)
    assert list(found) == ["python", "java"]
    assert abs(sum(found.values()) - 1) < 1e-12
    with pytest.raises(UserError, match="cobol has a share and no path"):
        export_mixture(mixture, sources, form if form != "levanter" else "megatron", n_tokens=1e10)


@pytest.mark.parametrize("form", FORMATS)
def test_a_corpus_too_small_for_its_share_is_said(form: Format) -> None:
    sources = {"python": DataSource(path="p", tokens=1e9), "java": DataSource(path="j", tokens=2e8)}
    with pytest.warns(MixtureWarning) as said:
        export_mixture(Mixture({"python": 0.5, "java": 0.5}), sources, form, n_tokens=1e9)
    told = [str(one.message) for one in said if "times the tokens that it has" in str(one.message)]
    assert len(told) == 1
    assert told[0].startswith("java: its share is 2.5 times")


def test_two_languages_with_one_path_are_said() -> None:
    sources = {name: DataSource(path="/data/code") for name in ("python", "java")}
    with pytest.warns(MixtureWarning, match="python and java have one path, /data/code"):
        export_mixture(Mixture({"python": 0.5, "java": 0.5}), sources, "megatron")


def test_two_names_that_torchtitan_reads_as_one_are_refused() -> None:
    sources = {name: DataSource(path=name) for name in ("SQL", "sql")}
    with pytest.raises(UserError, match="sql: is sql to torchtitan"):
        export_mixture(Mixture({"SQL": 0.5, "sql": 0.5}), sources, "torchtitan")
    text = export_mixture(Mixture({"SQL": 1.0}), sources, "torchtitan")
    assert yaml.safe_load(text)["dataloader"]["sources"][0]["dataset"] == "sql"


@pytest.mark.parametrize("form", ["datasets", "litdata"])
def test_a_mix_of_rows_ends_in_finite_time(form: Format) -> None:
    """Waiting until every source is exhausted takes a rare one's rows over its share."""
    content = json.loads(export_mixture(MIXTURE, SOURCES, form))
    assert content.get("stopping_strategy", "first_exhausted") == "first_exhausted"
    assert content.get("iterate_over_all", False) is False


def test_the_real_datasets_keeps_the_shares_and_ends() -> None:
    datasets = pytest.importorskip("datasets", reason="datasets is not installed: scripts/bench_export.py runs it")
    mixture = Mixture({"python": 0.7499984, "java": 0.25, "cobol": 1.6e-6})
    sources = {name: DataSource(path=name) for name in mixture}
    content = json.loads(export_mixture(mixture, sources, "datasets", n_tokens=1e9))
    parts = [datasets.Dataset.from_dict({"of": [name] * 2000}) for name in content["languages"]]
    mix = datasets.interleave_datasets(
        parts,
        probabilities=content["probabilities"],
        seed=content["seed"],
        stopping_strategy=content["stopping_strategy"],
    )
    assert mix["of"].count("python") == pytest.approx(0.75 * len(mix), abs=150)


def test_a_share_that_no_number_holds_is_named() -> None:
    sources = {"python": DataSource(path="p", tokens_per_row=1), "java": DataSource(path="j", tokens_per_row=1e300)}
    with pytest.raises(UserError, match="java: its share is too small to be written"):
        export_mixture(Mixture({"python": 1.0, "java": 1e-30}), sources, "datasets")


@pytest.mark.parametrize("form", ["datasets", "streaming", "litdata"])
def test_rows_of_unequal_length_are_drawn_by_tokens(form: Format) -> None:
    sources = {"python": DataSource(path="p", tokens_per_row=500), "java": DataSource(path="j", tokens_per_row=1000)}
    found = parsed(export_mixture(Mixture({"python": 0.5, "java": 0.5}), sources, form), form)
    assert found == pytest.approx({"p": 2 / 3, "j": 1 / 3})
    assert found["p"] * 500 == pytest.approx(found["j"] * 1000, rel=1e-6)


@pytest.mark.parametrize("path", ["/my data/x", "/data\n/x", " /x"])
def test_a_path_that_megatron_would_split_is_refused(path: str) -> None:
    sources = {"python": DataSource(path=path)}
    with pytest.raises(UserError, match="white space"):
        export_mixture(Mixture({"python": 1.0}), sources, "megatron")
    assert list(parsed(export_mixture(Mixture({"python": 1.0}), sources, "datasets"), "datasets")) == [path]


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="java and rust have a share and no path; add it to the file, which has python"):
        export_mixture(MIXTURE, {"python": SOURCES["python"]}, "megatron")
    with pytest.raises(UserError, match="rust has a share and no path"):
        export_mixture(MIXTURE, {name: SOURCES[name] for name in ("python", "java")}, "megatron")
    half = SOURCES | {"python": DataSource(path="p", tokens_per_row=10)}
    with pytest.raises(UserError, match=r"java\.tokens_per_row"):
        export_mixture(MIXTURE, half, "datasets")
    path = tmp_path / "paths.yaml"
    for text, field in (
        ("python: {path: a, rows: 1}", "python.rows"),
        ("- a", "names no paths"),
        ("go: 3", "go"),
        ("go: {path: a, tokens: -1}", "go.tokens"),
    ):
        path.write_text(text)
        with pytest.raises(UserError, match=field):
            read_sources(path)
    path.write_text("python: /data/python\njava: {path: /data/java, tokens_per_row: 800}")
    assert read_sources(path)["java"].tokens_per_row == 800
