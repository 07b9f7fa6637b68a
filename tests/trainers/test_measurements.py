"""Whatever a command writes as results is a measurement or a :class:`ResultError`, and nothing else."""

from __future__ import annotations

import json
import math
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codescale.study.trainer import ResultsSection
from codescale.trainers.measurements import Measurement, Measurements, ResultError
from codescale.trainers.result_files import JsonLines

NUMBERS = st.floats() | st.integers(-(10**400), 10**400) | st.booleans() | st.none() | st.text(max_size=5)
KEYS = st.sampled_from(["tokens", "loss.python", "loss.java", "test.python", "metric.x", "metric.", "annealed", "y"])
JSON = st.recursive(NUMBERS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5))
LINES = st.lists(st.binary(max_size=40) | JSON.map(json.dumps).map(str.encode), max_size=8)


def measured(rows: list[dict[str, Any]], **section: Any) -> list[Measurement | None]:
    made = Measurements(ResultsSection(**section), ("python", "java"), tokens=1_000, batch_tokens=100)
    return [made.add(row, f"row {k}") for k, row in enumerate(rows)]


@pytest.mark.fuzz
@given(LINES)
def test_any_bytes_are_rows_or_refused(lines: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "results.jsonl"
        file = JsonLines(path, Path(folder))
        path.write_bytes(b"\n".join(lines))
        made, message = Measurements(ResultsSection(), ("python", "java"), tokens=1_000, batch_tokens=100), ""
        try:
            for row in file.rows():
                one = made.add(row.figures, row.where)
                if one is not None:
                    assert one.tokens > 0
                    assert all(loss > 0 or math.isnan(loss) for loss in (*one.losses.values(), *one.test.values()))
                    assert all(math.isfinite(figure) for figure in one.metrics.values())
            file.close()
        except ResultError as error:
            message = str(error)
    assert len(message) < 300


def test_rows_of_the_same_tokens_are_one_measurement() -> None:
    rows = [{"tokens": 100, "loss.python": 2.0}, {"tokens": 100, "loss.java": 1.0, "metric.acc": 0.5}]
    first, second = measured(rows)
    assert first is second
    assert second is not None
    assert second.losses == {"python": 2.0, "java": 1.0}
    assert second.metrics == {"acc": 0.5}


def test_rows_without_our_figures_are_passed_over() -> None:
    assert measured([{"tokens": 100, "train_loss": 3.0}, {"lr": 0.1}, {}]) == [None, None, None]


@pytest.mark.parametrize(("unit", "written"), [("nats per token", 2.0), ("bits per token", 2.0 / math.log(2))])
def test_losses_become_nats_per_token(unit: str, written: float) -> None:
    (one,) = measured([{"tokens": 100, "loss.python": written, "loss.java": written}], unit=unit)
    assert one is not None
    assert one.losses["python"] == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("tokens", "annealed", "last"),
    [(1_000, None, True), (901, None, True), (900, None, False), (1_000, False, False), (980, True, True)],
)
def test_the_last_result_is_annealed_or_at_d(tokens: int, annealed: bool | None, last: bool) -> None:
    made = Measurements(ResultsSection(), ("python",), tokens=1_000, batch_tokens=100)
    assert made.is_last(Measurement(tokens, {"python": 1.0}, annealed=annealed)) is last
