"""Curves for TensorBoard: they grow with a run, and a killed one's goes on."""

import time
from pathlib import Path

import pytest

from codescale.study.config import StudyConfig
from codescale.training.loop.checkpoint import FileStore
from codescale.training.loop.session import TrainingSession
from codescale.training.metrics.tensorboard import CurveWriter, write_curves
from tests.memory_corpus import MemoryCorpus
from tests.training.loop.short_runs import MemoryData, finish, spec


def test_a_curve_grows_while_the_run_trains_and_goes_on_after_a_kill(
    config: StudyConfig, memory_corpus: MemoryCorpus, tmp_path: Path
) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    def points(tag: str) -> dict[int, float]:
        found = EventAccumulator(str(tmp_path / "mixture" / "r"))
        found.Reload()
        return {event.step: event.value for event in found.Scalars(tag)} if tag in found.Tags()["scalars"] else {}

    def opened() -> TrainingSession:
        store = FileStore(tmp_path / "r.safetensors")
        return TrainingSession(
            spec(config),
            config,
            MemoryData(config, memory_corpus),
            store,
            on_evaluation=CurveWriter(tmp_path, spec(config)),
        )

    first = opened()
    for count in (1, 2):
        first.advance()
        assert len(points("loss.python/trunk")) == count
    first._save()
    first.advance()
    time.sleep(0.01)
    second = opened()
    finish(second)
    for name, kind in (("loss.rust", "annealed"), ("bits_per_byte.rust", "trunk"), ("gradient_norm", "trunk")):
        expected = {
            one.n_tokens: (one.losses | one.metrics)[name.removeprefix("loss.")]
            for one in second.evaluations
            if one.annealed == (kind == "annealed")
        }
        assert points(f"{name}/{kind}") == pytest.approx(expected, rel=1e-6)
    assert set(points("tokens_per_second")) == set(points("peak_memory_bytes")) != set()
    write_curves(tmp_path, [second.record("ok")])
    assert len(list((tmp_path / "mixture" / "r").iterdir())) == 2
