"""One Parquet file for each language with the documents that were selected, before they become tokens.

A build that is killed later starts from these files instead of from the sources, and people can look into them:
they hold repository, path, licence, split, text and program of every document of the corpus.
"""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from codescale.corpus.document import Document
from codescale.corpus.reader import SPLITS
from codescale.corpus.selection import Selection
from codescale.files import replacing, writing

_COLUMNS = ("split", "repository", "path", "licence", "text")
_PROGRAM = "program"
"""A column that is there where documents have translations."""


def write_selection(path: Path, selection: Selection, fingerprint: str) -> None:
    """Writes ``selection`` atomically. Raises :class:`UserError` for a disk that is full or read-only, and for a file
    whose name is no UTF-8 text.
    """
    rows = [(split, d.repository, d.path, d.licence, d.text) for split in SPLITS for d in selection.documents[split]]
    with writing(path):  # a folder's file may be called what is no text
        arrays = [pa.array(column, pa.large_string()) for column in zip(*rows, strict=True)]
    names = list(_COLUMNS)
    programs = [document.program for split in SPLITS for document in selection.documents[split]]
    if any(program is not None for program in programs):
        arrays.append(pa.array(programs, pa.large_string()))
        names.append(_PROGRAM)
    facts = {"dropped": selection.dropped, "split_by": selection.split_by, "units": selection.units}
    metadata = {"fingerprint": fingerprint, "selection": json.dumps(facts)}
    table = pa.table(arrays, names=names).replace_schema_metadata(metadata)
    with replacing(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def read_selection(path: Path, fingerprint: str) -> Selection | None:
    """The selection in ``path``, None where there is none, or one of another configuration, or a broken one."""
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowInvalid):
        return None
    metadata = table.schema.metadata or {}
    whole = table.column_names in ([*_COLUMNS], [*_COLUMNS, _PROGRAM])
    if metadata.get(b"fingerprint", b"").decode() != fingerprint or not whole:
        return None
    if _PROGRAM not in table.column_names:
        table = table.append_column(_PROGRAM, pa.nulls(len(table), pa.large_string()))
    facts = json.loads(metadata[b"selection"])
    documents: dict[str, list[Document]] = {split: [] for split in SPLITS}
    for split, *rest in zip(*(column.to_pylist() for column in table.columns), strict=True):
        documents[split].append(Document(*rest))
    units = {split: tuple(found) for split, found in facts["units"].items()}
    by_split = {split: tuple(found) for split, found in documents.items()}
    return Selection(by_split, facts["dropped"], facts["split_by"], units)
