"""Opens sessions on a worker, run after run, on a corpus and held-out sequences that are opened once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from codescale.corpus.fetch import fetch_corpus_on_worker
from codescale.corpus.reader import Corpus, open_corpus
from codescale.runs.records import RunSpec
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder
from codescale.study.training import TranslationSection
from codescale.training.loop.checkpoint import FileStore, ReadOnlyStore, Store
from codescale.training.loop.claim import Claim, ClaimedStore
from codescale.training.loop.copied_checkpoint import CopiedStore
from codescale.training.loop.session import TrainingSession
from codescale.training.metrics.evaluation import Evaluator
from codescale.training.metrics.tensorboard import CurveWriter
from codescale.training.metrics.translation import TranslationEvaluator
from codescale.training.packed.session import PackedSession
from codescale.training.parallel import SingleProcess, parallel_of

_FOLDERS = ("corpus_folder", "checkpoint_folder", "curves_folder")


class StudyData:
    """The corpus as a worker sees it: opened once, its held-out sequences read once."""

    def __init__(self, config: StudyConfig, corpus_folder: Path) -> None:
        self._config = config
        self.corpus: Corpus = open_corpus(corpus_folder, verify=False)
        self._evaluator: dict[tuple[str, int], Evaluator] = {}
        self._translations: dict[tuple[str, int], TranslationEvaluator] = {}

    def evaluator(self, split: str, tokens: int) -> Evaluator:
        """An evaluator on held-out sequences of ``split``, about ``tokens`` tokens a language."""
        key = (split, tokens)
        if key not in self._evaluator:
            context = self._config.training.context
            self._evaluator[key] = Evaluator(self.corpus, self._config.languages, split, tokens=tokens, context=context)
        return self._evaluator[key]

    def translations(self, split: str, pairs: int) -> TranslationEvaluator:
        """An evaluator on translations of ``split``, so many ``pairs`` a direction, of a study that asks for one."""
        key = (split, pairs)
        if key not in self._translations:
            training, languages = self._config.training, self._config.languages
            section = training.translation_evaluation or TranslationSection()
            self._translations[key] = TranslationEvaluator(
                self.corpus, section.among(languages), split, pairs=pairs, context=training.context
            )
        return self._translations[key]


@dataclass(frozen=True)
class SessionFactory:
    """Opens sessions on a worker; travels there as the study's configuration and paths.

    Parameters
    ----------
    config
        The study.
    corpus_folder
        Where its corpus is.
    checkpoint_folder
        Where checkpoints go; None: nowhere.
    curves_folder
        Where the curves of what is evaluated go while sessions train; None: nowhere.
    study
        The study that these folders are in, where it may live in a store: then they become those of the worker's own
        machine, the corpus is fetched, and checkpoints go to the store. None: they are the same on all machines.
    """

    config: StudyConfig
    corpus_folder: Path
    checkpoint_folder: Path | None
    curves_folder: Path | None = None
    study: StudyFolder | None = None

    @cached_property
    def _data(self) -> StudyData:
        torch.set_num_threads(self.config.ray.threads)
        if self.study is not None:
            fetch_corpus_on_worker(self.study)
        return StudyData(self.config, self.corpus_folder)

    def __call__(self, spec: RunSpec, claim: Claim | None = None) -> TrainingSession:
        """The session of ``spec``, resumed where it has a checkpoint on the disk; it writes while ``claim`` is held."""
        return self.open(spec, self._store(spec.run_id, claim), SingleProcess())

    def shared(self, spec: RunSpec) -> TrainingSession:
        """The session of ``spec`` as one of several workers, each with the whole model; the first one writes the
        checkpoint, the same that one worker alone would.
        """
        parallel, store = parallel_of("replicated"), self._store(spec.run_id)
        return self.open(spec, store if store is None or parallel.rank == 0 else ReadOnlyStore(store), parallel)

    def _store(self, name: str, claim: Claim | None = None) -> Store | None:
        if self.checkpoint_folder is None:
            return None
        path = self.checkpoint_folder / f"{name}.safetensors"
        copy = self.study.working_copy if self.study is not None else None
        store = FileStore(path) if copy is None else CopiedStore(path, copy)
        return store if claim is None else ClaimedStore(store, claim)

    def open(self, spec: RunSpec, store: Store | None, parallel: SingleProcess) -> TrainingSession:
        """The session of ``spec`` as one of the workers of ``parallel``, resumed where ``store`` has a state."""
        folder = self.curves_folder if parallel.rank == 0 else None
        curves = CurveWriter(folder, spec) if folder else None
        return TrainingSession(spec, self.config, self._data, store, parallel, curves)

    def pack(self, name: str, specs: Sequence[RunSpec], claim: Claim | None = None) -> PackedSession:
        """The session of ``specs`` in one pack, resumed where the pack ``name`` has a checkpoint on the disk; it writes
        while ``claim`` is held.
        """
        return PackedSession(specs, self.config, self._data, self._store(name, claim), SingleProcess())

    def __getstate__(self) -> dict[str, Any]:
        placed = {name: self._within_study(getattr(self, name)) for name in _FOLDERS}
        return {"config": self.config, "study": self.study} | placed

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.__dict__.update(state)
        if self.study is not None:
            placed = {name: self.study.root / state[name] for name in _FOLDERS if state[name] is not None}
            self.__dict__.update(placed)

    def _within_study(self, folder: Path | None) -> Path | None:
        """``folder`` as it is called on every machine: below the study's folder where each has its own copy."""
        copied = folder is not None and self.study is not None and self.study.working_copy is not None
        return folder.relative_to(self.study.root) if copied else folder  # type: ignore[union-attr]


def session_factory(
    config: StudyConfig,
    corpus_folder: Path,
    checkpoint_folder: Path | None,
    curves_folder: Path | None = None,
    study: StudyFolder | None = None,
) -> SessionFactory:
    """A picklable function that opens a :class:`TrainingSession` for a run spec."""
    return SessionFactory(config, corpus_folder, checkpoint_folder, curves_folder, study)


def study_session_factory(config: StudyConfig, study: StudyFolder) -> SessionFactory:
    """That of the runs of a study, whose checkpoints and curves are in its folder."""
    return SessionFactory(config, study.corpus, study.checkpoints, study.tensorboard, study)
