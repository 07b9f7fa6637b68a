"""The models of the proof, kept for who evaluates what they write: a folder each, as transformers opens it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from codescale.errors import UserError
from codescale.study.folder import StudyFolder
from codescale.training.loop.session import TrainingSession
from codescale.training.model.hf_config import CONFIGURATION
from codescale.training.model.hf_export import TOKENIZER, WEIGHTS, put_in_place, write_model

_FILES = (CONFIGURATION, WEIGHTS, TOKENIZER, "tokenizer_config.json", "generation_config.json")


def keep_model(session: TrainingSession, folder: StudyFolder) -> None:
    """Writes the finished model of ``session`` to the study's models, under its run's id, whole or not at all."""
    corpus, output = session.data.corpus, folder.models / session.spec.run_id
    weights = {name: parameter.detach() for name, parameter in session.model.named_parameters()}
    folder.models.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.models, prefix=".") as made:
        named = corpus.manifest.tokenizer
        tokenizer = None if named is None else corpus.folder / named.file
        write_model(Path(made), weights, session.shape, session.training.context, corpus.end_of_document, tokenizer)
        put_in_place(Path(made), output)
    for path in sorted(output.iterdir()):
        folder.upload(path)


def kept_model(run_id: str, folder: StudyFolder) -> Path:
    """The folder of the model of the comparison's run ``run_id``, fetched where the study lives in a store.

    Raises :class:`UserError` where it was not kept.
    """
    model = folder.models / run_id
    if folder.working_copy is not None:
        for name in _FILES:
            folder.working_copy.fetch(model / name)
    if not (model / CONFIGURATION).is_file():
        raise UserError(
            model,
            "the comparison has not kept its model, for study.yaml had no section evaluation",
            f"remove {folder.runs.name}/{run_id}.json and run codescale compare {folder.name} again, or name --model",
        )
    return model
