"""Results of the lm-evaluation-harness, by hand in the shape of releases 0.4.9 and 0.3."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codescale.errors import UserError
from codescale.importing.columns import Columns
from codescale.importing.sources import import_runs
from codescale.runs.units import LossUnit

RUNS = "run_id,n_params,n_tokens,proportion.python,proportion.go\nmix-a,1e6,1e9,0.3,0.7\nmix-b,1e6,2e9,0.6,0.4\n"


def results(model: str, score: float) -> dict[str, object]:
    task = {"alias": "humaneval", "pass@1,create_test": score, "pass@1_stderr,create_test": 0.01}
    text = {
        "alias": " - wikitext",
        "bits_per_byte,none": 0.9,
        "bits_per_byte_stderr,none": "N/A",
        "word_perplexity,none": 9.0,
    }
    config = {"model": "hf", "model_args": f"pretrained=out/{model},dtype=float16"}
    return {
        "results": {"humaneval": task, "wikitext": text},
        "config": config,
        "model_name": f"out/{model}",
        "n-samples": {},
    }


def test_every_figure_is_a_metric_of_the_model(tmp_path: Path) -> None:
    for model, score in (("mix-a", 0.25), ("mix-b", 0.5)):
        path = tmp_path / "out" / f"out__{model}" / "results_2026-11-30T07-00-00.000000.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(results(model, score)))
    (tmp_path / "mixtures.csv").write_text(RUNS)
    table = import_runs([tmp_path / "out"], tmp_path / "runs.csv", runs=tmp_path / "mixtures.csv")
    assert table.run_id.tolist() == ["mix-a", "mix-b"]
    assert table.n_tokens.tolist() == [1e9, 2e9]
    assert table.metrics["humaneval/pass@1,create_test"].tolist() == [0.25, 0.5]
    assert sorted(table.metrics) == [
        "humaneval/pass@1,create_test",
        "wikitext/bits_per_byte",
        "wikitext/word_perplexity",
    ]
    assert table.annealed.all()


def test_the_older_shape_and_one_file(tmp_path: Path) -> None:
    old = {
        "results": {"arc": {"acc": 0.3, "acc_stderr": 0.1}},
        "versions": {},
        "config": {"model_args": "pretrained=mix-a"},
    }
    (tmp_path / "results.json").write_text(json.dumps(old))
    (tmp_path / "mixtures.csv").write_text(RUNS)
    table = import_runs([tmp_path / "results.json"], tmp_path / "runs.csv", runs=tmp_path / "mixtures.csv")
    assert table.metrics["arc/acc"].tolist() == [0.3]
    with pytest.raises(UserError, match=r"results\.json: has no column proportion"):
        import_runs([tmp_path / "results.json"], tmp_path / "runs.csv", n_params=1e6, n_tokens=1e9)


def test_a_unit_takes_its_figures_as_losses_and_the_others_stay_metrics(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(json.dumps(results("mix-a", 0.25)))
    (tmp_path / "mixtures.csv").write_text(RUNS)
    runs = tmp_path / "mixtures.csv"
    for columns in (
        Columns(loss_unit=LossUnit.BITS_PER_BYTE),
        Columns(losses={"wikitext/bits_per_byte": "wikitext/bits_per_byte"}),
    ):
        table = import_runs([tmp_path / "results.json"], tmp_path / "runs.csv", columns, runs=runs)
        assert table.targets == ("wikitext/bits_per_byte",)
        assert table.loss_unit is LossUnit.BITS_PER_BYTE
        assert sorted(table.metrics) == ["humaneval/pass@1,create_test", "wikitext/word_perplexity"]
    with pytest.raises(UserError, match=r"^loss_unit: is nats per token, and .* has no losses, only metrics; leave it"):
        import_runs(
            [tmp_path / "results.json"], tmp_path / "x.csv", Columns(loss_unit=LossUnit.NATS_PER_TOKEN), runs=runs
        )
