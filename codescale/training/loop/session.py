"""One run, segment by segment: train up to the next evaluation, measure, keep a checkpoint, go on or stop.

The same session serves a sweep's worker, a search's trial and a Ray Train job of many workers; each only decides when
to call ``advance``. Killed at any moment and opened again it goes on from its last checkpoint with the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

from torch import Tensor

from codescale.corpus.reader import Corpus
from codescale.organisation import SHUFFLED
from codescale.runs.document_losses import DocumentLosses
from codescale.runs.records import Evaluation, RunRecord, RunSpec, Status
from codescale.study.config import StudyConfig
from codescale.study.training import TEST_FACTOR, TrainingSection
from codescale.training.data.batches import Batches, RunBatches
from codescale.training.data.paired_batches import paired_batches
from codescale.training.loop.base_session import BaseSession
from codescale.training.loop.checkpoint import Store
from codescale.training.loop.run_log import RunLog
from codescale.training.loop.run_progress import RunProgress
from codescale.training.loop.step import Stepper
from codescale.training.memory.plan import check_fits, demand_of
from codescale.training.metrics.document_losses import DocumentEvaluator
from codescale.training.metrics.evaluation import Evaluator
from codescale.training.metrics.forgetting import Forgetting
from codescale.training.metrics.throughput import throughput
from codescale.training.metrics.translation import TranslationEvaluator
from codescale.training.model.build import build_model
from codescale.training.model.llama import LanguageModel
from codescale.training.optim.hyperparameter_rules import LEARNING_RATE_FACTOR, training_of
from codescale.training.optim.schedule import Segment, evaluated_pairs, evaluated_tokens, schedule_of
from codescale.training.parallel import SingleProcess


class Data(Protocol):
    """The corpus, an evaluator on a split's held-out sequences, about so many tokens a language, and one on its
    translations, so many pairs a direction.
    """

    @property
    def corpus(self) -> Corpus: ...

    def evaluator(self, split: str, tokens: int) -> Evaluator: ...

    def translations(self, split: str, pairs: int) -> TranslationEvaluator: ...


EvaluationCallback = Callable[[Evaluation, Mapping[str, float]], None]
"""Gets every evaluation, and the throughput so far, as :attr:`RunRecord.metrics` names it."""


class TrainingSession(BaseSession):
    """The training of one :class:`RunSpec`; ``finished`` once its last segment has been evaluated, or it was given up.

    Parameters
    ----------
    spec
        The run.
    config
        The study that it belongs to.
    data
        The corpus and its held-out sequences.
    store
        Where its checkpoints go; None: nowhere. It goes on from one that is there.
    parallel
        This worker's part. Default: all of it.
    on_evaluation
        Called after every evaluation, as the curve grows.

    Raises
    ------
    UserError
        Where the corpus lacks a language of the run, or where the device has too little memory.
    """

    model: LanguageModel

    def __init__(
        self,
        spec: RunSpec,
        config: StudyConfig,
        data: Data,
        store: Store | None,
        parallel: SingleProcess | None = None,
        on_evaluation: EvaluationCallback | None = None,
    ) -> None:
        self.spec, self._languages = spec, config.languages
        self._on_evaluation = on_evaluation
        self.data = data
        self.shape = config.shape(spec.size)
        training = training_of(config.training, spec, self.shape)
        super().__init__(training, schedule_of(training, spec.token_points), parallel or SingleProcess(), store)
        self.batches = batches = run_batches(data.corpus, spec, training, self.schedule.steps)
        self.log = RunLog(spec, self.shape, training, batches, data.corpus)
        check_fits(demand_of(self.shape, data.corpus.vocabulary, training, self.parallel), self.parallel, spec.run_id)
        self.model = build_model(self.shape, training, data.corpus, spec.seed)
        self.parallel.place(self.model)
        factor = spec.hyper.get(LEARNING_RATE_FACTOR, 1.0)
        flops = self.log.flops(self.schedule.steps_trained * training.batch * training.context)
        self._stepper = Stepper(self.model, training, factor, self.parallel, flops)
        self._forgetting = self._forgetting_metric(config.languages)
        self._resume()
        if self._forgetting is not None and not self._forgetting.before:
            self._forgetting.begin(self.model, self.parallel)

    def _forgetting_metric(self, languages: tuple[str, ...]) -> Forgetting | None:
        if self.training.start is None:
            return None
        unseen = [language for language in languages if language not in self.spec.schedule.support]
        tokens, context = self.training.evaluation_tokens, self.training.context
        return Forgetting(self.data.corpus, unseen, tokens=tokens, context=context)

    @property
    def evaluations(self) -> list[Evaluation]:
        """The curve so far."""
        return self.log.evaluations

    @property
    def failure(self) -> str:
        """Why the run was given up; empty where it was not."""
        return self.log.failure

    @property
    def diverged(self) -> bool:
        """Whether the run was given up (see ``failure``)."""
        return bool(self.failure)

    @property
    def outcome(self) -> Status:
        """How the run ended."""
        return "diverged" if self.diverged else "ok"

    def advance(self) -> Evaluation | None:
        """Trains to the end of the next segment and evaluates there; None where the run has finished or diverged on the
        way.
        """
        if self.finished:
            return None
        segment = self.schedule.segments[self._segment]
        with self._work_clock.running():
            self._train(segment)
            if self.diverged:
                return None
            evaluation = self._evaluate(segment)
            self._end(segment)
        if self._on_evaluation is not None:
            self._on_evaluation(evaluation, self._throughput())
        return evaluation

    def test_losses(self, tokens: int) -> dict[str, DocumentLosses]:
        """The finished model's losses on about ``tokens`` tokens of each language's test split, by document: for the
        comparison and nothing else. The whole model has to be on this worker.
        """
        with self._work_clock.running():
            context = self.training.context
            evaluator = DocumentEvaluator(self.data.corpus, self._languages, "test", tokens=tokens, context=context)
            return evaluator.losses(self.model, self.parallel)

    def test_translations(self) -> dict[str, float]:
        """The finished model's losses of translation on the test split, by direction, of four times as many pairs as a
        final evaluation reads: for the comparison and nothing else. Empty where the study measures none.
        """
        asked = self.training.translation_evaluation
        if asked is None:
            return {}
        with self._work_clock.running():
            return self.data.translations("test", TEST_FACTOR * asked.pairs).losses(self.model, self.parallel)

    def record(self, status: Status, note: str = "") -> RunRecord:
        """What the run has done so far, as a record. Losses that are not finite are left out of it."""
        tokens, metrics = self.tokens_trained, self._throughput()
        return self.log.record(status, tokens=tokens, seconds=self._work_clock.seconds, metrics=metrics, note=note)

    def _throughput(self) -> dict[str, float]:
        tokens = self.tokens_trained
        flops = self.log.flops(tokens)
        return throughput(tokens, flops, self._training_clock.seconds, self.parallel.device, self.parallel.world)

    def _check_loss(self, loss: Tensor) -> None:
        self.log.step_loss(loss.item(), self._step)

    def _evaluate(self, segment: Segment) -> Evaluation:
        evaluator = self.data.evaluator("validation", evaluated_tokens(self.training, segment))
        measured = {} if self._gradient_norm is None else {"gradient_norm": float(self._gradient_norm)}
        if self._forgetting is not None and segment.final:
            measured |= self._forgetting.metrics(self.model, self.parallel)
        losses = evaluator.losses(self.model, self.parallel)
        translations = translation_evaluator(self.data, self.training, segment)
        if translations is not None:
            losses |= translations.losses(self.model, self.parallel)
        return self.log.add(segment, losses, measured)

    def _run_progress(self) -> RunProgress:
        return {
            "spec": self.spec.model_dump(mode="json"),
            "corpus_id": self.data.corpus.corpus_id,
            "evaluations": [evaluation.model_dump(mode="json") for evaluation in self.evaluations],
            "before": None if self._forgetting is None else self._forgetting.before,
        }

    def _matches(self, progress: RunProgress) -> bool:
        same_run = progress.get("spec") == self.spec.model_dump(mode="json")
        return same_run and progress["corpus_id"] == self.data.corpus.corpus_id

    def _restore(self, progress: RunProgress) -> None:
        self.log.evaluations = [Evaluation.model_validate(entry) for entry in progress["evaluations"]]
        if self._forgetting is not None:
            self._forgetting.before = progress["before"]


def translation_evaluator(data: Data, training: TrainingSection, segment: Segment) -> TranslationEvaluator | None:
    """What measures losses of translation at the end of ``segment``; None where the study measures none."""
    asked = training.translation_evaluation
    return None if asked is None else data.translations("validation", evaluated_pairs(asked.pairs, segment))


def run_batches(corpus: Corpus, spec: RunSpec, training: TrainingSection, steps: int) -> RunBatches:
    """The batches of ``spec``, trained as ``training`` says, for its first ``steps`` steps: shuffled, or with
    translations paired. ``steps`` of a schedule are all of the run's, which has one D.
    """
    open_batches = (
        Batches
        if spec.organisation == SHUFFLED
        else partial(paired_batches, pivot=training.pivot, paired_share=training.paired_share)
    )
    return open_batches(
        corpus,
        spec.schedule,
        seed=spec.seed,
        batch=training.batch,
        context=training.context,
        steps=steps,
        unique_tokens=spec.unique_tokens,
    )
