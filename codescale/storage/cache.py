"""The folder of this machine in which stores are copied: studies by their address, token shards by their content.

It may be deleted whenever no command runs: everything in it comes from a store, but for what a killed command had no
time to put there.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from codescale.files import file_sha256, replacing, writing
from codescale.storage.address import StoreAddress

VARIABLE = "CODESCALE_CACHE"


def cache_folder() -> Path:
    """``$CODESCALE_CACHE``, else ``codescale`` in ``$XDG_CACHE_HOME`` or ``~/.cache``."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named).expanduser().absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser().absolute() / "codescale"


def copy_folder(address: StoreAddress) -> Path:
    """Where the working copy of the study at ``address`` is on this machine."""
    digest = hashlib.sha256(str(address).encode()).hexdigest()[:12]
    return cache_folder() / "studies" / f"{address.name[:60]}-{digest}"


def put_content(sha256: str, path: Path, fetch: Callable[[Path], object]) -> None:
    """Has the content that has this hash be at ``path``: what is there already, what is in the cache, or what ``fetch``
    brings. Where that has another hash, or is nothing, so has ``path``.

    Of several processes of this machine that want it at once one fetches it, the others wait. What is in the cache
    already is verified, since disks err.
    """
    kept = cache_folder() / "content" / sha256
    if path.exists() and kept.exists() and path.samefile(kept):
        return
    with writing(kept), locked(kept.with_name(f".{sha256}.lock")):
        if _holds(path, sha256):
            _link(path, kept)
            return
        if not _holds(kept, sha256):
            fetch(kept)
        if _holds(kept, sha256):
            _link(kept, path)


@contextmanager
def locked(path: Path, wait: bool = True) -> Iterator[bool]:
    """Keeps other processes of this machine out of a block that takes the same lock file; yields whether it has it,
    which without ``wait`` it may not.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.open("w")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True


def _holds(path: Path, sha256: str) -> bool:
    return path.exists() and file_sha256(path) == sha256


def _link(source: Path, path: Path) -> None:
    """Has ``path`` be the file ``source`` too; a copy of it where the disk knows no links."""
    with replacing(path) as temporary:
        try:
            os.link(source, temporary)
        except OSError:
            shutil.copyfile(source, temporary)
