"""One Parquet file for each language with the documents that were selected, before they become tokens.

A build that is killed later starts from these files instead of from the sources, and people can look into them:
they hold repository, path, licence, split, text and program of every document of the corpus. A row group holds some
megabytes of one split, so that texts are read and written a few at a time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from codescale.corpus.document import AnyDocument, StoredDocument
from codescale.corpus.reader import SPLITS
from codescale.corpus.selection import Selection
from codescale.files import replacing, writing

_COLUMNS = ("split", "repository", "path", "licence", "text")
_PROGRAM = "program"
"""A column that is there where documents have translations."""
_GROUP_BYTES = 4_000_000
"""Of the texts in a row group."""


@dataclass(frozen=True)
class Texts:
    """The texts of a row group, which are of one split; ``size`` in bytes of UTF-8."""

    split: str
    texts: tuple[str, ...]
    size: int


def _groups(documents: Sequence[AnyDocument]) -> Iterator[list[AnyDocument]]:
    """``documents`` in groups of some megabytes."""
    group: list[AnyDocument] = []
    size = 0
    for document in documents:
        group.append(document)
        size += document.size
        if size >= _GROUP_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def _schema(selection: Selection, fingerprint: str) -> pa.Schema:
    documents = (document for split in SPLITS for document in selection.documents[split])
    has_programs = any(document.program is not None for document in documents)
    names = [*_COLUMNS, *([_PROGRAM] if has_programs else [])]
    facts = {"dropped": selection.dropped, "split_by": selection.split_by, "units": selection.units}
    metadata = {"fingerprint": fingerprint, "selection": json.dumps(facts)}
    return pa.schema([(name, pa.large_string()) for name in names], metadata=metadata)


def write_selection(path: Path, selection: Selection, fingerprint: str) -> None:
    """Writes ``selection`` atomically. Raises :class:`UserError` for a disk that is full or read-only, and for a file
    whose name is no UTF-8 text.
    """
    with writing(path):  # a folder's file may be called what is no text
        schema = _schema(selection, fingerprint)
    with replacing(path) as temporary, pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
        for split in SPLITS:
            for group in _groups(selection.documents[split]):
                rows = [(split, d.repository, d.path, d.licence, d.text, d.program) for d in group]
                columns = list(zip(*rows, strict=True))[: len(schema)]
                arrays = [pa.array(column, pa.large_string()) for column in columns]
                writer.write_table(pa.Table.from_arrays(arrays, schema=schema))


def read_selection(path: Path, fingerprint: str) -> Selection | None:
    """The selection in ``path`` without its texts, None where there is none, or one of another configuration, or a
    broken one.
    """
    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            metadata = schema.metadata or {}
            whole = schema.names in ([*_COLUMNS], [*_COLUMNS, _PROGRAM])
            if metadata.get(b"fingerprint", b"").decode() != fingerprint or not whole:
                return None
            documents: dict[str, list[AnyDocument]] = {split: [] for split in SPLITS}
            for group in range(file.num_row_groups):
                table = file.read_row_group(group)
                if len(pc.unique(table.column("split"))) != 1:  # written by an earlier version
                    return None
                documents[table.column("split")[0].as_py()] += _without_texts(table)
    except (OSError, pa.ArrowInvalid):
        return None
    facts = json.loads(metadata[b"selection"])
    units = {split: tuple(found) for split, found in facts["units"].items()}
    by_split = {split: tuple(found) for split, found in documents.items()}
    return Selection(by_split, facts["dropped"], facts["split_by"], units)


def _without_texts(table: pa.Table) -> Iterator[StoredDocument]:
    sizes = pc.binary_length(table.column("text").cast(pa.large_binary())).to_pylist()
    programs = table.column(_PROGRAM).to_pylist() if _PROGRAM in table.column_names else [None] * len(table)
    names: dict[str, str] = {}
    columns = [table.column(name).to_pylist() for name in ("repository", "path", "licence")]
    for repository, path, licence, size, program in zip(*columns, sizes, programs, strict=True):
        once = names.setdefault(repository, repository), names.setdefault(licence, licence)
        yield StoredDocument(once[0], path, once[1], size, program=program)


def read_texts(path: Path) -> Iterator[Texts]:
    """The texts in ``path``, row group by row group: in the order of the selection's splits and documents."""
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            table = file.read_row_group(group, columns=["split", "text"])
            texts = table.column("text")
            size = pc.sum(pc.binary_length(texts.cast(pa.large_binary()))).as_py()
            yield Texts(table.column("split")[0].as_py(), tuple(texts.to_pylist()), size)


def texts_at(path: Path, rows: Iterable[int]) -> dict[int, str]:
    """The texts in the given rows of ``path``, by row."""
    wanted = set(rows)
    found: dict[int, str] = {}
    row = 0
    for group in read_texts(path):
        for text in group.texts:
            if row in wanted:
                found[row] = text
            row += 1
        if len(found) == len(wanted):
            break
    return found
