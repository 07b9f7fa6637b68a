"""Finished runs of a proof, and what documents cost them, as files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from codescale.comparison.documents.layout import DocumentLayout
from codescale.runs.document_losses import DocumentLosses, document_losses_file, write_document_losses
from codescale.runs.records import Evaluation, RunRecord, RunSpec


def record(run_id: str, seed: int, proportions: Mapping[str, float], n_params: int, n_tokens: int) -> RunRecord:
    """Of the comparison."""
    spec = RunSpec(
        run_id=run_id,
        stage="comparison",
        size="tiny",
        n_params=n_params,
        token_points=(n_tokens,),
        proportions=dict(proportions),
        seed=seed,
    )
    end = Evaluation(n_tokens=n_tokens, losses={}, annealed=True, branch=n_tokens, flops=1.0)
    return RunRecord(
        spec=spec,
        status="ok",
        evaluations=(end,),
        corpus_id="memory",
        tokens_trained=n_tokens,
        flops=1.0,
        seconds=1.0,
        finished=0.0,
    )


def keep(made: DocumentLayout, folder: Path, n_params: int = 1_000, n_tokens: int = 640) -> dict[str, list[RunRecord]]:
    """Writes the runs of ``made``; returns their records by role."""
    records: dict[str, list[RunRecord]] = {}
    for m, role in enumerate(made.mixtures):
        share = (m + 1) / (len(made.mixtures) + 1)
        for s in range(next(iter(made.languages.values())).nats.shape[1]):
            one = record(f"comparison-{role}-s{s}", s, {"python": share, "java": 1 - share}, n_params, n_tokens)
            records.setdefault(role, []).append(one)
            losses = {
                name: DocumentLosses(np.arange(len(each.tokens)), each.nats[m, s], each.tokens)
                for name, each in made.languages.items()
            }
            write_document_losses(document_losses_file(folder, one.spec.run_id), losses)
    return records
