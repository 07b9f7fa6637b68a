"""What models of one language each know of mixtures that nobody trained: for scripts/bench_experts.py.

An expert is what a sweep's grid trains: one language alone, one size, one D. Of each held-out token its log-probability
is enough, so that the loss of a mixture of experts costs no model any more. Shapes: E experts, C sequences of T tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from scipy.special import logsumexp
from torch import Tensor
from torch.nn import functional as F

from codescale.arrays import Array
from codescale.errors import UserError
from codescale.files import replacing
from codescale.runs.records import RunSpec
from codescale.study.folder import StudyFolder
from codescale.training.loop.session import TrainingSession
from codescale.training.metrics.evaluation import evaluation_rows, held_out_sequences
from codescale.training.model.build import build_model
from codescale.training.model.llama import LanguageModel
from codescale.training.session_factory import StudyData

KINDS = ("linear", "bayesian", "merged")
"""Ways to make one model of several: their mean prediction, the same with weights that follow a sequence's beginning,
and their mean weights.
"""
SEQUENCES_APART = 4
"""Of the validation text that losses are of, every fourth sequence is read."""


class Experts:
    """A model of each language of a study, all of one size, D and seed, trained where ``models`` does not hold them.

    Parameters
    ----------
    folder
        The study, with its corpus.
    models
        A folder for the weights.
    size, tokens
        Of the models, and what each is trained on; no language has more distinct tokens than the scarcest, as in a
        sweep.

    Raises
    ------
    UserError
        Where one diverges, or a language's validation text does not fill a sequence.
    """

    def __init__(self, folder: StudyFolder, models: Path, size: str, tokens: int) -> None:
        self._config, self._size = folder.config(), size
        self._data = StudyData(self._config, folder.corpus)
        corpus, languages = self._data.corpus, self._config.languages
        scarcest = min(corpus.count_tokens(name, "training") for name in languages)
        specs = [
            RunSpec(
                run_id=f"expert-{name}-{size}-d{tokens}",
                stage="grid",
                size=size,
                n_params=self._config.sizes[size].n_params,
                token_points=(tokens,),
                proportions={name: 1.0},
                unique_tokens=scarcest,
                seed=self._config.seed,
            )
            for name in languages
        ]
        self._models = [self._open(spec, models / f"{spec.run_id}.safetensors") for spec in specs]
        text, context = self._config.training.evaluation_tokens, self._config.training.context
        self._texts = [
            held_out_sequences(corpus, name, "validation", tokens=text, context=context)[::SEQUENCES_APART]
            for name in languages
        ]
        self._known = [np.stack([self._log_probabilities(one, own) for one in self._models]) for own in self._texts]

    def losses(self, kind: str, shares: Array) -> list[float]:
        """Of the experts made one by ``kind`` (:data:`KINDS`) and ``shares`` (E,): on each language's validation text,
        nats per token.
        """
        if kind == "merged":
            model = merged(self._models, shares, self._blank())
            return [-float(self._log_probabilities(model, text).mean()) for text in self._texts]
        mixed = linear_loss if kind == "linear" else bayesian_loss
        return [mixed(known, shares) for known in self._known]

    def _blank(self) -> LanguageModel:
        training, corpus = self._config.training, self._data.corpus
        return build_model(self._config.sizes[self._size], training, corpus, self._config.seed).eval()

    def _open(self, spec: RunSpec, path: Path) -> LanguageModel:
        if not path.exists():
            session = TrainingSession(spec, self._config, self._data, None)
            while not session.finished:
                session.advance()
            if session.diverged:
                raise UserError(spec.run_id, f"diverged: {session.failure}", "lower the study's learning rate")
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path) as temporary:
                save_file(session.model.state_dict(), temporary)
        model = self._blank()
        model.load_state_dict(load_file(path))
        return model

    @torch.no_grad()
    def _log_probabilities(self, model: LanguageModel, sequences: Tensor) -> Array:
        """(C, T): of each next token of ``sequences`` (C, T + 1)."""
        parts = []
        for batch in sequences.split(evaluation_rows(model.vocabulary, sequences.shape[1])):
            logits = model.logits(batch[:, :-1]).float()
            losses = F.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten(), reduction="none")
            parts.append(-losses.view(len(batch), -1).double().numpy())
        return np.concatenate(parts)


def linear_loss(log_probabilities: Array, shares: Array) -> float:
    """The loss of the experts' mean prediction by ``shares`` (E,) where each token's ``log_probabilities`` are (E, C,
    T): the mixture of data experts, nats per token.
    """
    return -float(logsumexp(log_probabilities, axis=0, b=shares[:, None, None]).mean())


def bayesian_loss(log_probabilities: Array, shares: Array) -> float:
    """The same with the weights that the tokens before in the sequence leave of ``shares``: a sequence's probability is
    then the mean of the experts' by ``shares``, and no token needs weights of its own.
    """
    sequences = log_probabilities.sum(axis=-1)
    return -float(logsumexp(sequences, axis=0, b=shares[:, None]).mean()) / log_probabilities.shape[-1]


def merged(experts: Sequence[LanguageModel], shares: Array, model: LanguageModel) -> LanguageModel:
    """``model`` with the experts' mean weights by ``shares`` (E,), which mean something where all began alike."""
    states = [one.state_dict() for one in experts]
    mean = {
        name: torch.stack([float(share) * state[name] for share, state in zip(shares, states, strict=True)]).sum(dim=0)
        for name in states[0]
    }
    model.load_state_dict(mean)
    return model
