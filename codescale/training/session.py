"""One run, leg by leg: train up to the next evaluation, measure, keep a checkpoint, go on or stop.

The same session serves a sweep's worker, a search's trial and a Ray Train job of many workers; each only decides when
to call ``advance``. Killed at any moment and opened again it goes on from its last checkpoint with the same numbers.
"""

from __future__ import annotations

import math
import socket
import time
from typing import Any, Protocol

import torch

from codescale.corpus.reader import Corpus
from codescale.runs import Evaluation, RunRecord, RunSpec, Status
from codescale.study import StudyConfig
from codescale.training.batches import Batches
from codescale.training.checkpoint import State, Store
from codescale.training.evaluation import HeldOut
from codescale.training.flops import training_flops
from codescale.training.hardware import peak_memory, utilisation
from codescale.training.loader import batches_of
from codescale.training.model import LanguageModel, initialise
from codescale.training.parallel import Alone
from codescale.training.rules import LEARNING_RATE_FACTOR, training_of
from codescale.training.schedule import Leg, schedule_of
from codescale.training.step import Stepper
from codescale.training.stopwatch import Stopwatch

CURVE_SHARE = 8
"""A look at the trunk reads one token in this many of those that a final evaluation reads."""

TEST_FACTOR = 4
"""The proof reads this many times the tokens of a final evaluation, so that it rests on more than a few files."""

CHECK_STEPS = 10
"""Steps between two looks at the clock where workers have to agree, and at the loss on a GPU: both make it wait."""


class Data(Protocol):
    """The corpus, and the held-out sequences of a split, about so many tokens a language."""

    @property
    def corpus(self) -> Corpus: ...

    def held_out(self, split: str, tokens: int) -> HeldOut: ...


