"""The files that commands write results to, read as they grow: rows that are new since the last look.

Nothing in them is evaluated or unpickled, and nothing is read without bounds: a file that is no ordinary one (a pipe, a
link out of the folder, a device), is longer than :data:`MOST_BYTES` or holds a line longer than :data:`MOST_LINE` is
refused as a :class:`~codescale.trainers.measurements.ResultError`.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol

from codescale.errors import UserError, visible
from codescale.importing.readers.event_files import event_files, read_event_files
from codescale.importing.readers.lm_eval import read_lm_eval
from codescale.importing.readers.source_table import SourceTable
from codescale.importing.readers.trainer_state import STATE, read_trainer_states
from codescale.study.trainer import ResultsSection
from codescale.trainers.measurements import ResultError

MOST_BYTES = 64 * 2**20
MOST_LINE = 2**20


class Row(NamedTuple):
    """Figures by name, what a message calls the row, and whether it may be of an earlier attempt."""

    figures: dict[str, Any]
    where: str
    earlier: bool = True


class ResultFile(Protocol):
    """Results that grow."""

    def rows(self) -> Iterator[Row]:
        """Those that are new. Raises :class:`ResultError`."""
        ...

    def close(self) -> None:
        """The command has ended: raises :class:`ResultError` where the file breaks off."""
        ...


class JsonLines:
    """JSON Lines: an object a line, each ended by a new line.

    A line that an earlier attempt was killed in is taken out first; a new one may add to the file, or begin it anew.
    """

    def __init__(self, path: Path, folder: Path) -> None:
        self._path, self._folder = path, folder
        self._name = path.name
        self._position, self._lines, self._rest, self._latest = 0, 0, b"", b""
        self._earlier = _without_half_line(path, folder)

    def rows(self) -> Iterator[Row]:
        """The whole lines that are new; one that has no end yet waits."""
        for line in self._new_lines():
            self._lines += 1
            self._position += len(line) + 1
            self._latest = line
            if line.strip():
                where = f"{self._name}, line {self._lines}"
                yield Row(_object(line, where), where, self._position <= self._earlier)

    def close(self) -> None:
        """Refuses a last line without an end."""
        if self._rest.strip():
            raise ResultError(
                f"{self._name} breaks off in the middle of line {self._lines + 1}: {_start(self._rest)}; end each line "
                "with a new line, and flush it"
            )

    def _rewritten(self, file: BinaryIO) -> bool:
        """Whether the latest line that was read is another one now."""
        file.seek(max(0, self._position - len(self._latest) - 1))
        return file.read(self._position - file.tell())[:-1] != self._latest

    def _new_lines(self) -> Iterator[bytes]:
        read = self._position + len(self._rest)
        descriptor = _opened(self._path, self._folder)
        if descriptor is None:
            if read:
                raise ResultError(f"{self._name} was removed; add lines to it, and keep the folder")
            return
        with os.fdopen(descriptor, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if read <= self._earlier and (size < read or self._rewritten(file)):
                self._position, self._lines, self._rest, self._latest, self._earlier, read = 0, 0, b"", b"", 0, 0
            if size < read:
                raise ResultError(f"{self._name} has become shorter; add lines to it and change none")
            if size > MOST_BYTES:
                raise ResultError(f"{self._name} is longer than {MOST_BYTES // 2**20} MiB")
            file.seek(read)
            *lines, self._rest = (self._rest + file.read(MOST_BYTES + 1 - read)).split(b"\n")
        if max((len(line) for line in (*lines, self._rest)), default=0) > MOST_LINE:
            raise ResultError(f"{self._name} has a line of more than {MOST_LINE // 2**20} MiB")
        yield from lines


class TrainerStates:
    """``trainer_state.json`` of transformers' Trainer, of the folder itself or of its last checkpoint."""

    def __init__(self, path: Path, folder: Path) -> None:
        self._path, self._folder, self._seen, self._stamp = path, folder, 0, (0, 0)

    def rows(self) -> Iterator[Row]:
        """The entries of ``log_history`` that are new."""
        files = [self._path] if self._path.is_file() else sorted(self._path.rglob(STATE)) if self._path.exists() else []
        stamps = [_stamp(path, self._folder) for path in files]
        stamp = max(stamps, default=(0, 0))
        if not files or stamp == self._stamp:
            return
        self._stamp = stamp
        newest = files[stamps.index(stamp)]
        try:
            table = read_trainer_states(newest, [newest])
        except UserError as error:  # half written, or wrong: what it is shows when the command has ended
            self._error: UserError | None = error
            return
        self._error = None
        yield from _rows_after(table, self._seen)
        self._seen = max(self._seen, len(table))

    def close(self) -> None:
        """Refuses a file that cannot be read."""
        if getattr(self, "_error", None) is not None:
            assert self._error is not None
            raise ResultError(f"{STATE} {self._error.problem}")


