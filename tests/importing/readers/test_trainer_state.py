"""Trainer states of transformers, written by its own class."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codescale.errors import UserError
from codescale.importing.columns import Columns
from codescale.importing.sources import import_runs

RUNS = "run_id,n_params,proportion.python,proportion.go\nmix-a,1e6,0.3,0.7\nmix-b,1e6,0.6,0.4\n"


def log(last: int) -> list[dict[str, float]]:
    """As the Trainer logs two evaluation sets and ``eval_on_start``."""
    found: list[dict[str, float]] = []
    for step in range(0, last + 1, 20):
        found += [{"loss": 4.0, "grad_norm": 1.0, "step": step}] if step else []
        found += [{f"eval_{name}_loss": 3 - step / 100, "eval_runtime": 1.0, "step": step} for name in ("python", "go")]
    return found


def test_the_last_checkpoint_of_each_run_is_read(tmp_path: Path) -> None:
    from transformers.trainer_callback import TrainerState

    for run in ("mix-a", "mix-b"):
        for step in (20, 40):
            path = tmp_path / "sweep" / run / f"checkpoint-{step}" / "trainer_state.json"
            path.parent.mkdir(parents=True)
            TrainerState(global_step=step, log_history=log(step)).save_to_json(str(path))
    (tmp_path / "mixtures.csv").write_text(RUNS)
    columns = Columns(tokens_per_step=64)
    for source in (tmp_path / "sweep", path):
        table = import_runs([source], tmp_path / "runs.csv", columns, runs=tmp_path / "mixtures.csv")
        of_run = table.select(table.run_id == "mix-b")
        assert of_run.n_tokens.tolist() == [20 * 64, 40 * 64]
        assert of_run.annealed.tolist() == [False, True]
        assert dict(zip(table.targets, of_run.losses[1], strict=True)) == pytest.approx({"python": 2.6, "go": 2.6})
        assert of_run.proportions[0].tolist() == [0.6, 0.4]


def test_a_state_of_another_shape_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mix-a" / "trainer_state.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"global_step": 1}))
    with pytest.raises(UserError, match=r"trainer_state\.json: has no list log_history"):
        import_runs([tmp_path], tmp_path / "runs.csv")
    path.write_text(json.dumps({"log_history": [{"loss": 3.0, "step": 1}, 5]}))
    with pytest.raises(UserError, match=r"trainer_state\.json, log_history 2: is no object"):
        import_runs([tmp_path], tmp_path / "runs.csv")
    path.write_text(json.dumps({"log_history": [{"loss": 3.0, "step": 1}]}))
    with pytest.raises(UserError, match=r"has no column loss\.\* for losses; it has run_id, loss, step"):
        import_runs([tmp_path], tmp_path / "runs.csv", n_params=1e6)
