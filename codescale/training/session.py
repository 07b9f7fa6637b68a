"""One run, leg by leg: train up to the next evaluation, measure, keep a checkpoint, go on or stop.

The same session serves a sweep's worker, a search's trial and a Ray Train job; each only decides when to call
``advance``. Killed at any moment and opened again it goes on from its last checkpoint with the same numbers.
"""

from __future__ import annotations

import math
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from codescale.corpus.reader import Corpus, open_corpus
from codescale.runs import Evaluation, RunRecord, RunSpec, Status
from codescale.study import StudyConfig, TrainingSection
from codescale.training.batches import Batches
from codescale.training.checkpoint import State, load_checkpoint, save_checkpoint
from codescale.training.evaluation import HeldOut
from codescale.training.flops import training_flops
from codescale.training.model import LanguageModel, initialise
from codescale.training.optimizers import Optimizers
from codescale.training.schedule import Leg, plan_schedule

CURVE_SHARE = 8
"""A look at the trunk reads one token in this many of those that a final evaluation reads."""

TEST_FACTOR = 4
"""The proof reads this many times the tokens of a final evaluation, so that it rests on more than a few files."""


def apply_hyper(training: TrainingSection, spec: RunSpec) -> TrainingSection:
    """The training section with the hyperparameters that ``spec`` changes. Raises ``ValueError`` for unknown names."""
    changes = {name: value for name, value in spec.hyper.items() if name != "learning_rate_factor"}
    if "batch" in changes:
        changes["batch"] = int(changes["batch"])
    return TrainingSection.model_validate(training.model_dump() | changes)


class TrainingSession:
    """The training of one :class:`RunSpec`; ``finished`` once its last leg has been evaluated."""

    def __init__(self, spec: RunSpec, config: StudyConfig, data: StudyData, checkpoint: Path | None) -> None:
        self.spec = spec
        self.data = data
        self.training = apply_hyper(config.training, spec)
        self.shape = config.sizes[spec.size]
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.schedule = plan_schedule(
            spec.token_points,
            batch=self.training.batch,
            context=self.training.context,
            warmup_share=self.training.warmup_share,
            cooldown_share=self.training.cooldown_share,
            evaluations=self.training.evaluations,
        )
        self.batches = Batches(
            data.corpus,
            spec.mixture,
            seed=spec.seed,
            batch=self.training.batch,
            context=self.training.context,
            steps=self.schedule.steps,
            unique_tokens=spec.unique_tokens,
        )
        self.model = LanguageModel(self.shape, data.corpus.vocabulary, self.training.context)
        initialise(self.model, self.training.initial_deviation, spec.seed)
        self.model.to(self.device)
        self.optimizers = Optimizers(self.model, self.training, spec.hyper.get("learning_rate_factor", 1.0))
        self.evaluations: list[Evaluation] = []
        self.seconds = 0.0
        self._leg, self._step = 0, 0
        self._trunk: State | None = None
        self._checkpoint = checkpoint
        self._saved = time.monotonic()
        self._resume()

    @property
    def finished(self) -> bool:
        """Whether every leg is done, or the run diverged."""
        return self._leg >= len(self.schedule.legs) or self.diverged

    @property
    def diverged(self) -> bool:
        """Whether the last evaluation holds a loss that is not finite."""
        return bool(self.evaluations) and not all(map(math.isfinite, self.evaluations[-1].losses.values()))

    def advance(self) -> Evaluation | None:
        """Trains to the end of the next leg and evaluates there; None where the run has finished."""
        if self.finished:
            return None
        leg = self.schedule.legs[self._leg]
        with self._timed():
            self._train(leg)
            evaluation = self._evaluate(leg)
            self.evaluations.append(evaluation)
            self._leg += 1
            if self._leg < len(self.schedule.legs):
                self._return_to_trunk()
        return evaluation

    def _return_to_trunk(self) -> None:
        """Undoes a branch; the last branch is left as it is, since its model is the run's result."""
        if self._trunk is not None:
            self._load(self._trunk)
            self._trunk = None
        self._step = self.schedule.legs[self._leg].start

    def test_losses(self) -> dict[str, float]:
        """The finished model's losses on the test split, nats per token: for the comparison and nothing else."""
        with self._timed():
            return self.data.held_out("test", TEST_FACTOR * self.training.evaluation_tokens).losses(self.model)

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
            seconds=self.seconds,
            finished=time.time(),
            worker=socket.gethostname(),
            note=note,
        )

    def discard_checkpoint(self) -> None:
        """Removes the checkpoint of a run that ended."""
        if self._checkpoint is not None:
            self._checkpoint.unlink(missing_ok=True)

    def _train(self, leg: Leg) -> None:
        if leg.branch is not None and self._trunk is None:
            self._trunk = {name: tensor.clone() for name, tensor in self._tensors().items()}
        while self._step < leg.stop:
            sequences = torch.from_numpy(self.batches[self._step]).to(self.device)
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
                loss = self.model(sequences)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.training.gradient_clip)
            self.optimizers.step(self.schedule.relative_rate(self._step, leg))
            self._step += 1
            if time.monotonic() - self._saved > self.training.checkpoint_seconds:
                self._save()

    def _evaluate(self, leg: Leg) -> Evaluation:
        annealed = leg.branch is not None
        tokens = self.training.evaluation_tokens // (1 if annealed else CURVE_SHARE)
        held_out = self.data.held_out("validation", tokens)
        sequence_tokens = self.training.batch * self.training.context
        n_tokens = leg.stop * sequence_tokens
        return Evaluation(
            n_tokens=n_tokens,
            losses=held_out.losses(self.model),
            annealed=annealed,
            branch=leg.branch,
            flops=self._flops(n_tokens),
            unique_tokens=self.batches.unique_tokens(leg.stop),
        )

    def _tokens_trained(self) -> int:
        done = sum(leg.stop - leg.start for leg in self.schedule.legs[: self._leg])
        if self._leg < len(self.schedule.legs):
            done += self._step - self.schedule.legs[self._leg].start
        return done * self.training.batch * self.training.context

    def _flops(self, tokens: int) -> float:
        return training_flops(self.shape, self.data.corpus.vocabulary, self.training.context, tokens)

    def _tensors(self) -> State:
        model = {f"model/{name}": tensor.detach() for name, tensor in self.model.named_parameters()}
        return model | {f"optimizer/{name}": tensor for name, tensor in self.optimizers.tensors().items()}

    def _load(self, tensors: State) -> None:
        with torch.no_grad():
            for name, parameter in self.model.named_parameters():
                parameter.copy_(tensors[f"model/{name}"])
        prefix = "optimizer/"
        self.optimizers.load({k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)})

    def _save(self) -> None:
        self._saved = time.monotonic()
        if self._checkpoint is None:
            return
        tensors = {f"now/{name}": tensor for name, tensor in self._tensors().items()}
        tensors |= {f"trunk/{name}": tensor for name, tensor in (self._trunk or {}).items()}
        progress: dict[str, Any] = {
            "spec": self.spec.model_dump(mode="json"),
            "corpus_id": self.data.corpus.corpus_id,
            "leg": self._leg,
            "step": self._step,
            "seconds": self.seconds,
            "evaluations": [evaluation.model_dump(mode="json") for evaluation in self.evaluations],
        }
        save_checkpoint(self._checkpoint, tensors, progress)

    def _resume(self) -> None:
        loaded = load_checkpoint(self._checkpoint) if self._checkpoint else None
        if loaded is None:
            return
        tensors, progress = loaded
        same_run = progress["spec"] == self.spec.model_dump(mode="json")
        if not same_run or progress["corpus_id"] != self.data.corpus.corpus_id:
            return
        parts: dict[str, State] = {"now": {}, "trunk": {}}
        for key, tensor in tensors.items():
            part, name = key.split("/", 1)
            parts[part][name] = tensor
        self._load(parts["now"])
        self._trunk = parts["trunk"] or None
        self._leg, self._step = progress["leg"], progress["step"]
        self.seconds = progress["seconds"]
        self.evaluations = [Evaluation.model_validate(entry) for entry in progress["evaluations"]]

    @contextmanager
    def _timed(self) -> Iterator[None]:
        begun = time.monotonic()
        try:
            yield
        finally:
            self.seconds += time.monotonic() - begun


