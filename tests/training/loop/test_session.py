"""A run: bit-identical when repeated, and when it goes on from a checkpoint; branches leave the trunk untouched."""

import math
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from codescale.runs.table import records_table
from codescale.study.config import StudyConfig
from codescale.training.loop.run_progress import read_progress
from tests.memory_corpus import MemoryCorpus
from tests.training.loop.short_runs import eager, finish, killed_after, session, spec


def test_a_run_is_bit_identical_when_repeated(config: StudyConfig, memory_corpus: MemoryCorpus) -> None:
    assert finish(session(config, memory_corpus)) == finish(session(config, memory_corpus))


def test_training_lowers_the_loss(config: StudyConfig, memory_corpus: MemoryCorpus) -> None:
    curve = finish(session(config, memory_corpus, spec(config, (6400,))))
    assert curve[-1].losses["python"] < curve[0].losses["python"] - 0.1


def test_a_branch_does_not_change_the_trunk(config: StudyConfig, memory_corpus: MemoryCorpus) -> None:
    once = finish(session(config, memory_corpus, spec(config, (640,))))[-1]
    twice = finish(session(config, memory_corpus, spec(config, (320, 640))))[-1]
    assert once.losses == twice.losses


@pytest.mark.parametrize("steps_before_the_kill", [1, 4, 9, 13, 17, 19])
def test_a_killed_run_goes_on_from_its_checkpoint_with_the_same_numbers(
    config: StudyConfig, memory_corpus: MemoryCorpus, tmp_path: Path, steps_before_the_kill: int
) -> None:
    undisturbed = finish(session(config, memory_corpus))
    path, often = tmp_path / "r.safetensors", eager(config)
    first = session(often, memory_corpus, checkpoint=path)
    killed_after(first, steps_before_the_kill, lambda: finish(first))
    second = session(often, memory_corpus, checkpoint=path)
    assert (second._segment, second._step) != (0, 0)
    assert finish(second) == undisturbed
    second.discard_checkpoint()
    assert not path.exists()


def in_phases(until: float) -> dict[str, object]:
    late = {"python": 0.25, "java": 0.0, "rust": 0.75}
    early = {"python": 0.75, "java": 0.25, "rust": 0.0}
    mean = {name: until * early[name] + (1 - until) * late[name] for name in early}
    phases = [{"until": until, "proportions": early}, {"until": 1, "proportions": late}]
    return {"proportions": mean, "phases": phases}


@pytest.mark.parametrize("steps_before_the_kill", [5, 15])
def test_a_schedule_goes_on_in_either_phase(
    config: StudyConfig, memory_corpus: MemoryCorpus, tmp_path: Path, steps_before_the_kill: int
) -> None:
    planned = spec(config, (640,), **in_phases(0.5))
    undisturbed = finish(session(config, memory_corpus, planned))
    path, often = tmp_path / "r.safetensors", eager(config)
    first = session(often, memory_corpus, planned, checkpoint=path)
    killed_after(first, steps_before_the_kill, lambda: finish(first))
    second = session(often, memory_corpus, planned, checkpoint=path)
    assert second._step == steps_before_the_kill
    assert finish(second) == undisturbed
    assert undisturbed[-1].unique_tokens["rust"] > 0
    assert undisturbed != finish(session(config, memory_corpus, spec(config, (640,))))
    other = finish(session(config, memory_corpus, spec(config, (640,), **in_phases(0.25))))
    assert other[-1].losses != undisturbed[-1].losses


def test_the_table_has_its_phases(config: StudyConfig, memory_corpus: MemoryCorpus) -> None:
    opened = session(config, memory_corpus, spec(config, (640,), **in_phases(0.5)))
    finish(opened)
    (row, *_) = records_table([opened.record("ok")]).to_pylist()
    assert (row["phase.1.until"], row["phase.2.until"]) == (0.5, 1.0)
    assert row["phase.2.proportion.rust"] == 0.75
    assert row["proportion.rust"] == 0.375


