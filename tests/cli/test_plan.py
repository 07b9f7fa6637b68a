"""The command plan with a cluster's file: a table of runs planned, the JSON it writes, and bad input in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codescale.cli.plan import parse_hours
from codescale.errors import UserError
from tests.cli.program import run

RUNS = "# the runs\nname,phase,n_params,n_tokens,count,gpus\na,sweep,1e9,2e9,4,1\nb,proof,1e9,2e9,1,8\n"
OWN = "nodes: {own/a: {cpus: 1, memory_gb: 1, %s}}"
AZURE = "azure/Standard_ND96isr_H100_v5"
CLUSTER = """
head: aws/m5.xlarge
workers: [{type: azure/Standard_ND96isr_H100_v5, most: 2, spot: true}]
preemptions_per_day: 5
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    runs, cluster = tmp_path / "runs.csv", tmp_path / "cluster.yaml"
    runs.write_text(RUNS)
    cluster.write_text(CLUSTER)
    return runs, cluster


def test_a_table_of_runs_is_planned_and_written(
    files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    runs, cluster = files
    output = tmp_path / "plan.json"
    given = (str(runs), "--cluster", str(cluster), "--deadline", "20h", "--simulations", "5", "--output", str(output))
    assert run(monkeypatch, "plan", *given) == 0
    text = " ".join(capsys.readouterr().out.split())
    plan = json.loads(output.read_text())
    assert [(one["name"], one["runs"], one["flops"]) for one in plan["work"]] == [
        ("sweep", 4, 4.8e19),
        ("proof", 1, 1.2e19),
    ]
    best = plan["sizes"][plan["cheapest"]]
    assert best["hours"]["low"] <= best["hours"]["value"] <= best["hours"]["high"] <= 20
    assert best["dollars"]["value"] > best["machine_hours"] * 18.169536 * 0.99
    assert best["busy_hours"] == pytest.approx(6e19 / (989.4e12 * 0.4) / 3600, rel=0.2)
    assert f"Cheapest within 20 h: {best['machines']} × azure/Standard_ND96isr_H100_v5 spot" in text
    assert "Prices of 2026-09-06" in text


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"cluster": CLUSTER.replace("ND96isr", "ND96xyz")}, "there is no node type 'azure/Standard_ND96xyz_H100_v5'"),
        ({"cluster": CLUSTER.replace("head: aws/m5.xlarge", "head: aws/m9")}, "head: there is no node type 'aws/m9'"),
        ({"cluster": CLUSTER.replace("most: 2", "most: 0")}, "workers.0.most: is 0, where a number above 0 is wanted"),
        ({"cluster": CLUSTER + "utilisation: [0.5, 0.2]"}, "utilisation: 0.5 is above 0.2: write the lower end first"),
        ({"cluster": CLUSTER + "utilisation: 40"}, "is 40, where a number of 1 or less is wanted"),
        ({"cluster": CLUSTER + "gpus_per_run: 1.5"}, "1.5 is neither a part of a GPU nor a whole number of them"),
        ({"cluster": CLUSTER + "speed: 3"}, "speed: unknown key"),
        ({"cluster": "- 1"}, "cluster.yaml: is no cluster"),
        ({"runs": RUNS.replace(",1,8", ",1,32")}, "a run takes 32 workers"),
        ({"runs": RUNS.replace("n_tokens", "tokens")}, "has no column n_tokens"),
        ({"runs": RUNS.replace("a,sweep,1e9", "a,sweep,-1")}, "runs.csv, line 3, n_params: is '-1'"),
        ({"runs": RUNS.replace("2e9,1,8", "2e9,1")}, "runs.csv, line 4: has another number of fields"),
        ({"runs": "n_params,n_tokens\n"}, "holds 0 runs"),
        ({"prices": OWN % "on_demand: -2, date: 2026-01-01, source: us"}, "nodes.own/a.on_demand: is -2"),
        ({"prices": OWN % "on_demand: 2, source: us"}, "nodes.own/a: has a price without a date"),
        ({"prices": OWN % "gpus: 2"}, "names a GPU and not how many"),
        ({"prices": OWN % "gpus: 2, gpu: H900"}, "the GPU 'H900' is not in the price table"),
        ({"options": ("--deadline", "soon")}, "--deadline: 'soon' is no time"),
        ({"options": ("--deadline", "1min")}, "no cluster of the file meets 0.0166667 h"),
        ({"cluster": CLUSTER.replace(AZURE, "aws/m5.4xlarge")}, "how fast its cores train is not known"),
        ({"cluster": CLUSTER.replace("per_day: 5", "per_day: 9999")}, "preemptions the study has not ended"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line(
    change: dict[str, str],
    told: str,
    files: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    runs, cluster = files
    options = ["--simulations", "2", *change.get("options", ())]
    for name, path in (("runs", runs), ("cluster", cluster), ("prices", tmp_path / "prices.yaml")):
        if name in change:
            path.write_text(change[name])
    if "prices" in change:
        options += ["--prices", str(tmp_path / "prices.yaml")]
    assert run(monkeypatch, "plan", str(runs), "--cluster", str(cluster), *options) == 2
    error = capsys.readouterr().err
    assert "Traceback" not in error
    assert told in " ".join(error.split())


@pytest.mark.parametrize("option", ["--prices", "--deadline", "--simulations", "--seed", "--output"])
def test_what_only_a_cluster_heeds_is_refused_without_one(
    option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "plan", str(tmp_path), option, "1") == 2
    assert f"{option}: goes with --cluster only" in capsys.readouterr().err


def test_times() -> None:
    assert [parse_hours(one) for one in ("90min", "24h", " 1.5 d")] == [1.5, 24, 36]
    for wrong in ("0h", "24", "h", "-1h", "1e3h"):
        with pytest.raises(UserError, match="is no time"):
            parse_hours(wrong)
