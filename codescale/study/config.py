"""A study: its one file ``study.yaml``, typed, and the folder in which every stage keeps its artifact.

Schemas and paths, no work. Unknown keys and wrong values are refused with the file, the field and the hint.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError, model_validator

from codescale.directions import directions_among, is_direction
from codescale.errors import UserError
from codescale.mixtures.mixture import SUM_TOLERANCE, Mixture
from codescale.organisation import PAIRED
from codescale.study.base import Name, Section, without_line_breaks
from codescale.study.comparison import AT_SCALE, ComparisonSection
from codescale.study.corpus import CorpusSection
from codescale.study.evaluation import EvaluationSection
from codescale.study.languages import LanguageNames, Registry, default_weights, load_registry, text_by_default
from codescale.study.questions import OWN_QUESTION, Questions, QuestionSection
from codescale.study.search import SearchSection
from codescale.study.sweep import FitSection, SweepSection, TargetSection
from codescale.study.train import RaySection, TrainSection
from codescale.study.trainer import TrainerSection
from codescale.study.training import START_SIZE, ModelSize, Shape, Size, TrainingSection
from codescale.validation import WholeNumber, first_mistake

_NOT_WITH_A_TRAINER = {
    "sweep.pairs": "a trainer holds no language to half of its tokens; leave it out, the law is fitted to mixtures",
    "training.start": "give the model to the trainer's command instead",
    "training.rule": "a trainer sets its own learning rate; leave it out",
    "training.translation_evaluation": "a trainer evaluates by itself; leave it out",
    "search.workers_per_trial": "say trainer.resources and trainer.workers instead",
    "ray.gpus_per_worker": "say trainer.resources instead",
    "ray.threads": "say trainer.resources instead",
}
"""By field: why a study with a trainer does not take it, and what to do."""


class StudyConfig(Section):
    """``study.yaml``: the single source of truth of a study."""

    name: Annotated[str, Field(min_length=1, max_length=80), AfterValidator(without_line_breaks)]
    languages: tuple[Name, ...] = Field(min_length=1)
    languages_file: str | None = None
    seed: WholeNumber = Field(default=0, ge=0, lt=2**31)
    sizes: dict[Name, Size] = {}
    corpus: CorpusSection = CorpusSection()
    training: TrainingSection = TrainingSection()
    trainer: TrainerSection | None = None
    sweep: SweepSection = SweepSection()
    fit: FitSection = FitSection()
    target: TargetSection
    questions: Questions = {}
    search: SearchSection
    comparison: ComparisonSection
    evaluation: EvaluationSection | None = None
    train: TrainSection = TrainSection()
    ray: RaySection = RaySection()

    @model_validator(mode="after")
    def _sizes_are_given_once(self) -> StudyConfig:
        if not self.sizes and self.training.start is None:
            raise ValueError("sizes: name at least one")
        if self.sizes and self.training.start is not None:
            raise ValueError(f"sizes: leave it out; the one size is that of training.start, by the name {START_SIZE}")
        return self

    @model_validator(mode="after")
    def _names_are_known(self) -> StudyConfig:
        sizes = tuple(self.sizes) or (START_SIZE,)
        if len(set(self.languages)) != len(self.languages):
            raise ValueError("languages: a language is named twice")
        used = {"target.size": self.target.size, "search.size": self.search.size}
        used |= {"comparison.size": self.comparison.size}
        used |= {"comparison.larger.size": self.comparison.larger.size} if self.comparison.larger else {}
        for plan, section in self.sweep.by_size.items():
            used |= {f"sweep.{plan}.sizes[{k}]": size for k, size in enumerate(section.sizes)}
        if self.sweep.pairs:
            used["sweep.pairs.size"] = self.sweep.pairs.size
        for where, size in used.items():
            if size is not None and size not in sizes:
                raise ValueError(f"{where}: {size!r} is not among sizes ({', '.join(sizes)})")
        if (self.target.size is None) == (self.target.n_params is None):
            raise ValueError("target: give either size or n_params")
        return self

    @model_validator(mode="after")
    def _larger_is_larger(self) -> StudyConfig:
        larger = self.comparison.larger
        if larger is None:
            return self
        n_params, proxy = self.sizes[larger.size].n_params, self.sizes[self.search.size].n_params
        if n_params < AT_SCALE * proxy:
            raise ValueError(
                f"comparison.larger.size: {larger.size} has {n_params:,} parameters, less than {AT_SCALE} times the "
                f"{proxy:,} of the search's {self.search.size}"
            )
        return self

    @model_validator(mode="after")
    def _runs_fill_a_batch(self) -> StudyConfig:
        least = self.training.batch * self.training.context
        points = {"search.tokens": self.search.tokens, "comparison.tokens": self.comparison.tokens}
        points |= {"comparison.larger.tokens": self.comparison.larger.tokens} if self.comparison.larger else {}
        if self.sweep.pairs:
            points["half of sweep.pairs.tokens"] = self.sweep.pairs.tokens // 2
        points |= {f"sweep.{plan}.tokens": min(section.tokens) for plan, section in self.sweep.by_size.items()}
        for where, tokens in points.items():
            if tokens < least:
                raise ValueError(f"{where}: {tokens:,} tokens are less than one batch of {least:,}")
        return self

    @model_validator(mode="after")
    def _objectives_and_bounds_hold(self) -> StudyConfig:
        asked = {"target": self.target} | {f"questions.{name}": one for name, one in self.questions.items()}
        for where, question in asked.items():
            self._weights_and_bounds_hold(where, question)
        rule = self.comparison.no_harm
        for name in rule.languages if rule else ():
            if name not in self.languages:
                raise ValueError(f"comparison.no_harm.languages: {name!r} is not a language of the study")
        for name in self.target.available:
            if name not in self.languages:
                raise ValueError(f"target.available.{name}: not a language of the study")
        return self

    @model_validator(mode="after")
    def _arms_have_something_to_pair(self) -> StudyConfig:
        plan, pivot = self.sweep.organisation, self.training.pivot
        if plan is None:
            return self
        where = "sweep.organisation"
        if plan.proportions is None:
            if pivot not in self.languages or len(self.languages) < 2:
                raise ValueError(f"{where}: needs the pivot, {pivot}, and another language in languages")
            return self
        for name, share in plan.proportions.items():
            if name not in self.languages or share < 0:
                raise ValueError(f"{where}.proportions.{name}: not a language of the study, or a negative share")
        if abs(sum(plan.proportions.values()) - 1) > SUM_TOLERANCE:
            raise ValueError(f"{where}.proportions: sum to {sum(plan.proportions.values()):.6g}, not to 1")
        if not 0 < plan.proportions.get(pivot, 0.0) < 1:
            raise ValueError(
                f"{where}.proportions: pair nothing: give the pivot, {pivot}, and another language a share"
            )
        return self

    @property
    def directions(self) -> tuple[str, ...]:
        """The directions of translation that runs are asked to measure, of which the corpus may lack some."""
        asked = self.training.translation_evaluation
        return () if asked is None else asked.among(self.languages)

    @model_validator(mode="after")
    def _directions_are_between_languages(self) -> StudyConfig:
        known = directions_among(self.languages)
        for name in self.directions:
            if name not in known:
                raise ValueError(
                    f"training.translation_evaluation.directions: {name!r} is not between languages of the study"
                )
        if self.training.translation_evaluation is not None and not known:
            raise ValueError("training.translation_evaluation: there is one language; name two, or leave it out")
        return self

    def _weights_and_bounds_hold(self, where: str, question: TargetSection | QuestionSection) -> None:
        weights = question.weights
        if weights is not None:
            for name, weight in weights.items():
                if is_direction(name) and name not in self.directions:
                    raise ValueError(f"{where}.weights.{name}: training.translation_evaluation does not measure it")
                if name not in (*self.languages, *self.directions) or weight < 0:
                    raise ValueError(f"{where}.weights.{name}: not a language of the study, or a negative weight")
            if not any(weights.values()):
                raise ValueError(f"{where}.weights: all are 0")
        for name, bound in question.bounds.items():
            low, high = bound if isinstance(bound, tuple) else (bound, bound)
            if name not in self.languages or not 0 <= low <= high <= 1:
                raise ValueError(f"{where}.bounds.{name}: not a language of the study, or no interval within 0 and 1")
        least = sum(bound[0] if isinstance(bound, tuple) else bound for bound in question.bounds.values())
        if least > 1 + 1e-9:
            raise ValueError(f"{where}.bounds: the lower bounds sum to {least:.6g}, so no shares sum to 1")

    @model_validator(mode="after")
    def _evaluated_languages_are_those_of_the_study(self) -> StudyConfig:
        for name in (self.evaluation.languages or ()) if self.evaluation else ():
            if name not in self.languages:
                raise ValueError(f"evaluation.languages: {name!r} is not a language of the study")
        return self

    @model_validator(mode="after")
    def _a_trial_finds_its_workers(self) -> StudyConfig:
        each, workers = self.search.workers_per_trial, self.ray.workers
        if workers is not None and each > workers:
            raise ValueError(f"search.workers_per_trial: {each:,} are more than the {workers:,} of ray.workers")
        return self

    @model_validator(mode="after")
    def _what_is_kept_has_names_of_its_own(self) -> StudyConfig:
        for name in self.training.start.keep if self.training.start else ():
            if name in self.languages:
                raise ValueError(f"training.start.keep.{name}: is a language of the study; give it another name")
        return self

    @model_validator(mode="after")
    def _a_trainer_does_what_is_asked(self) -> StudyConfig:
        trainer = self.trainer
        if trainer is None:
            bare = next((name for name, size in self.sizes.items() if isinstance(size, ModelSize)), None)
            if bare is not None:
                raise ValueError(f"sizes.{bare}: give it a shape (hidden, layers, heads, intermediate), or a trainer")
            return self
        trainer.check(self.languages)
        asked = {
            "sweep.pairs": self.sweep.pairs,
            "sweep.organisation": self.sweep.organisation,
            "sweep.unique_tokens": self.sweep.unique_tokens,
            "sweep.repetition": self.sweep.repetition == "target" or None,
            "training.start": self.training.start,
            "training.rule": self.training.rule,
            "training.translation_evaluation": self.training.translation_evaluation,
            "training.organisation": self.training.organisation == PAIRED or None,
            "search.workers_per_trial": self.search.workers_per_trial > 1 or None,
            "comparison.test_tokens": self.comparison.test_tokens,
            "ray.gpus_per_worker": self.ray.gpus_per_worker,
            "ray.threads": "threads" in self.ray.model_fields_set or None,
            "ray.pack": self.ray.pack,
        }
        wrong = next((where for where, given in asked.items() if given is not None), None)
        if wrong is not None:
            raise ValueError(f"{wrong}: {_NOT_WITH_A_TRAINER.get(wrong, 'is not heard by a trainer; leave it out')}")
        return self

    def shape(self, size: str) -> Shape:
        """The shape of one of the sizes of a study that our own core trains, which all have one."""
        shape = self.sizes[size]
        assert isinstance(shape, Shape), "a size of a trainer's"
        return shape

    def registry(self) -> Registry:
        """The languages known to this study."""
        return load_registry(self.languages_file)

    def weights(self, question: str = OWN_QUESTION) -> dict[str, float]:
        """The objective's weight of each of the study's languages (:func:`default_weights` where none are given) and of
        each direction of translation that has one, or those of another of the study's questions.
        """
        given = (self.target if question == OWN_QUESTION else self.questions[question]).weights
        if given is None:
            return default_weights(self.languages, self.registry())
        directions = {name: weight for name, weight in given.items() if is_direction(name) and weight}
        return {language: given.get(language, 0.0) for language in self.languages} | directions

    def weightless(self) -> tuple[str, ...]:
        """The study's languages that weigh nothing though nobody said so; none where ``target.weights`` are given."""
        return text_by_default(self.languages, self.registry()) if self.target.weights is None else ()

    @property
    def start_id(self) -> str | None:
        """What tells the model that runs start from from any other: 16 hexadecimal digits; None: random weights. Where
        a command trains, its version.
        """
        if self.trainer is not None:
            return self.trainer.version
        start = self.training.start
        return start.sha256[:16] if start and start.sha256 else None

    def uniform(self) -> Mixture:
        """The mixture that every other one is compared with."""
        return Mixture.uniform(self.languages)

    def target_params(self) -> int:
        """N of the allocation's target."""
        if self.target.n_params is not None:
            return self.target.n_params
        assert self.target.size is not None
        return self.sizes[self.target.size].n_params


