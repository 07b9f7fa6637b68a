"""Curves for TensorBoard: one folder a run, which grows while it trains; steps are training tokens.

``loss.<language>`` (nats per token) and ``bits_per_byte.<language>`` have a curve of the trunk and one of annealed
models; gradient norm, epochs, forgetting, tokens a second, FLOPs utilisation and memory go by the names that they have
in the runs table.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from codescale.files import writing
from codescale.runs.records import LOSS, Evaluation, RunRecord, RunSpec

FORMAT = "brain.Event:2"
"""What TensorBoard expects a file of events to begin with."""


class CurveWriter:
    """Writes the evaluations of ``spec`` as they are made, each at once: no thread, and no file that stays open.

    A run that goes on after a kill adds a file, in which TensorBoard finds points that it has already, with the same
    values.

    Parameters
    ----------
    folder
        Where the curves of all runs are; each run has a folder below it.
    spec
        The run.
    """

    def __init__(self, folder: Path, spec: RunSpec) -> None:
        self._file = curves_folder(folder, spec) / f"events.out.tfevents.{time.time_ns()}.{os.getpid()}"

    def __call__(self, evaluation: Evaluation, throughput: Mapping[str, float], when: float | None = None) -> None:
        """Adds points to the curves.

        Parameters
        ----------
        evaluation
            The losses and metrics, at ``evaluation.n_tokens``.
        throughput
            Metrics of the run so far, by name.
        when
            Unix seconds. Default: now.
        """
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.summary.writer.record_writer import RecordWriter

        time_of_day = time.time() if when is None else when
        values = [Summary.Value(tag=tag, simple_value=value) for tag, value in _scalars(evaluation, throughput)]
        events = [Event(wall_time=time_of_day, step=evaluation.n_tokens, summary=Summary(value=values))]
        if not self._file.exists():
            events.insert(0, Event(wall_time=time_of_day, file_version=FORMAT))
        with writing(self._file):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("ab") as file:
                for event in events:
                    RecordWriter(file).write(event.SerializeToString())


def curves_folder(folder: Path, spec: RunSpec) -> Path:
    """Where below ``folder`` the curves of ``spec`` are."""
    return folder / spec.stage / spec.run_id


def write_curves(folder: Path, records: Iterable[RunRecord]) -> None:
    """Writes the curves of those ``records`` that have none in ``folder`` yet."""
    for record in records:
        if curves_folder(folder, record.spec).exists():
            continue
        write = CurveWriter(folder, record.spec)
        for evaluation in record.evaluations:
            write(evaluation, record.metrics, record.finished)


def _scalars(evaluation: Evaluation, throughput: Mapping[str, float]) -> Iterable[tuple[str, float]]:
    kind = "annealed" if evaluation.annealed else "trunk"
    losses = {LOSS + language: loss for language, loss in evaluation.losses.items()}
    yield from ((f"{name}/{kind}", value) for name, value in (losses | evaluation.metrics).items())
    yield from throughput.items()
