"""TensorBoard event files of torch, TensorFlow, Lightning and transformers, in both encodings of scalars."""

from __future__ import annotations

from pathlib import Path

import pytest

from codescale.errors import UserError
from codescale.importing.columns import Columns
from codescale.importing.sources import import_runs
from codescale.laws.warning import LawWarning
from codescale.runs.table import RunsTable

RUNS = "run_id,n_params,proportion.python,proportion.go\nmix-a,1e6,0.3,0.7\nmix-b,1e6,0.6,0.4\n"
COLUMNS = Columns(tokens_per_step=64, losses="eval/loss/*")


def imported(folder: Path, columns: Columns = COLUMNS) -> RunsTable:
    (folder / "mixtures.csv").write_text(RUNS)
    return import_runs([folder / "logs"], folder / "runs.csv", columns, runs=folder / "mixtures.csv")


def logged(folder: Path, tags: dict[str, dict[int, float]], **options: bool) -> None:
    from torch.utils.tensorboard.writer import SummaryWriter

    with SummaryWriter(str(folder)) as writer:
        writer.add_text("args", "{}", 0)
        for tag, points in tags.items():
            for step, value in points.items():
                writer.add_scalar(tag, value, step, **options)


@pytest.mark.parametrize("options", [{}, {"new_style": True}, {"new_style": True, "double_precision": True}])
def test_scalars_in_every_encoding(tmp_path: Path, options: dict[str, bool]) -> None:
    """``simple_value``, which transformers and Lightning write by torch, and tensors, which TensorFlow 2.21 writes."""
    for run in ("mix-a", "mix-b"):
        tags = {f"eval/loss/{name}": {0: 9.0, 10: 2.5, 20: 2.25} for name in ("python", "go")}
        logged(tmp_path / "logs" / run, tags, **options)
    with pytest.warns(LawWarning) as said:
        table = imported(tmp_path)
    assert table.n_tokens.tolist() == [640, 1280] * 2
    assert table.losses[1].tolist() == [2.25, 2.25]
    assert table.annealed.tolist() == [False, True] * 2
    lines = " ".join(str(one.message) for one in said)
    assert "left out 2 rows evaluated before the first step" in lines
    assert "2 of 4 rows are curves" in lines


@pytest.mark.parametrize("below", ["version_0", "runs/Nov30_07-42-20_vm", ""])
def test_a_run_is_the_nearest_folder_that_the_table_knows(tmp_path: Path, below: str) -> None:
    """Lightning's TensorBoardLogger logs to version_0, transformers' Trainer to runs/<date>_<host>."""
    tags = {"eval/python_loss": {10: 2.5}, "eval/go_loss": {10: 2.0}, "train/loss": {5: 3.0}, "eval/runtime": {10: 1.0}}
    for run in ("mix-a", "mix-b"):
        logged(tmp_path / "logs" / run / below, tags)
    table = imported(tmp_path, Columns(tokens_per_step=64))
    assert table.run_id.tolist() == ["mix-a", "mix-b"]
    assert dict(zip(table.targets, table.losses[0], strict=True)) == {"python": 2.5, "go": 2.0}


def test_folders_of_a_run_that_disagree_are_a_part_of_the_tag(tmp_path: Path) -> None:
    """Keras logs train and validation, torch's add_scalars a folder for each series, under one tag."""
    for kind, loss in (("train", 3.0), ("validation", 2.0)):
        logged(tmp_path / "logs" / "mix-a" / kind, {"epoch_loss": {1: loss, 2: loss / 2}}, new_style=True)
    with pytest.raises(UserError, match="it has run_id, step, train/epoch_loss, validation/epoch_loss"):
        imported(tmp_path)
    columns = Columns(tokens_per_step=64, losses={"python": "validation/epoch_loss"})
    assert imported(tmp_path, columns).losses[:, 0].tolist() == [2.0, 1.0]


def test_a_run_that_went_on_after_a_kill_is_one_run(tmp_path: Path) -> None:
    folder = tmp_path / "logs" / "mix-a"
    logged(folder, {"eval/loss/go": {10: 2.5, 20: 2.25}})
    first = next(folder.iterdir())
    first.rename(folder / "events.out.tfevents.1.a")
    first = folder / "events.out.tfevents.1.a"
    first.write_bytes(first.read_bytes()[:-5])
    logged(folder, {"eval/loss/go": {10: 2.0, 30: 1.5}})
    with pytest.warns(LawWarning) as said:
        table = imported(tmp_path)
    assert table.losses[:, 0].tolist() == [2.0, 1.5]
    lines = " ".join(str(one.message) for one in said)
    assert "breaks off in the middle of a record" in lines
    assert "1 points were logged twice with other values; the later ones were taken" in lines


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "logs" / "mix-a"
    logged(folder, {"eval/loss/go": {10: 2.5, 20: 2.25}})
    path = next(folder.iterdir())
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(bytes(content))
    with pytest.raises(UserError, match=rf"{path}: is damaged"):
        imported(tmp_path)
    path.write_bytes(b"")
    with pytest.raises(UserError, match="logs: holds no scalars"):
        imported(tmp_path)


def test_steps_that_are_taken_for_tokens_are_doubted(tmp_path: Path) -> None:
    logged(tmp_path / "logs" / "mix-a", {"eval/loss/go": {10: 2.5}})
    with pytest.warns(LawWarning, match="logs: steps are taken for tokens; where they count those of an optimizer"):
        assert imported(tmp_path, Columns(losses="eval/loss/*")).n_tokens.tolist() == [10]


def test_options_that_event_files_cannot_hear_are_refused(tmp_path: Path) -> None:
    logged(tmp_path / "logs" / "mix-a", {"eval/loss/go": {10: 2.5}})
    (tmp_path / "mixtures.csv").write_text(RUNS)
    with pytest.raises(UserError, match="--tokens: is one D for all runs, where event files have steps"):
        import_runs(
            [tmp_path / "logs"],
            tmp_path / "runs.csv",
            Columns(losses="eval/loss/*"),
            n_tokens=1e9,
            runs=tmp_path / "mixtures.csv",
        )
    with pytest.raises(UserError, match="--params: is 2e"):
        import_runs([tmp_path / "logs"], tmp_path / "runs.csv", COLUMNS, n_params=2e6, runs=tmp_path / "mixtures.csv")
