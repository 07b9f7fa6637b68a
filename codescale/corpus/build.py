"""Builds a corpus: sources, cleaning, splits, tokenizer, shards, and last the manifest that makes it whole.

Every step writes whole files and is skipped where its files are there: downloads by checksum, cleaned parts by a hash
of what they were made of, the selected documents of each language by the configuration's fingerprint, tokens by that of
the tokenizer. So a build that was killed goes on where it stood, and one that is finished does nothing. Texts stream
through it a few megabytes at a time, and what is done to these is spread over processes or machines.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

from codescale.corpus.cleaned_parts import Cleaning, PartFolder, clean_in_parts, raw_batches
from codescale.corpus.encoding import encode_texts
from codescale.corpus.fingerprint import fingerprint
from codescale.corpus.left_out import left_out_phrases
from codescale.corpus.local_processes import LocalProcesses
from codescale.corpus.manifest import (
    CorpusLanguage,
    CorpusSource,
    Manifest,
    RetentionEntry,
    SourcesLeftOut,
    TokenizerFile,
)
from codescale.corpus.minhash import band_shape
from codescale.corpus.model_tokenizer import TOKENIZER, model_tokenizer
from codescale.corpus.reader import RETENTION_SPLIT, SPLITS, open_corpus
from codescale.corpus.record import Reading, SourceReader, endings
from codescale.corpus.retention_texts import retention_documents
from codescale.corpus.selection import Candidates, Selection, select
from codescale.corpus.selection_file import read_selection, write_selection
from codescale.corpus.shards import Shard, write_shard
from codescale.corpus.sources.registry import open_source
from codescale.corpus.spread import Spread
from codescale.corpus.stored_documents import stored_candidates, stored_signatures
from codescale.corpus.tokenization import TokenizerSpec, documents_path, tokenize, training_texts
from codescale.corpus.tokenizer import END_OF_DOCUMENT, load_tokenizer, save_tokenizer, train_tokenizer
from codescale.errors import UserError
from codescale.files import file_sha256, writing
from codescale.progress import Progress
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder

_PARTS = "parts"
"""Folder of what a build keeps until the corpus is whole."""


def _finished(folder: StudyFolder, mark: str) -> Manifest | None:
    """The manifest of a whole corpus of this configuration, None where one has to be built."""
    try:
        corpus = open_corpus(folder.corpus)
    except UserError:
        return None
    return corpus.manifest if corpus.manifest.fingerprint == mark else None


def _collect(
    config: StudyConfig, sources: list[SourceReader], parts: PartFolder, mark: str, spread: Spread, progress: Progress
) -> dict[str, Candidates]:
    """Every source's records, cleaned, by language, with the counts of what was left out before."""
    registry = config.registry()
    programming = frozenset(name for name in config.languages if registry[name].kind == "programming")
    records = chain.from_iterable(source.records(progress) for source in sources)
    cleaning = Cleaning(config.corpus, programming, band_shape(config.corpus.near_duplicate_similarity))
    count = clean_in_parts(raw_batches(records, mark), cleaning, parts, spread)
    candidates = stored_candidates(parts, count, config.languages)
    for source in sources:
        for language, dropped in source.left_out.dropped.items():
            candidates[language].dropped.update(dropped)
    return candidates


def _read_left_out(path: Path, mark: str) -> SourcesLeftOut | None:
    """What the sources of a build that was killed left out, None where that is not known."""
    try:
        left_out = SourcesLeftOut.read(path, "")
    except UserError:
        return None
    return left_out if left_out.fingerprint == mark else None


