"""N and D: the trainer's own step before W&B's count of log calls, and no option that does nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from codescale.errors import UserError
from codescale.importing.columns import Columns
from codescale.importing.sources import import_runs
from codescale.laws.warning import LawWarning

HISTORY = """Name,_step,train/global_step,n_params,proportion.a,train/loss,eval/a_loss,eval/b_loss
r,0,10,1e6,1,5.0,,
r,1,20,1e6,1,4.0,,
r,2,20,1e6,1,,3.5,
r,3,20,1e6,1,,,3.6
r,4,60,1e6,1,,3.1,
r,5,60,1e6,1,,,3.2
"""
"""A history as transformers 5.24's Trainer logs to wandb 0.31: each log call a step, each evaluation set a row."""


def imported(folder: Path, text: str, columns: Columns | None = None, **options: Any) -> list[float]:
    (folder / "export.csv").write_text(text)
    return import_runs([folder / "export.csv"], folder / "runs.csv", columns, **options).n_tokens.tolist()


def test_the_trainers_own_step_counts_and_rows_of_one_step_are_joined(tmp_path: Path) -> None:
    assert imported(tmp_path, HISTORY, Columns(tokens_per_step=100)) == [2000, 6000]


@pytest.mark.parametrize("named", [None, "_step"])
def test_tokens_of_log_calls_are_doubted(tmp_path: Path, named: str | None) -> None:
    text = HISTORY.replace("train/global_step", "train/other" if named is None else "train/global_step")
    with pytest.warns(LawWarning, match="tokens are counted by _step, which is W&B's count of log calls"):
        assert imported(tmp_path, text, Columns(tokens_per_step=100, step=named)) == [200, 300, 400, 500]


def test_rows_before_the_first_step_and_without_one_are_counted(tmp_path: Path) -> None:
    text = HISTORY + "r,6,0,1e6,1,,9.1,9.1\nr,7,,1e6,1,,3.0,3.0\n"
    with pytest.warns(LawWarning) as said:
        imported(tmp_path, text, Columns(tokens_per_step=100))
    lines = " ".join(str(one.message) for one in said)
    assert "left out 1 rows evaluated before the first step" in lines
    assert "left out 1 rows with a loss, and without a step or tokens" in lines
    only = "\n".join([HISTORY.splitlines()[0], "r,6,0,1e6,1,,9.1,9.1"])
    with pytest.raises(UserError, match=r"no row has a loss .left out 1 rows evaluated before the first step"):
        imported(tmp_path, only, Columns(tokens_per_step=100))


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        ({}, {}, "--tokens: is missing.*tokens_per_step in columns.yaml counts train/global_step"),
        ({"n_tokens": 1e9}, {"n_tokens": 1e9}, "--tokens: is given beside n_tokens"),
        ({"tokens_per_step": 1}, {"n_tokens": 1e9}, "--tokens: is given beside tokens_per_step"),
        ({"n_tokens": 1e9, "tokens_per_step": 1}, {}, "tokens_per_step: is given beside n_tokens"),
        ({"n_tokens": 1e9, "step": "_step"}, {}, "step: is named, and tokens_per_step is not"),
        ({"tokens_per_step": 1, "step": "steps"}, {}, "has no column steps for step; it has Name, _step"),
        ({"tokens_per_step": 1}, {"n_params": 2e6}, r"--params: is 2e\+06, where .*row 1, n_params says 1e\+06"),
        ({"tokens_per_step": 1, "n_params": 1e6}, {"n_params": 2e6}, "--params: is given beside n_params"),
    ],
)
def test_every_option_is_heard_or_refused(
    tmp_path: Path, columns: dict[str, Any], options: dict[str, float], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        imported(tmp_path, HISTORY, Columns(**columns), **options)


def test_tokens_that_the_trainer_counted_are_read(tmp_path: Path) -> None:
    text = HISTORY.replace("_step,train/global_step", "x,train/num_input_tokens_seen")
    assert imported(tmp_path, text) == [20, 60]
