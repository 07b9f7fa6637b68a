"""A run's model before its first step: random weights, or those of the model that the study starts from."""

from __future__ import annotations

from pathlib import Path

from codescale.corpus.reader import Corpus
from codescale.study.training import Shape, TrainingSection
from codescale.training.model.hf_weights import load_weights
from codescale.training.model.llama import LanguageModel, initialise


def build_model(shape: Shape, training: TrainingSection, corpus: Corpus, seed: int) -> LanguageModel:
    """The model, on the CPU.

    Parameters
    ----------
    shape
        Its shape.
    training
        How it is trained: context, attention, and the model to start from.
    corpus
        Gives the vocabulary and the token that ends a document.
    seed
        Of random weights.

    Raises
    ------
    UserError
        Where the files of the model to start from are not there any more.
    """
    end = corpus.end_of_document if training.attention == "document" else None
    model = LanguageModel(shape, corpus.vocabulary, training.context, end)
    if training.start is None:
        initialise(model, training.initial_deviation, seed)
    else:
        load_weights(model, Path(training.start.model))
    return model