def _selections(
    config: StudyConfig, folder: StudyFolder, sources: list[SourceReader], mark: str, spread: Spread, progress: Progress
) -> tuple[dict[str, Selection], SourcesLeftOut]:
    """The documents of every language, and what the sources left out: from the files of a build that was killed, else
    from the sources.
    """
    left_out_path = folder.corpus / "documents" / "left_out.json"
    paths = {language: documents_path(folder.corpus, language) for language in config.languages}
    left_out = _read_left_out(left_out_path, mark)
    found = _read_selections(paths, mark)
    if found is not None and left_out is not None:
        return found, left_out
    parts = folder.corpus / _PARTS
    candidates = _collect(config, sources, PartFolder(parts / "cleaned"), mark, spread, progress)
    left_out = SourcesLeftOut(fingerprint=mark, sources=tuple(source.left_out.others() for source in sources))
    total = sum(
        min(sum(d.size for d in one.documents), config.corpus.max_bytes_per_language) for one in candidates.values()
    )
    with progress.bar("Removing duplicates and splitting", total) as advance:
        try:
            selections = select(candidates, config.corpus, advance, stored_signatures)
        except UserError as error:
            raise _with_what_was_left_out(error, left_out) from None
    _remove_manifest(folder)
    _remove(parts / "tokens")
    left_out.write(left_out_path)
    for language, selection in selections.items():
        write_selection(paths[language], selection, mark)
    _remove(parts / "cleaned")
    found = _read_selections(paths, mark)
    assert found is not None
    return found, left_out


def _read_selections(paths: Mapping[str, Path], mark: str) -> dict[str, Selection] | None:
    """The selection of every language, without the texts; None where one of them is missing."""
    found = {}
    for language, path in paths.items():
        selection = read_selection(path, mark)
        if selection is None:
            return None
        found[language] = selection
    return found


def _remove_manifest(folder: StudyFolder) -> None:
    """Ends the corpus that was there: not before the sources of the new one were read, which may be wrong."""
    with writing(folder.manifest):
        folder.manifest.unlink(missing_ok=True)


def _remove(path: Path) -> None:
    with writing(path):
        shutil.rmtree(path, ignore_errors=True)


def _with_what_was_left_out(error: UserError, left_out: SourcesLeftOut) -> UserError:
    """``error``, of a language that has too little, with what the sources left out: its files may be among that."""
    phrases = [phrase for others in left_out.sources for phrase in left_out_phrases(others)]
    said = f"; the sources left out {'; '.join(phrases)}" if phrases else ""
    return UserError(error.where, f"{error.problem}{said}", error.hint)


def _origins(sources: list[SourceReader], left_out: SourcesLeftOut) -> Iterator[CorpusSource]:
    """What the manifest says of the sources; what one left out stands with the first of its origins."""
    for source, others in zip(sources, left_out.sources, strict=True):
        for position, origin in enumerate(source.origins()):
            yield origin.model_copy(update={"left_out": others}) if others and not position else origin


def _tokenizer(
    config: StudyConfig, selections: Mapping[str, Selection], folder: Path, progress: Progress
) -> TokenizerSpec:
    """The tokenizer, written into ``folder``: trained on the corpus, or that of the model which runs start from."""
    path = folder / TOKENIZER
    if config.training.start is not None:
        vocabulary = config.corpus.vocabulary
        tokenizer, end = model_tokenizer(Path(config.training.start.model), vocabulary)
        save_tokenizer(tokenizer, path)
        return TokenizerSpec(tokenizer, end, vocabulary, by_words=False)
    with progress.bar("Training the tokenizer", None):
        save_tokenizer(train_tokenizer(training_texts(selections, folder), config.corpus.vocabulary), path)
    tokenizer = load_tokenizer(path)
    end = int(tokenizer.token_to_id(END_OF_DOCUMENT) or 0)
    return TokenizerSpec(tokenizer, end, tokenizer.get_vocab_size(), by_words=True)


def _retention_entries(config: StudyConfig, folder: StudyFolder, spec: TokenizerSpec) -> dict[str, RetentionEntry]:
    """By name, what the manifest says of a text that the model which runs start from is not to forget."""
    start = config.training.start
    entries = {}
    for name, given in (start.keep if start else {}).items():
        where = f"{folder.config_file}, training.start.keep.{name}"
        documents = retention_documents(folder.root / Path(given).expanduser(), where)
        path = folder.corpus / f"{name}.kept.arrow"
        texts = [document.text for document in documents]
        shard = write_shard(path, encode_texts(spec.tokenizer, texts, spec.end), spec.vocabulary)
        size = sum(document.size for document in documents)
        entries[name] = RetentionEntry(
            documents={RETENTION_SPLIT: shard.documents},
            bytes={RETENTION_SPLIT: size},
            tokens={RETENTION_SPLIT: shard.tokens},
            bytes_per_token={RETENTION_SPLIT: size / shard.tokens},
            shards={RETENTION_SPLIT: shard.entry},
        )
    return entries