class StudyData:
    """The corpus as a worker sees it: opened once, its held-out sequences read once."""

    def __init__(self, config: StudyConfig, corpus_folder: Path) -> None:
        self._config = config
        self.corpus: Corpus = open_corpus(corpus_folder, verify=False)
        self._held_out: dict[tuple[str, int], HeldOut] = {}

    def held_out(self, split: str, tokens: int) -> HeldOut:
        """The held-out sequences of ``split``, about ``tokens`` tokens a language."""
        key = (split, tokens)
        if key not in self._held_out:
            context = self._config.training.context
            self._held_out[key] = HeldOut(self.corpus, self._config.languages, split, tokens=tokens, context=context)
        return self._held_out[key]


@dataclass(frozen=True)
class SessionFactory:
    """Opens sessions on a worker; travels there as the study's configuration and two paths."""

    config: StudyConfig
    corpus_folder: Path
    checkpoint_folder: Path | None

    @cached_property
    def _data(self) -> StudyData:
        torch.set_num_threads(self.config.ray.threads)
        return StudyData(self.config, self.corpus_folder)

    def __call__(self, spec: RunSpec) -> TrainingSession:
        """The session of ``spec``, resumed where it has a checkpoint."""
        folder = self.checkpoint_folder
        checkpoint = folder / f"{spec.run_id}.safetensors" if folder else None
        return TrainingSession(spec, self.config, self._data, checkpoint)

    def __getstate__(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("config", "corpus_folder", "checkpoint_folder")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


def session_factory(config: StudyConfig, corpus_folder: Path, checkpoint_folder: Path | None) -> SessionFactory:
    """A picklable function that opens a :class:`TrainingSession` for a run spec."""
    return SessionFactory(config, corpus_folder, checkpoint_folder)
