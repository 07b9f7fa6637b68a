"""Brings the corpus of a study that lives in a store to this machine: each shard once, verified by its hash."""

from __future__ import annotations

from pathlib import Path

from codescale.corpus.manifest import Manifest
from codescale.errors import UserError
from codescale.study.folder import StudyFolder


def fetch_corpus(folder: StudyFolder) -> None:
    """Has the corpus of ``folder`` be here as its manifest says; nothing to do for a study on a disk.

    What the store lacks stays missing, which whoever opens the corpus says. Raises
    :class:`~codescale.errors.UserError` where the store cannot be reached.
    """
    copy = folder.working_copy
    if copy is None or not folder.manifest.exists():
        return
    try:
        manifest = Manifest.read(folder.manifest, "run codescale corpus again")
    except UserError:  # of a manifest that cannot be read; who opens the corpus says so
        return
    for file, sha256 in _contents(manifest).items():
        if Path(file).name == file:  # a manifest may be anybody's, and nothing is written outside of its folder
            copy.fetch_content(folder.corpus / file, sha256)


def fetch_corpus_on_worker(folder: StudyFolder) -> None:
    """The same on a machine that no stage has prepared: the manifest comes first. Raises as :func:`fetch_corpus`."""
    if folder.working_copy is not None:
        folder.working_copy.fetch(folder.manifest)
        fetch_corpus(folder)


def _contents(manifest: Manifest) -> dict[str, str]:
    """The SHA-256 of every file that the manifest names, by its name in the corpus folder."""
    found = {shard.file: shard.sha256 for entry in manifest.languages.values() for shard in entry.shards.values()}
    found |= {shard.file: shard.sha256 for entry in manifest.kept.values() for shard in entry.shards.values()}
    if manifest.tokenizer is not None:
        found[manifest.tokenizer.file] = manifest.tokenizer.sha256
    return found
