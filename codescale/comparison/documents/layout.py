"""The comparison's runs side by side on the documents of the test split: mixtures, seeds and documents, crossed.

Shapes: M mixtures, S seeds, n documents of a language.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from codescale.arrays import Array, Integers
from codescale.comparison.documents.crossed import crossed_difference, influences
from codescale.comparison.result import CrossedDifferences
from codescale.runs.document_losses import DocumentLosses, document_losses_file, read_document_losses
from codescale.runs.records import RunRecord


@dataclass(frozen=True)
class LanguageLayout:
    """Of one language: ``nats`` (M, S, n), and the ``tokens`` (n,) that they are of."""

    nats: Array
    tokens: Integers


@dataclass(frozen=True)
class DocumentLayout:
    """All runs on the same text: the ``mixtures`` by their roles, and each language's layout. Roles that are one
    mixture share their runs.
    """

    mixtures: tuple[str, ...]
    languages: Mapping[str, LanguageLayout]

    def only(self, mixtures: Collection[str]) -> DocumentLayout:
        """The layout of those ``mixtures`` alone."""
        rows = [k for k, role in enumerate(self.mixtures) if role in mixtures]
        languages = {name: LanguageLayout(one.nats[rows], one.tokens) for name, one in self.languages.items()}
        return DocumentLayout(tuple(self.mixtures[k] for k in rows), languages)

    def difference(self, mixture: str, reference: str, weights: Mapping[str, float]) -> CrossedDifferences | None:
        """``mixture`` minus ``reference`` over other seeds and documents too; None where there are too few of either.
        ``weights``: of the objective, summing to 1.
        """
        one, other = (self.mixtures.index(role) for role in (mixture, reference))
        values = {
            name: influences(each.nats[one] - each.nats[other], each.tokens) for name, each in self.languages.items()
        }
        objective = crossed_difference(values, weights)
        if objective is None:
            return None
        losses = {name: crossed_difference(values, {name: 1.0}) for name in values}
        return CrossedDifferences(
            objective=objective, losses={name: each for name, each in losses.items() if each is not None}
        )


def document_layout(records: Mapping[str, Sequence[RunRecord]], folder: Path) -> DocumentLayout | None:
    """The layout of runs whose documents ``folder`` keeps; None where it does not keep them of all, as in studies of
    before, or where they were not judged on the same text.

    Parameters
    ----------
    records
        By role, in one order of the seeds.
    folder
        Of the test losses.

    Raises
    ------
    UserError
        Where a file is broken.
    """
    paths = {
        record.spec.run_id: document_losses_file(folder, record.spec.run_id)
        for runs in records.values()
        for record in runs
    }
    if not paths or not all(path.exists() for path in paths.values()):
        return None
    found = {run_id: read_document_losses(path) for run_id, path in paths.items()}
    first = next(iter(found.values()))
    if any(set(one) != set(first) for one in found.values()):
        return None
    languages = {}
    for language, text in first.items():
        if not all(_same_text(one[language], text) for one in found.values()):
            return None
        nats = [[found[record.spec.run_id][language].nats for record in runs] for runs in records.values()]
        languages[language] = LanguageLayout(np.array(nats), text.tokens)
    return DocumentLayout(tuple(records), languages)


def _same_text(one: DocumentLosses, other: DocumentLosses) -> bool:
    return all(
        np.array_equal(mine, yours) for mine, yours in ((one.documents, other.documents), (one.tokens, other.tokens))
    )


def distinct(records: Mapping[str, Sequence[RunRecord]]) -> dict[str, Sequence[RunRecord]]:
    """``records`` without roles whose runs an earlier one has too."""
    first: dict[tuple[str, ...], str] = {}
    for role, runs in records.items():
        first.setdefault(tuple(record.spec.run_id for record in runs), role)
    return {role: records[role] for role in first.values()}