def _language_entry(selection: Selection, shards: Mapping[str, Shard]) -> CorpusLanguage:
    documents = [document for split in SPLITS for document in selection.documents[split]]
    programs = {split: len({d.program for d in selection.documents[split] if d.program}) for split in SPLITS}
    entry = CorpusLanguage(
        documents={split: shards[split].documents for split in SPLITS},
        bytes={split: selection.size(split) for split in SPLITS},
        tokens={split: shards[split].tokens for split in SPLITS},
        bytes_per_token={split: selection.size(split) / shards[split].tokens for split in SPLITS},
        licences=dict(sorted(Counter(document.licence for document in documents).items())),
        dropped=dict(selection.dropped),
        split_by=selection.split_by,
        units={split: tuple(selection.units[split]) for split in SPLITS},
        shards={split: shards[split].entry for split in SPLITS},
    )
    return entry.model_copy(update={"programs": programs}) if any(programs.values()) else entry


def _corpus_id(tokenizer_sha256: str, languages: Mapping[str, CorpusLanguage]) -> str:
    """A hash of the tokenizer and the shards, by language and split: 16 hexadecimal digits."""
    digest = hashlib.sha256(tokenizer_sha256.encode())
    for language in sorted(languages):
        for split in SPLITS:
            digest.update(f"{language} {split} {languages[language].shards[split].sha256}".encode())
    return digest.hexdigest()[:16]


def _remove_stale(folder: StudyFolder, entries: Mapping[str, CorpusLanguage | RetentionEntry]) -> None:
    """Deletes what nothing refers to: other languages' files of an earlier configuration, and halves of a kill."""
    named = {shard.file for entry in entries.values() for shard in entry.shards.values()}
    stale = [path for path in folder.corpus.glob("*.arrow") if path.name not in named]
    stale += [path for path in (folder.corpus / "documents").glob("*.parquet") if path.stem not in entries]
    stale += list(folder.corpus.rglob(".*.tmp"))
    for path in stale:
        with writing(path):
            path.unlink(missing_ok=True)


def build_corpus(
    config: StudyConfig, folder: StudyFolder, progress: Progress, spread: Spread | None = None
) -> Manifest:
    """Builds the corpus of ``config`` under ``folder.corpus`` and returns its manifest, which is written last.

    ``spread`` does the work that there is much of, None: on all cores of this machine; the corpus is the same.

    Does nothing where a whole corpus of the same configuration is there. Raises :class:`UserError` for a source that
    cannot be read, a language with too little for three splits, and a disk that is full or read-only.
    """
    mark = fingerprint(config)
    spread = spread or LocalProcesses()
    finished = _finished(folder, mark)
    if finished is not None:
        _remove(folder.corpus / _PARTS)
        return finished
    begun = time.monotonic()
    if folder.manifest.exists():
        progress.say("The corpus is broken or of another configuration: building it again.")
    registry = config.registry()
    reading = Reading(endings(registry, config.languages), registry, folder.root, folder.root / "downloads")
    sources = [open_source(section, reading) for section in config.corpus.sources]
    selections, left_out = _selections(config, folder, sources, mark, spread, progress)
    _remove_manifest(folder)
    spec = _tokenizer(config, selections, folder.corpus, progress)
    shards = tokenize(selections, spec, folder.corpus, folder.corpus / _PARTS / "tokens", spread, progress)
    kept = _retention_entries(config, folder, spec)
    languages = {language: _language_entry(selections[language], shards[language]) for language in config.languages}
    tokenizer_sha256 = file_sha256(folder.corpus / TOKENIZER)
    _remove_stale(folder, {**languages, **kept})
    manifest = Manifest(
        corpus_id=_corpus_id(tokenizer_sha256, languages),
        fingerprint=mark,
        vocabulary=spec.vocabulary,
        tokenizer=TokenizerFile(file=TOKENIZER, sha256=tokenizer_sha256),
        languages=languages,
        kept=kept,
        sources=tuple(_origins(sources, left_out)),
        seconds=round(time.monotonic() - begun, 3),
    )
    manifest.write(folder.manifest)
    _remove(folder.corpus / _PARTS)
    return manifest
