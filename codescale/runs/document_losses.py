"""What each document of a held-out split cost a finished model: sums of nats and tokens, one file a run.

Two runs that were judged on the same text have the same documents, so their differences can be taken document by
document. A row a document; of a document that was read in part, its tokens are those that were read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from codescale.arrays import Array, Integers
from codescale.errors import UserError
from codescale.files import replacing

_SCHEMA = pa.schema(
    [("language", pa.string()), ("document", pa.int64()), ("nats", pa.float64()), ("tokens", pa.int64())]
)


@dataclass(frozen=True)
class DocumentLosses:
    """Of one language, each (documents,): the documents' places in their split, which rise, the ``nats`` that their
    tokens cost together, and how many ``tokens`` those are.
    """

    documents: Integers
    nats: Array
    tokens: Integers

    @property
    def mean(self) -> float:
        """Nats per token over all documents."""
        return float(self.nats.sum() / self.tokens.sum())


def document_losses_file(folder: Path, run_id: str) -> Path:
    """Where ``folder`` keeps those of the run ``run_id``."""
    return folder / f"{run_id}.parquet"


def write_document_losses(path: Path, losses: Mapping[str, DocumentLosses]) -> None:
    """Writes the documents of each language to ``path``, as Parquet and atomically."""
    columns = [
        pa.array([language for language, one in losses.items() for _ in one.documents], pa.string()),
        *(
            pa.array(np.concatenate([getattr(one, name) for one in losses.values()]))
            for name in ("documents", "nats", "tokens")
        ),
    ]
    table = pa.table(columns, names=_SCHEMA.names).cast(_SCHEMA)
    with replacing(path) as temporary:
        parquet.write_table(table, temporary)


def read_document_losses(path: Path) -> dict[str, DocumentLosses]:
    """By language. Raises :class:`UserError` where ``path`` is no such file, or a broken one."""
    hint = "delete it: what it tells of the test text is then left out"
    try:
        table = parquet.read_table(path, memory_map=False)
    except (pa.ArrowInvalid, OSError) as error:
        raise UserError(path, f"is not readable as Parquet ({str(error).splitlines()[0]})", hint) from None
    if not table.schema.equals(_SCHEMA):
        raise UserError(path, f"has not the columns {', '.join(_SCHEMA.names)}", hint)
    names = table["language"].to_numpy(zero_copy_only=False)
    columns = [table[name].to_numpy() for name in ("document", "nats", "tokens")]
    if table.num_rows and not (np.isfinite(columns[1]).all() and (columns[2] > 0).all()):
        raise UserError(path, "has documents without a finite loss or without tokens", hint)
    own = {language: names == language for language in dict.fromkeys(names.tolist())}
    return {language: DocumentLosses(*(column[rows] for column in columns)) for language, rows in own.items()}
