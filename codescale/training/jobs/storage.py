"""Where a job keeps its checkpoints: a folder, or an address that pyarrow knows (``s3://``, ``gs://``).

An address may hold a key and its secret. They stay in the file system that is made of it: what people read, and what
Ray writes to its logs, is the address without them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from fsspec.implementations.local import LocalFileSystem
from pyarrow import ArrowException, PythonFile, fs

from codescale.errors import UserError
from codescale.files import replacing

MARKER = ".codescale-can-write"
SNAPSHOT = "checkpoint_manager_snapshot.json"
"""What Ray Train keeps beside the checkpoints of a run: which of them are whole, and which is the last."""

CHECKPOINTS = "checkpoint_"
"""What the names of Ray Train's checkpoints begin with."""

HINT = "check the address, the network and the permissions, then run the same command again"


class AtomicFiles(fs.FSSpecHandler):  # type: ignore[misc]
    """This machine's disk, on which a file is whole or not there, whatever kills the process that writes it."""

    def __init__(self) -> None:
        super().__init__(LocalFileSystem(auto_mkdir=True))

    def open_output_stream(self, path: str, metadata: Any) -> Any:
        """A stream into a temporary file, which becomes ``path`` when it is closed."""
        return PythonFile(_AtomicFile(Path(path)), mode="w")


class _AtomicFile:
    """What :class:`AtomicFiles` writes to; nothing is left of it once a write has failed."""

    def __init__(self, path: Path) -> None:
        self._replacing = replacing(path)
        self._file = self._replacing.__enter__().open("wb")

    @property
    def closed(self) -> bool:
        return self._file.closed

    def writable(self) -> bool:
        return True

    def write(self, content: bytes) -> int:
        try:
            return self._file.write(content)
        except OSError as error:
            self._give_up(error)
            raise

    def flush(self) -> None:
        self._file.flush()

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        if self._file.closed:
            return
        try:
            self._file.close()
        except OSError as error:
            self._give_up(error)
            raise
        self._replacing.__exit__(None, None, None)

    def _give_up(self, error: OSError) -> None:
        """Removes the temporary file, and raises what the refusal means."""
        with suppress(OSError):  # the same refusal again
            self._file.close()
        self._replacing.__exit__(type(error), error, error.__traceback__)


@dataclass(frozen=True)
class Storage:
    """A folder ``path`` on a file system; ``name`` is what people read, without credentials."""

    system: fs.FileSystem
    path: str
    name: str

    def __repr__(self) -> str:
        return f"Storage({self.name})"


def public_name(address: str) -> str:
    """``address`` without user, secret and parameters."""
    if "://" not in address:
        return address
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def redacted(text: str, address: str) -> str:
    """``text`` on one line, without what is secret in ``address``."""
    text = " ".join(text.split())
    if "://" not in address:
        return text
    text = text.replace(address, public_name(address))
    user = urlsplit(address).netloc.rpartition("@")[0]
    written = {user, *user.split(":")} - {""}
    for secret in sorted(written | {unquote(one) for one in written}, key=len, reverse=True):
        text = text.replace(secret, "…")
    return text


@contextmanager
def _as_user_error(address: str) -> Iterator[None]:
    """Turns what a file system says into one line without credentials."""
    try:
        yield
    except (OSError, ArrowException, NotImplementedError) as error:
        reason = redacted(str(error), address)[:200]
    else:
        return
    raise UserError(public_name(address), f"cannot be reached or written ({reason})", HINT)


def open_storage(address: str) -> Storage:
    """The storage at ``address``, checked by writing to it.

    Raises :class:`UserError` where nothing can be written there.
    """
    with _as_user_error(address):
        if "://" in address and not address.startswith("file://"):
            system, path = fs.FileSystem.from_uri(address)
        else:
            system, path = fs.PyFileSystem(AtomicFiles()), _absolute(address)
        storage = Storage(system, path.rstrip("/"), public_name(address))
        if not storage.path:
            raise OSError("it names no bucket or folder")
        system.create_dir(storage.path, recursive=True)
        with system.open_output_stream(f"{storage.path}/{MARKER}") as marker:
            marker.write(b"1")
        system.delete_file(f"{storage.path}/{MARKER}")
    return storage


def _absolute(address: str) -> str:
    path = unquote(urlsplit(address).path) if "://" in address else address
    return str(Path(path).expanduser().absolute()) if path else ""


def local_folder(system: fs.FileSystem, path: str) -> Path | None:
    """``path`` on this machine's disk; None where ``system`` is another one."""
    if isinstance(system, fs.LocalFileSystem):
        return Path(path)
    ours = isinstance(system, fs.PyFileSystem) and isinstance(system.handler, AtomicFiles)
    return Path(path) if ours else None


def remove_partial_checkpoints(storage: Storage, run: str) -> None:
    """Removes what was begun of checkpoints of ``run`` that never became whole.

    For before a job starts: while it runs, a checkpoint on its way looks the same.
    """
    folder = f"{storage.path}/{run}"
    with _as_user_error(storage.name):
        entries = storage.system.get_file_info(fs.FileSelector(folder, allow_not_found=True))
        snapshot = next((entry for entry in entries if entry.base_name == SNAPSHOT), None)
        whole = _whole_checkpoints(storage.system, snapshot.path) if snapshot else set()
        for entry in entries:
            checkpoint = entry.type == fs.FileType.Directory and entry.base_name.startswith(CHECKPOINTS)
            if checkpoint and whole is not None and entry.base_name not in whole:
                storage.system.delete_dir(entry.path)


def _whole_checkpoints(system: fs.FileSystem, snapshot: str) -> set[str] | None:
    """The names in Ray Train's list; None where it cannot be read, and nothing may be called a fragment."""
    with system.open_input_stream(snapshot) as stream:
        try:
            content = json.loads(stream.read())
            return {str(entry["checkpoint_dir_name"]) for entry in content["checkpoint_results"]}
        except (ValueError, KeyError, TypeError):
            return None


def remove_run(storage: Storage, run: str) -> None:
    """Removes everything that the storage holds of ``run``."""
    with _as_user_error(storage.name):
        folder = f"{storage.path}/{run}"
        if storage.system.get_file_info(folder).type == fs.FileType.Directory:
            storage.system.delete_dir(folder)