class EventFiles:
    """TensorBoard's event files at or below a folder. ``step`` is theirs."""

    def __init__(self, path: Path, folder: Path) -> None:
        self._path, self._folder = path, folder
        self._sizes: dict[Path, tuple[int, int]] = {}
        self._seen: set[tuple[int, str]] = set()

    def rows(self) -> Iterator[Row]:
        """The scalars that are new, by step."""
        files = event_files(self._path) if self._path.exists() else []
        sizes = {path: _stamp(path, self._folder) for path in files}
        if not files or sizes == self._sizes:
            return
        self._sizes = sizes
        try:
            table, _ = read_event_files(self._path, {self._path.absolute().name})
        except UserError as error:
            if "no scalars" in error.problem:
                return
            raise ResultError(f"the event files: {error.problem}") from None
        for row in sorted(_rows_after(table, 0), key=lambda row: int(row.figures["step"])):
            step = int(row.figures["step"])
            new = {name: value for name, value in row.figures.items() if (step, name) not in self._seen}
            self._seen |= {(step, name) for name in new}
            if set(new) - {"step", "run_id", "annealed", "parent_run_id"}:
                yield Row(new | {"step": step}, row.where)

    def close(self) -> None:
        """Event files may break off: what stands before it was read."""


def result_file(section: ResultsSection, folder: Path) -> ResultFile:
    """The results that ``section`` names, of the run in ``folder``."""
    path = folder / section.path
    if section.format == "jsonl":
        return JsonLines(path, folder)
    return EventFiles(path, folder) if section.format == "tensorboard" else TrainerStates(path, folder)


def harness_metrics(path: Path, folder: Path) -> dict[str, float]:
    """The figures that the lm-evaluation-harness has written to ``path``, a file or a folder, by ``task/metric``.

    Raises :class:`ResultError` where there are none.
    """
    files = [path] if path.is_file() else sorted(path.rglob("results*.json")) if path.exists() else []
    found: dict[str, float] = {}
    try:
        for file in files:
            _stamp(file, folder)
            table = read_lm_eval(file, [file])
            found |= {name: float(table.cells[name][0]) for name in table.figures}
    except UserError as error:
        raise ResultError(f"{path.name}: {error.problem}") from None
    if not found:
        raise ResultError(f"{path.name} holds no results of the lm-evaluation-harness")
    return found


def _rows_after(table: SourceTable, count: int) -> Iterator[Row]:
    for k in range(count, len(table)):
        figures = {name: cells[k] for name, cells in table.cells.items() if cells[k] is not None}
        yield Row(figures, table.row_name(k))


def _without_half_line(path: Path, folder: Path) -> int:
    """Takes what stands after the last new line out of ``path``. Returns its length; 0 where there is none, or where
    it cannot be read, which is said when rows are.
    """
    try:
        descriptor = _opened(path, folder, os.O_RDWR)
    except ResultError:
        return 0
    if descriptor is None:
        return 0
    with os.fdopen(descriptor, "rb+") as file:
        size = os.fstat(descriptor).st_size
        file.seek(max(0, size - MOST_LINE))
        tail = file.read(MOST_LINE)
        whole = size - len(tail) + tail.rfind(b"\n") + 1
        if whole < size:
            file.truncate(whole)
        return whole


def _opened(path: Path, folder: Path, mode: int = os.O_RDONLY) -> int | None:
    """A descriptor of the ordinary file ``path`` within ``folder``; None where there is none yet."""
    try:
        if not path.resolve().is_relative_to(folder.resolve()):
            raise ResultError(f"{path.name} is a link out of the run's folder")
        descriptor = os.open(path, mode | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ResultError(f"{path.name} cannot be read ({error.strerror})") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ResultError(f"{path.name} is no ordinary file")
    return descriptor


def _stamp(path: Path, folder: Path) -> tuple[int, int]:
    """When the ordinary file ``path`` was changed, and its length."""
    descriptor = _opened(path, folder)
    if descriptor is None:
        return (0, 0)
    found = os.fstat(descriptor)
    os.close(descriptor)
    if found.st_size > MOST_BYTES:
        raise ResultError(f"{path.name} is longer than {MOST_BYTES // 2**20} MiB")
    return found.st_mtime_ns, found.st_size


def _object(line: bytes, where: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        raise ResultError(f"{where} is not JSON: {_start(line)}") from None
    if not isinstance(value, dict):
        raise ResultError(f'{where} is no object: {_start(line)}; write {{"tokens": …, "loss.python": …}}')
    return value


def _start(line: bytes) -> str:
    text = visible(" ".join(line.decode(errors="replace").split()))
    return text if len(text) <= 60 else text[:57] + "…"
