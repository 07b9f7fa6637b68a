"""Loss curves of finished runs for TensorBoard: one folder a run, one scalar a language."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from codescale.runs import RunRecord


def write_curves(folder: Path, records: Iterable[RunRecord]) -> None:
    """Writes the curves of those ``records`` that have none in ``folder`` yet; steps are training tokens."""
    missing = [record for record in records if not (folder / record.spec.stage / record.spec.run_id).exists()]
    if not missing:
        return
    from torch.utils.tensorboard.writer import SummaryWriter

    for record in missing:
        target = folder / record.spec.stage / record.spec.run_id
        with SummaryWriter(str(target)) as writer:
            for evaluation in record.evaluations:
                kind = "annealed" if evaluation.annealed else "trunk"
                for language, loss in evaluation.losses.items():
                    writer.add_scalar(f"loss.{language}/{kind}", loss, evaluation.n_tokens, walltime=record.finished)
