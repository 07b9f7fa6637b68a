"""Texts that stand for what a model knew before training: never trained on, only measured."""

from __future__ import annotations

import os
from pathlib import Path

from codescale.corpus.document import Document
from codescale.corpus.record import UNSTATED
from codescale.errors import UserError
from codescale.files import read_text


def retention_documents(path: Path, where: str) -> list[Document]:
    """The file ``path`` as a document, or every file below the folder ``path``, hidden ones and links left out.

    Raises :class:`UserError` for what is not there, is not UTF-8, or is empty; ``where`` names the setting.
    """
    if not path.exists():
        raise UserError(where, f"no such file or folder: {path}", "correct the path; it starts at the study folder")
    files = [path] if path.is_file() else _below(path)
    documents = [Document(path.name, str(file.relative_to(path)), UNSTATED, read_text(file)) for file in files]
    documents = [document for document in documents if document.text.strip()]
    if not documents:
        raise UserError(where, f"{path} holds no text", "put text into it, or leave it out")
    return documents


def _below(folder: Path) -> list[Path]:
    found = []
    for parent, inner, names in os.walk(folder):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        paths = [Path(parent, name) for name in sorted(names) if not name.startswith(".")]
        found += [path for path in paths if path.is_file() and not path.is_symlink()]
    return found
