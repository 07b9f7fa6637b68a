"""Forgetting: how much worse a model that a run started from has become at what it knew.

What it knew is measured on the texts of ``training.start.keep``, and on the study's languages that the run does not
train on: their losses before the first step and at every final evaluation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import nn

from codescale.corpus.reader import Corpus
from codescale.runs.records import FORGETTING
from codescale.training.metrics.evaluation import Evaluator
from codescale.training.parallel import SingleProcess

KEPT_LOSS = "kept_loss."


class Forgetting:
    """How much losses have risen since training began; ``before`` has those of then, by name in nats per token, once
    :meth:`begin` has been called or a checkpoint has been read.

    Parameters
    ----------
    corpus
        The corpus, with its texts ``corpus.retention_texts``.
    unseen
        The study's languages that the run does not train on.
    tokens, context
        As :func:`~codescale.training.metrics.evaluation.held_out_sequences`.
    """

    def __init__(self, corpus: Corpus, unseen: Sequence[str], *, tokens: int, context: int) -> None:
        names = [*corpus.retention_texts, *unseen]
        self._evaluator = Evaluator(corpus, names, "validation", tokens=tokens, context=context)
        self._bytes_per_token = {name: corpus.bytes_per_token(name, "validation") for name in corpus.retention_texts}
        self.before: dict[str, float] = {}

    def begin(self, model: nn.Module, parallel: SingleProcess) -> None:
        """Measures ``model`` as it is before training."""
        self.before = self._evaluator.losses(model, parallel)

    def metrics(self, model: nn.Module, parallel: SingleProcess) -> dict[str, float]:
        """``forgetting.<name>``: the loss now minus the loss before, nats per token. For texts, whose losses are no
        targets of the laws, ``kept_loss.<name>`` (nats per token) and ``bits_per_byte.<name>`` as well.
        """
        now = self._evaluator.losses(model, parallel)
        found = {FORGETTING + name: loss - self.before[name] for name, loss in now.items()}
        found |= {KEPT_LOSS + name: now[name] for name in self._bytes_per_token}
        found |= {
            f"bits_per_byte.{name}": now[name] / math.log(2) / size for name, size in self._bytes_per_token.items()
        }
        return {name: value for name, value in found.items() if math.isfinite(value)}