def test_a_checkpoint_of_another_run_is_not_taken(
    config: StudyConfig, memory_corpus: MemoryCorpus, tmp_path: Path
) -> None:
    path = tmp_path / "r.safetensors"
    first = session(config, memory_corpus, checkpoint=path)
    first.advance()
    first._save()
    other = session(config, memory_corpus, spec(config, seed=6), checkpoint=path)
    assert (other._segment, other.evaluations) == (0, [])


def test_a_broken_checkpoint_means_beginning_anew(
    config: StudyConfig, memory_corpus: MemoryCorpus, tmp_path: Path
) -> None:
    path = tmp_path / "r.safetensors"
    path.write_bytes(b"\x80\x04pickle?")
    assert session(config, memory_corpus, checkpoint=path).evaluations == []


def test_a_diverged_run_ends_with_its_curve_and_without_infinite_losses(
    config: StudyConfig, memory_corpus: MemoryCorpus
) -> None:
    opened = session(config, memory_corpus, spec(config, hyper={"learning_rate_factor": 1e30}))
    finish(opened)
    assert opened.diverged
    record = opened.record("diverged")
    assert record.status == "diverged"
    assert all(math.isfinite(loss) for evaluation in record.evaluations for loss in evaluation.losses.values())


def test_tokens_trained_count_trunk_and_branches(config: StudyConfig, memory_corpus: MemoryCorpus) -> None:
    opened = session(config, memory_corpus)
    finish(opened)
    record = opened.record("ok")
    assert record.tokens_trained == opened.schedule.steps_trained * 32
    assert record.tokens_trained > 640


def test_a_run_that_is_really_killed_goes_on_to_the_same_end(config: StudyConfig, tmp_path: Path) -> None:
    """The process gets SIGKILL at some moment, between two checkpoints or in the middle of one."""
    checkpoint, result = tmp_path / "r.safetensors", tmp_path / "curve.json"
    command = [sys.executable, "-m", "tests.training.loop.killed_run", str(checkpoint), str(result)]
    first = subprocess.Popen(command)
    begun = time.monotonic()
    while not checkpoint.exists():
        assert first.poll() is None
        assert time.monotonic() - begun < 120
        time.sleep(0.005)
    first.send_signal(signal.SIGKILL)
    assert first.wait() == -signal.SIGKILL
    assert not result.exists()
    assert read_progress(checkpoint)["step"] > 0
    subprocess.run(command, check=True)
    (tmp_path / "anew").mkdir()
    undisturbed = tmp_path / "anew" / "curve.json"
    subprocess.run([*command[:3], str(tmp_path / "anew" / "r.safetensors"), str(undisturbed)], check=True)
    assert result.read_bytes() == undisturbed.read_bytes()


def test_passes_over_a_language_are_recorded(config: StudyConfig, memory_corpus: MemoryCorpus) -> None:
    run = spec(config, (640,), proportions={"python": 0.75, "rust": 0.25}, unique_tokens={"python": 160, "rust": 320})
    last = finish(session(config, memory_corpus, run))[-1]
    assert last.metrics["epochs.python"] == pytest.approx(480 / 160)
    assert last.metrics["epochs.rust"] == pytest.approx(160 / 320)
    assert last.unique_tokens == {"python": 160, "rust": 160}


def test_the_runs_table_has_every_figure_of_a_run(config: StudyConfig, memory_corpus: MemoryCorpus) -> None:
    opened = session(config, memory_corpus)
    finish(opened)
    columns = records_table([opened.record("ok")]).column_names
    named = ("bits_per_byte.python", "epochs.python", "gradient_norm", "tokens_per_second", "peak_memory_bytes")
    assert {f"metric.{name}" for name in named} <= set(columns)


def test_unique_tokens_are_recorded(config: StudyConfig, memory_corpus: MemoryCorpus) -> None:
    run = spec(config, (640,), proportions={"python": 1.0}, unique_tokens=320)
    assert finish(session(config, memory_corpus, run))[-1].unique_tokens == {"python": 320}
