"""The files below a folder, without following links to folders; what is passed over is counted."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from codescale.corpus.left_out import LeftOut


def relative(path: str | Path, folder: Path) -> str:
    """``path`` as the counts name it."""
    return Path(path).relative_to(folder).as_posix()


def files_below(folder: Path, left_out: LeftOut) -> Iterator[Path]:
    """Every file, and every link to one, in a sorted order; not those in hidden folders, such as .git.

    ``left_out`` is told of hidden folders, of links to folders and to nowhere, of folders that cannot be read and of
    what is no file.
    """

    def unreadable(error: OSError) -> None:
        left_out.add("unreadable", relative(error.filename, folder))

    for here, inner, names in os.walk(folder, onerror=unreadable):
        for name in inner:
            if name.startswith("."):
                left_out.add("hidden", f"{name}/")
            elif Path(here, name).is_symlink():
                left_out.add("link", f"{relative(Path(here, name), folder)}/")
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        for name in sorted(names):
            path = Path(here, name)
            try:
                if path.is_file():
                    yield path
                else:
                    left_out.add("link" if path.is_symlink() else "not_a_file", relative(path, folder))
            except OSError:
                left_out.add("unreadable", relative(path, folder))