def parse_study(content: Any, where: str | Path) -> StudyConfig:
    """The study in ``content``. Raises :class:`UserError` naming the field of ``where`` that is wrong."""
    if not isinstance(content, dict):
        raise UserError(where, "is not a study file", "give it keys such as name, languages, sizes and target")
    try:
        config = StudyConfig.model_validate(content)
    except ValidationError as error:
        mistake = first_mistake(error, content)
        raise mistake.refusal(where, f"{mistake.hint}; docs/study.md explains every key") from None
    config = _at_one_scale_more(config)
    if config.trainer is not None:  # its data may have any names
        return _with_resources_of(config, config.trainer)
    registry = config.registry()
    for language in config.languages:
        if language not in registry:
            meant = LanguageNames(registry).find(language)
            use = f"write {meant}" if meant else f"use one of {', '.join(registry)}"
            hint = f"{use}, or name a languages_file that defines it"
            raise UserError(f"{where}, languages", f"{language!r} is not in the registry", hint)
    return config


def _with_resources_of(config: StudyConfig, trainer: TrainerSection) -> StudyConfig:
    """``config`` whose workers have what a run of ``trainer`` takes, and which tries no run again where the command
    takes no other learning rate.
    """
    taken = {"threads": trainer.resources.cpu, "gpus_per_worker": trainer.resources.gpu, "pack": 1}
    changed: dict[str, Any] = {"ray": config.ray.model_copy(update=taken)}
    if "learning_rate_factor" not in trainer.takes:  # a second try would be the first one again
        changed["training"] = config.training.model_copy(update={"retry_rate": None})
    return config.model_copy(update=changed)


def _at_one_scale_more(config: StudyConfig) -> StudyConfig:
    """``config`` with a proof at a larger scale too, the smallest of the sizes that show whether an optimum holds,
    where the proof's budget allows it.
    """
    least = AT_SCALE * config.sizes[config.search.size].n_params if config.search.size in config.sizes else 0
    large = {name: shape.n_params for name, shape in config.sizes.items() if shape.n_params >= least > 0}
    if not large:
        return config
    return config.model_copy(update={"comparison": config.comparison.with_larger(min(large, key=large.__getitem__))})
