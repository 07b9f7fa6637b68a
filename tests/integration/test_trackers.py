"""W&B and MLflow by one line of YAML, without a network."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import ray

from codescale.errors import UserError
from codescale.progress import Silent
from codescale.search.run import run_search
from codescale.search.tune.trackers import trackers
from codescale.search.warm_start import WarmStart
from codescale.study.folder import StudyFolder
from tests.search.synthetic_trials import LANGUAGES, OpenSynthetic, problem, study

pytestmark = pytest.mark.ray


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=200 * 2**20)
    yield
    ray.shutdown()


def search(root: Path, callbacks: Any) -> dict[str, Any]:
    config = study(trials=2, callbacks=callbacks)
    return run_search(problem(config), WarmStart(), OpenSynthetic(root), StudyFolder(root), Silent()).content()


@pytest.mark.skipif(find_spec("mlflow") is None, reason="the package mlflow is not installed")
@pytest.mark.skipif(find_spec("wandb") is None, reason="the package wandb is not installed")
def test_both_are_shown_every_trial(tmp_path: Path, cluster: None) -> None:
    content = search(tmp_path, ["wandb", "mlflow"])
    from mlflow.tracking import MlflowClient

    client = MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("synthetic")
    assert experiment is not None
    runs = {run.data.params["run_id"]: run for run in client.search_runs([experiment.experiment_id])}
    assert set(runs) == {entry["run_id"] for entry in content["trials"]}
    for entry in content["trials"]:
        run = runs[entry["run_id"]]
        assert float(run.data.params["proportion.java"]) == pytest.approx(entry["proportions"]["java"])
        shown = [metric.value for metric in client.get_metric_history(run.info.run_id, "objective")]
        assert shown == pytest.approx([value for _, value, _ in entry["curve"]])
        assert {f"loss.{name}" for name in LANGUAGES} <= set(run.data.metrics)
    logs = list((tmp_path / "wandb").glob("offline-run-*/*.wandb"))
    assert len(logs) == len(content["trials"])
    assert all(log.stat().st_size > 0 for log in logs)


def test_what_is_missing_or_unreachable_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import codescale.search.tune.trackers as module

    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"wandb: needs the package wandb; install it with: .*codescale\[wandb\]"):
        trackers(study(callbacks=["wandb"]), StudyFolder(tmp_path))
    with pytest.raises(UserError, match=r"search.callbacks.neptune: unknown key"):
        study(callbacks=["neptune"])
    assert trackers(study(), StudyFolder(tmp_path)) == []
    if find_spec("mlflow") is not None:
        monkeypatch.setattr(module, "find_spec", find_spec)
        nowhere = study(callbacks={"mlflow": {"tracking_uri": "nonsense://nowhere"}})
        with pytest.raises(UserError, match=r"search.callbacks.mlflow: cannot be set up \(.*\); check the address"):
            trackers(nowhere, StudyFolder(tmp_path))
