"""The model of a run before its first step."""

from __future__ import annotations

from codescale.corpus.reader import Corpus
from codescale.study import Shape, TrainingSection
from codescale.training.model import LanguageModel, initialise


def opened_model(shape: Shape, training: TrainingSection, corpus: Corpus, seed: int) -> LanguageModel:
    """A model of ``shape`` with random weights by ``seed``, on the CPU."""
    end = corpus.end_of_document if training.attention == "document" else None
    model = LanguageModel(shape, corpus.vocabulary, training.context, end)
    initialise(model, training.initial_deviation, seed)
    return model
