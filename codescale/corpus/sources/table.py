"""Parquet, JSON Lines, JSON and CSV with a text column, such as the tables that public code corpora come in."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from codescale.corpus.left_out import LeftOut, listed
from codescale.corpus.manifest import CorpusSource
from codescale.corpus.record import Reading, Record
from codescale.corpus.sources.tables.columns import MissingColumn, Rows
from codescale.corpus.sources.tables.contents import Named, StoredContents
from codescale.corpus.sources.tables.documents import RowDocuments
from codescale.corpus.sources.tables.files import TableFile, may_lie_beside, table_rows
from codescale.corpus.sources.tables.places import open_store, table_place
from codescale.errors import UserError
from codescale.progress import Progress
from codescale.storage.address import parse_address
from codescale.study.corpus import TableSource

_USUAL = {
    "repository_column": ("repo", "repo_name", "repository", "repository_name", "max_stars_repo_name"),
    "path_column": ("path", "file_path", "filepath", "repo_path", "max_stars_repo_path"),
    "license_column": ("license", "licenses", "detected_licenses", "max_stars_repo_licenses"),
    "generated_column": ("is_generated",),
    "vendored_column": ("is_vendor", "is_vendored"),
}
"""By key of a source: what public corpora call such a column."""


class TableReader:
    """One file, or a folder of such files, on the disk or in a store, read row by row."""

    def __init__(self, section: TableSource, reading: Reading) -> None:
        self._section = section
        self._wanted = sorted(set(reading.endings.values()))
        self._place = table_place(section.path, reading.base, reading.downloads)
        at = section.contents
        self._contents = None if at is None else StoredContents(open_store(parse_address(at)))
        self._present: set[str] = set()
        self.left_out = LeftOut()
        self._documents = RowDocuments(section, reading, str(self._place), self.left_out)

    def origins(self) -> list[CorpusSource]:
        """The file or folder."""
        return [CorpusSource(name=str(self._place), version=None, sha256=None, licence=None)]

    def _rows(self, file: TableFile) -> Rows:
        """The rows of one file; a file without any is counted, and one that only lies beside the tables."""
        too_large = partial(self.left_out.add, "too_large", file.name)
        is_empty = True
        try:
            for number, cells in table_rows(file.path, self._documents.columns, self._present.update, too_large):
                is_empty = False
                yield number, cells
        except MissingColumn as error:
            if file.alone or not may_lie_beside(file.path) or error.column != self._section.text_column:
                raise
            self.left_out.add("no_text_column", file.name)
        else:
            if is_empty and file.name not in self.left_out.names("too_large"):
                self.left_out.add("no_rows", file.name)

    def _documents_of(self, file: TableFile) -> Iterator[Named]:
        for number, cells in self._rows(file):
            record = self._documents.document(file.path, number, cells)
            yield record, self._documents.encoding(file.path, number, cells) if self._contents else None

    def _with_contents(self, rows: Iterator[Named]) -> Iterator[Record | None]:
        """The records with their texts, fetched where the table only names them."""
        if self._contents is None:
            yield from (record for record, _ in rows)
            return
        for named, record in self._contents.of(rows):
            if named is not None and record is None:
                self.left_out.drop(named.language, "content_missing")
            yield record

    def _records(self, file: TableFile) -> Iterator[Record | None]:
        """What each row of one file is; None where it is counted as left out."""
        try:
            yield from self._with_contents(self._documents_of(file))
        except UserError as error:
            where = str(error.where).replace(str(file.path), file.shown)
            raise UserError(where, error.problem, error.hint) from None

    def records(self, progress: Progress) -> Iterator[Record]:
        """Every row in a language of the study; the others are counted.

        Raises :class:`UserError`, naming the file and the row or column, and where nothing tells a row's language.
        """
        recognised = False
        with progress.bar(f"Reading {self._place}", None) as advance:
            for file in self._place.files(self.left_out):
                for record in self._records(file):
                    if record is not None:
                        recognised = True
                        yield record
                    advance(1)
        if not recognised and not self.left_out.dropped:
            self._refuse_unrecognised()
        self._say_unused(progress)

    def _say_unused(self, progress: Progress) -> None:
        """Says which columns could tell more of the rows, where the study's file does not name them."""
        unused = {
            key: column
            for key, usual in _USUAL.items()
            if getattr(self._section, key) is None
            for column in usual
            if column in self._present and column not in self._documents.columns
        }
        if unused:
            named = ", ".join(f"{key}: {column}" for key, column in unused.items())
            progress.say(
                f"{self._place} has columns that tell of repositories, of vendored or generated files or of licences, "
                f"and are not used. To use them, say in corpus.sources: {named}."
            )

    def _refuse_unrecognised(self) -> None:
        """Raises :class:`UserError` where it is the study's file that keeps rows from being taken."""
        section, wanted = self._section, ", ".join(self._wanted)
        labels = self.left_out.names("unknown_label")
        if labels:
            problem = f"no row is in a language of the study ({wanted}); labels that mean none: {listed(labels)}"
            hint = f"say in corpus.sources what they mean, as language_labels: {{LABEL: {self._wanted[0]}}}"
            raise UserError(f"{self._place}, {section.language_column}", problem, f"{hint}, or name another column")
        by_path = section.language is None and section.language_column is None
        endings = self.left_out.names("other_ending") if by_path else {}
        if endings:
            problem = f"no path ends as a language of the study does ({wanted}); endings: {listed(endings)}"
            raise UserError(f"{self._place}, {section.path_column}", problem, "name another path_column, or a language")
        beside = self.left_out.names("no_text_column")
        if beside:
            problem = f"no table has a column {section.text_column!r}: {listed(beside)}"
            raise UserError(str(self._place), problem, "name another text_column in corpus.sources")
