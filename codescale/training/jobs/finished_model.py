"""The result of a distributed run: the model for transformers, and beside it the run's record."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor
from torch.distributed.tensor import DTensor

from codescale.files import write_json
from codescale.runs.records import RunRecord, read_record
from codescale.training.loop.session import TrainingSession
from codescale.training.model.hf_export import put_in_place, write_model

RECORD = "run.json"


def write_finished(folder: Path, session: TrainingSession, record: RunRecord, tokenizer: Path | None) -> None:
    """Writes model and record; all workers have to call it, the first one writes.

    Parameters
    ----------
    folder
        Where they go.
    session
        The run at its end.
    record
        Its record. Of a run that did not end well only this is written.
    tokenizer
        A ``tokenizer.json`` to go with the model; None: none.
    """
    weights = _whole_weights(session) if record.status == "ok" else {}
    if session.parallel.rank > 0:
        return
    if weights:
        end = session.data.corpus.end_of_document
        write_model(folder, weights, session.shape, session.training.context, end, tokenizer)
    write_json(folder / RECORD, record.model_dump(mode="json"))


def _whole_weights(session: TrainingSession) -> dict[str, Tensor]:
    """The weights in the first worker's main memory, gathered one by one: together they may be too large for a device.

    Nothing on the other workers, which take part in gathering.
    """
    weights = {}
    with torch.no_grad():
        for name, parameter in session.model.named_parameters():
            whole = parameter.full_tensor() if isinstance(parameter, DTensor) else parameter
            if session.parallel.rank == 0:
                weights[name] = whole.detach().cpu()
    return weights


def finished_record(folder: Path, output: Path) -> RunRecord:
    """Puts the model in ``folder``, where there is one, in place as ``output`` and returns the run's record.

    Raises
    ------
    UserError
        Where ``output`` is taken or cannot be written.
    """
    record = read_record(folder / RECORD)
    if record.status == "ok":
        put_in_place(folder, output)
    return record