class TrainingSession:
    """The training of one :class:`RunSpec`; ``finished`` once its last leg has been evaluated.

    ``trouble`` says why a run was given up: a loss that is not finite, or one that rose by ``training.spike`` nats per
    token above its lowest. Raises :class:`~codescale.errors.UserError` where the corpus lacks a language of the run.
    """

    def __init__(
        self, spec: RunSpec, config: StudyConfig, data: Data, store: Store | None, parallel: Alone | None = None
    ) -> None:
        self.spec = spec
        self.data = data
        self.shape = config.sizes[spec.size]
        self.training = training_of(config.training, spec, self.shape)
        self.parallel = parallel or Alone()
        self.schedule = schedule_of(self.training, spec.token_points)
        self.batches = Batches(
            data.corpus,
            spec.mixture,
            seed=spec.seed,
            batch=self.training.batch,
            context=self.training.context,
            steps=self.schedule.steps,
            unique_tokens=spec.unique_tokens,
        )
        self._rows = self.parallel.rows(self.training.batch)
        self.model = self._opened_model()
        factor = spec.hyper.get(LEARNING_RATE_FACTOR, 1.0)
        flops = self._flops(self.schedule.steps_trained * self._step_tokens)
        self._stepper = Stepper(self.model, self.training, factor, self.parallel, flops)
        self.evaluations: list[Evaluation] = []
        self._worked, self._trained = Stopwatch(), Stopwatch()
        self.trouble = ""
        self._leg, self._step = 0, 0
        self._trunk: State | None = None
        self._gradient_norm: torch.Tensor | float | None = None
        self._store = store
        self._saved = time.monotonic()
        self._resume()

    def _opened_model(self) -> LanguageModel:
        corpus = self.data.corpus
        end = corpus.end_of_document if self.training.attention == "document" else None
        model = LanguageModel(self.shape, corpus.vocabulary, self.training.context, end)
        initialise(model, self.training.initial_deviation, self.spec.seed)
        return model.to(self.parallel.device)

    @property
    def finished(self) -> bool:
        """Whether every leg is done, or the run diverged."""
        return self._leg >= len(self.schedule.legs) or self.diverged

    @property
    def diverged(self) -> bool:
        """Whether the run was given up (see ``trouble``)."""
        return bool(self.trouble)

    def advance(self) -> Evaluation | None:
        """Trains to the end of the next leg and evaluates there; None where the run has finished or diverged on the
        way.
        """
        if self.finished:
            return None
        leg = self.schedule.legs[self._leg]
        with self._worked.running():
            self._train(leg)
            if self.trouble:
                return None
            evaluation = self._evaluate(leg)
            self.trouble = self._trouble_of(evaluation)
            self.evaluations.append(evaluation)
            self._leg += 1
            if self._leg < len(self.schedule.legs) and self.schedule.legs[self._leg].branch != leg.branch:
                self._return_to_trunk()
        return evaluation

    def _return_to_trunk(self) -> None:
        """Undoes a branch; the last branch is left as it is, since its model is the run's result."""
        if self._trunk is not None:
            self._copy(self._trunk)
            self._trunk = None
        self._step = self.schedule.legs[self._leg].start

    def test_losses(self) -> dict[str, float]:
        """The finished model's losses on the test split, nats per token: for the comparison and nothing else."""
        with self._worked.running():
            held_out = self.data.held_out("test", TEST_FACTOR * self.training.evaluation_tokens)
            return held_out.losses(self.model, self.parallel)

    def record(self, status: Status, note: str = "") -> RunRecord:
        """What the run has done so far, as a record. Losses that are not finite are left out of it."""
        evaluations = tuple(e for e in self.evaluations if all(math.isfinite(loss) for loss in e.losses.values()))
        tokens = self._tokens_trained()
        return RunRecord(
            spec=self.spec,
            status=status,
            evaluations=evaluations,
            corpus_id=self.data.corpus.corpus_id,
            tokens_trained=tokens,
            flops=self._flops(tokens),
            seconds=self._worked.seconds,
            finished=time.time(),
            worker=socket.gethostname(),
            note=note or self.trouble,
            metrics=self._throughput(tokens),
        )

    def discard_checkpoint(self) -> None:
        """Forgets the checkpoint of a run that ended."""
        if self._store is not None:
            self._store.discard()

    def _train(self, leg: Leg) -> None:
        """Steps up to the leg's end."""
        if leg.branch is not None and self._trunk is None:
            self._trunk = {name: tensor.clone() for name, tensor in self._tensors().items()}
        steps = range(self._step, leg.stop)
        with self._trained.running():
            for sequences in batches_of(self.batches, steps, self._rows, self.parallel.device):
                stepped = self._stepper.step(sequences, self.schedule.relative_rate(self._step, leg))
                self._step += 1
                self._gradient_norm = stepped.gradient_norm
                if not self._looks(leg):
                    continue
                if not math.isfinite(stepped.loss.item()):
                    self.trouble = f"the training loss was not finite at step {self._step}"
                    break
                if self.parallel.agreed(time.monotonic() - self._saved > self.training.checkpoint_seconds):
                    self._save()

    def _looks(self, leg: Leg) -> bool:
        """Whether to look at the clock and the loss now; never by chance, since all workers have to."""
        free = self.parallel.world == 1 and self.parallel.device.type == "cpu"
        return free or self._step % CHECK_STEPS == 0 or self._step == leg.stop

    def _evaluate(self, leg: Leg) -> Evaluation:
        tokens = self.training.evaluation_tokens // (1 if leg.final else CURVE_SHARE)
        losses = self.data.held_out("validation", tokens).losses(self.model, self.parallel)
        n_tokens = leg.stop * self._step_tokens
        corpus = self.data.corpus
        metrics = {
            f"bits_per_byte.{name}": loss / math.log(2) / corpus.bytes_per_token(name, "validation")
            for name, loss in losses.items()
            if math.isfinite(loss)
        }
        if self._gradient_norm is not None:
            metrics["gradient_norm"] = float(self._gradient_norm)
        return Evaluation(
            n_tokens=n_tokens,
            losses=losses,
            annealed=leg.final,
            branch=leg.branch,
            flops=self._flops(n_tokens),
            unique_tokens=self.batches.unique_tokens(leg.stop),
            metrics=metrics,
        )

    def _trouble_of(self, evaluation: Evaluation) -> str:
        """Why the run is to be given up after ``evaluation``; empty where it is not."""
        mean = _mean(evaluation)
        if not math.isfinite(mean):
            return f"a loss was not finite at {evaluation.n_tokens:,} tokens"
        lowest = min((_mean(earlier) for earlier in self.evaluations), default=mean)
        if mean > lowest + self.training.spike:
            return f"the mean loss rose from {lowest:.3f} to {mean:.3f} at {evaluation.n_tokens:,} tokens"
        return ""

    @property
    def _step_tokens(self) -> int:
        return self.training.batch * self.training.context

    def _tokens_trained(self) -> int:
        done = sum(leg.stop - leg.start for leg in self.schedule.legs[: self._leg])
        if self._leg < len(self.schedule.legs):
            done += self._step - self.schedule.legs[self._leg].start
        return done * self._step_tokens

    def _flops(self, tokens: int) -> float:
        return training_flops(self.shape, self.data.corpus.vocabulary, self.training.context, tokens)

    def _throughput(self, tokens: int) -> dict[str, float]:
        """Tokens a second without evaluations, what that is of the device's peak, and the memory it took at most."""
        device, seconds = self.parallel.device, self._trained.seconds
        if seconds == 0:
            return {}
        found = {"tokens_per_second": tokens / seconds, "peak_memory_bytes": float(peak_memory(device))}
        share = utilisation(self._flops(tokens), seconds, device, self.parallel.world)
        return found if share is None else found | {"flops_utilisation": share}

    def _tensors(self) -> State:
        """The state itself, not a copy of it."""
        model = {f"model/{name}": tensor.detach() for name, tensor in self.model.named_parameters()}
        return model | {f"optimizer/{name}": value for name, value in self._stepper.optimizers.tensors().items()}

    def _copy(self, values: State) -> None:
        for name, tensor in self._tensors().items():
            tensor.copy_(values[name])

    def _save(self) -> None:
        self._saved = time.monotonic()
        if self._store is None:
            return
        tensors = {f"now/{name}": tensor for name, tensor in self._tensors().items()}
        tensors |= {f"trunk/{name}": tensor for name, tensor in (self._trunk or {}).items()}
        progress: dict[str, Any] = {
            "spec": self.spec.model_dump(mode="json"),
            "corpus_id": self.data.corpus.corpus_id,
            "leg": self._leg,
            "step": self._step,
            "branched": self._trunk is not None,
            "seconds": self._worked.seconds,
            "training_seconds": self._trained.seconds,
            "gradient_norm": None if self._gradient_norm is None else float(self._gradient_norm),
            "evaluations": [evaluation.model_dump(mode="json") for evaluation in self.evaluations],
        }
        self._store.save(tensors, progress)

    def _resume(self) -> None:
        progress = self._store.progress() if self._store else None
        if self._store is None or progress is None:
            return
        same_run = progress["spec"] == self.spec.model_dump(mode="json")
        if not same_run or progress["corpus_id"] != self.data.corpus.corpus_id:
            return
        wanted = {f"now/{name}": tensor for name, tensor in self._tensors().items()}
        if progress["branched"]:
            self._trunk = {name: torch.empty_like(tensor) for name, tensor in self._tensors().items()}
            wanted |= {f"trunk/{name}": tensor for name, tensor in self._trunk.items()}
        self._store.fill(wanted)
        self._leg, self._step = progress["leg"], progress["step"]
        self._gradient_norm = progress["gradient_norm"]
        self._worked.begin_at(progress["seconds"])
        self._trained.begin_at(progress["training_seconds"])
        self.evaluations = [Evaluation.model_validate(entry) for entry in progress["evaluations"]]


def _mean(evaluation: Evaluation) -> float:
    return sum(evaluation.losses.values()) / len(evaluation.losses)
