"""The log of one run: its loss curve, why it was given up if it was, and the record of both."""

from __future__ import annotations

import math
import socket
import time
from collections.abc import Mapping, Sequence

from codescale.corpus.reader import Corpus
from codescale.directions import is_direction, without_directions
from codescale.runs.records import Evaluation, RunRecord, RunSpec, Status
from codescale.study.training import Shape, TrainingSection
from codescale.training.data.batches import RunBatches
from codescale.training.flops import training_flops
from codescale.training.optim.schedule import Segment


class RunLog:
    """The log of one run, whether it is trained alone or in a pack.

    ``failure`` says why a run was given up: a loss that is not finite, or one that rose by ``training.spike`` nats per
    token above its lowest; it is empty otherwise.

    Parameters
    ----------
    spec, shape, training
        The run, its model's shape and how it is trained.
    batches
        What the run reads, for epochs and unique tokens.
    corpus
        The corpus, for bytes per token.
    """

    def __init__(
        self, spec: RunSpec, shape: Shape, training: TrainingSection, batches: RunBatches, corpus: Corpus
    ) -> None:
        self.spec = spec
        self.training = training
        self.evaluations: list[Evaluation] = []
        self.failure = ""
        self._shape, self._batches, self._corpus = shape, batches, corpus

    def step_loss(self, loss: float, step: int) -> None:
        """Gives the run up where the training loss of ``step`` is not finite."""
        if not math.isfinite(loss):
            self.failure = f"the training loss was not finite at step {step}"

    def add(self, segment: Segment, losses: dict[str, float], others: Mapping[str, float]) -> Evaluation:
        """Adds an evaluation to the curve, and gives the run up where its losses say so.

        Parameters
        ----------
        segment
            The segment that has ended.
        losses
            By language, or by direction of translation, nats per token.
        others
            Other metrics that were measured there, by name.
        """
        n_tokens = segment.stop * self.training.batch * self.training.context
        metrics = {
            f"bits_per_byte.{name}": loss / math.log(2) / self._corpus.bytes_per_token(name, "validation")
            for name, loss in losses.items()
            if math.isfinite(loss) and not is_direction(name)
        }
        metrics |= {f"epochs.{name}": passes for name, passes in self._batches.epochs(segment.stop).items()}
        evaluation = Evaluation(
            n_tokens=n_tokens,
            losses=losses,
            annealed=segment.final,
            branch=segment.branch,
            flops=self.flops(n_tokens),
            unique_tokens=self._batches.unique_tokens(segment.stop),
            metrics=metrics | dict(others),
        )
        self.failure = failure_after(self.evaluations, evaluation, self.training.spike)
        self.evaluations.append(evaluation)
        return evaluation

    def record(
        self, status: Status, *, tokens: int, seconds: float, metrics: Mapping[str, float], note: str = ""
    ) -> RunRecord:
        """The run as a record; evaluations whose losses are not finite are left out of it.

        Parameters
        ----------
        status
            How it ended.
        tokens
            Tokens that it was trained on, branches included.
        seconds
            Of work, evaluations included.
        metrics
            Of the run as a whole, such as its throughput.
        note
            What else a reader of the record should know.
        """
        evaluations = tuple(e for e in self.evaluations if all(math.isfinite(loss) for loss in e.losses.values()))
        return RunRecord(
            spec=self.spec,
            status=status,
            evaluations=evaluations,
            corpus_id=self._corpus.corpus_id,
            tokens_trained=tokens,
            flops=self.flops(tokens),
            seconds=seconds,
            finished=time.time(),
            worker=socket.gethostname(),
            note=record_note(self.spec, note, self.failure),
            metrics=dict(metrics),
        )

    def flops(self, tokens: int) -> float:
        """Counted training FLOPs of ``tokens``."""
        return training_flops(self._shape, self._corpus.vocabulary, self.training.context, tokens)


def record_note(spec: RunSpec, note: str, failure: str) -> str:
    """What a reader of the record of ``spec`` should know: ``note``, whether it is a second try, and why it failed."""
    again = "a second try at a lower learning rate" if spec.is_retry else ""
    return "; ".join(part for part in (note, again, failure) if part)


def failure_after(earlier: Sequence[Evaluation], evaluation: Evaluation, spike: float) -> str:
    """Why a run is to be given up after ``evaluation``: its mean loss is not finite, or ``spike`` nats per token above
    the lowest of the ``earlier`` ones; empty where it is not.
    """
    mean = _mean(evaluation)
    if not math.isfinite(mean):
        return f"a loss was not finite at {evaluation.n_tokens:,} tokens"
    lowest = min((_mean(one) for one in earlier), default=mean)
    if mean > lowest + spike:
        return f"the mean loss rose from {lowest:.3f} to {mean:.3f} at {evaluation.n_tokens:,} tokens"
    return ""


def _mean(evaluation: Evaluation) -> float:
    """Over languages: translations are not the text that is trained on."""
    own = without_directions(evaluation.losses)
    return sum(evaluation.losses[name] for name in own) / len(own)
