"""A study: its one file ``study.yaml``, typed, and the folder in which every stage keeps its artifact.

Schemas and paths, no work. Unknown keys and wrong values are refused with the file, the field and the mend.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from codescale.errors import UserError, visible
from codescale.files import parse_yaml, read_yaml, write_text
from codescale.languages import Registry, default_weights, load_registry
from codescale.mixture import Mixture
from codescale.organisation import Organisation
from codescale.validation import Number, WholeNumber, first_mistake


def _name(value: str) -> str:
    if not re.fullmatch("[a-z0-9][a-z0-9_-]{0,59}", value):
        raise ValueError(f"{value[:60]!r} is no name: write up to 60 lower-case letters, digits, _ and -")
    return value


def _on_one_line(value: str) -> str:
    if visible(value) != value:
        raise ValueError(f"{visible(value)} holds a line break or another character that cannot be seen")
    return value


Name = Annotated[str, AfterValidator(_name)]
Positive = Annotated[WholeNumber, Field(gt=0, lt=10**18)]
Seeds = Annotated[WholeNumber, Field(gt=0, le=1_000)]
Precision = Literal["float32", "bfloat16"]


def _distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(set(values)) != len(values):
        raise ValueError("names one twice")
    return values


def _prune_word(value: Any) -> Any:
    return {True: "curves", False: "none"}.get(value, value) if isinstance(value, bool) else value


MOST_TRIALS = 100_000
"""Of a search that is limited by something else."""

Sizes = Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_distinct)]
TokenPoints = Annotated[tuple[Positive, ...], Field(min_length=1, max_length=100), AfterValidator(_distinct)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class PackageIndexSource(_Section):
    """Pinned source distributions from the user's Python package index; ``catalogue: default`` is the built-in list."""

    kind: Literal["package_index"]
    catalogue: str = "default"


class NpmSource(_Section):
    """Pinned npm tarballs, used where an ``npm`` client is present and skipped, with a word, where it is not."""

    kind: Literal["npm"]
    catalogue: str = "default"


class FolderSource(_Section):
    """A folder of the user's own repositories: each direct sub-folder is one repository.

    ``translations: same_path``: files of a repository whose paths differ in their endings alone, such as
    ``two_sum/solution.py`` and ``two_sum/solution.java``, are translations of each other.
    """

    kind: Literal["folder"]
    path: str
    translations: Literal["same_path"] | None = None


class TableSource(_Section):
    """A Parquet or JSON Lines file with a text column, of one ``language`` or with a ``language_column``.

    Rows with one value in ``program_column``, in this table or another one, are translations of each other.
    """

    kind: Literal["table"]
    path: str
    text_column: str = "text"
    language: str | None = None
    language_column: str | None = None
    repository_column: str | None = None
    program_column: str | None = None

    @model_validator(mode="after")
    def _one_language_source(self) -> TableSource:
        if (self.language is None) == (self.language_column is None):
            raise ValueError("give either language or language_column")
        return self


Source = Annotated[PackageIndexSource | NpmSource | FolderSource | TableSource, Field(discriminator="kind")]


class CorpusSection(_Section):
    """How text becomes shards: sources, cleaning, splits and the tokenizer. Sizes in bytes of UTF-8."""

    sources: tuple[Source, ...] = Field(default=(PackageIndexSource(kind="package_index"),), min_length=1)
    max_bytes_per_language: Positive = 4_000_000
    max_file_bytes: Positive = 200_000
    min_file_bytes: Positive = 100
    max_line_characters: Positive = 1_000
    near_duplicate_similarity: Number = Field(default=0.8, gt=0, le=1)
    validation_share: Number = Field(default=0.08, gt=0, lt=0.5)
    test_share: Number = Field(default=0.08, gt=0, lt=0.5)
    vocabulary: WholeNumber = Field(default=1024, ge=260, le=500_000)


class Shape(_Section):
    """A LLaMA-style model's shape; ``intermediate`` is the width of the SwiGLU layer.

    What is left at its default is a LLaMA of multi-head attention. ``key_value_heads``: grouped-query attention
    (Ainslie et al. 2023, arXiv 2305.13245), None for as many as ``heads``. ``head_dim``: width of a head, None for
    hidden / heads. ``tied``: the logits use the embedding's weights. ``attention_bias``: on queries, keys and values
    (``qkv``, as Qwen2 has) or on the output as well (``all``). ``rope_theta``: base of the rotary positions'
    wavelengths; ``rope_factor`` divides positions (Chen et al. 2023, arXiv 2306.15595). ``norm_epsilon``: of RMSNorm.
    """

    hidden: Positive
    layers: Positive
    heads: Positive
    intermediate: Positive
    key_value_heads: Positive | None = None
    head_dim: Positive | None = None
    tied: bool = False
    attention_bias: Literal["none", "qkv", "all"] = "none"
    rope_theta: Number = Field(default=10_000.0, gt=0)
    rope_factor: Number = Field(default=1.0, ge=1)
    norm_epsilon: Number = Field(default=1e-6, gt=0)

    @model_validator(mode="after")
    def _heads_divide(self) -> Shape:
        if self.head_dim is None and (self.hidden % self.heads or (self.hidden // self.heads) % 2):
            raise ValueError("hidden must be an even multiple of heads")
        if self.head_width % 2:
            raise ValueError("head_dim must be even")
        if self.heads % self.key_heads:
            raise ValueError("heads must be a multiple of key_value_heads")
        return self

    @property
    def head_width(self) -> int:
        """Width of an attention head."""
        return self.head_dim or self.hidden // self.heads

    @property
    def key_heads(self) -> int:
        """Heads of keys and values."""
        return self.key_value_heads or self.heads

    @property
    def layer_weights(self) -> int:
        """Weights of a layer's matrices: queries and output, keys and values, SwiGLU."""
        attention = 2 * self.hidden * self.head_width * (self.heads + self.key_heads)
        return attention + 3 * self.hidden * self.intermediate

    @property
    def n_params(self) -> int:
        """Non-embedding parameters: a layer's matrices, biases and two norms, and the last norm.

        With multi-head attention and no biases that is layers · (4 h² + 3 h f + 2 h) + h.
        """
        queries, keys = self.head_width * self.heads, self.head_width * self.key_heads
        biases = {"none": 0, "qkv": queries + 2 * keys, "all": queries + 2 * keys + self.hidden}
        return self.layers * (self.layer_weights + biases[self.attention_bias] + 2 * self.hidden) + self.hidden


START_SIZE = "start"
"""The one size of a study whose runs start from a model: that model's."""


class StartSection(_Section):
    """The model that every run starts from, instead of random weights: continued pretraining.

    ``model``: a folder as transformers' ``save_pretrained`` writes it, or a name on the hub, at ``revision``. ``keep``:
    text that stands for what the model knows, a file or folder by name; how much worse the model gets at it is reported
    as forgetting. ``sha256`` of configuration and weights: found when left out, else anything different is refused.
    """

    model: str = Field(min_length=1)
    revision: str | None = None
    keep: dict[Name, str] = {}
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")


class TrainingSection(_Section):
    """How every run is trained. Learning rates are for Muon (hidden matrices) and AdamW (the rest).

    ``rule``: AdamW's learning rate and the batch by a published rule in N and D (codescale/training/rules.py) instead
    of the values given. ``precision``, ``muon_precision``, ``compile``: None leaves them to the device.
    ``organisation``: whether translations stand apart or in one document, one side of which is in the ``pivot``.
    """

    context: Positive = 256
    batch: Positive = 4
    micro_batch: Positive | None = None
    optimizer: Literal["muon", "adamw"] = "muon"
    rule: Literal["step-law", "deepseek"] | None = None
    muon_learning_rate: Number = Field(default=0.02, gt=0)
    muon_precision: Precision | None = None
    adamw_learning_rate: Number = Field(default=0.015, gt=0)
    weight_decay: Number = Field(default=0.0, ge=0)
    initial_deviation: Number = Field(default=0.05, gt=0)
    schedule: Literal["stable", "cosine"] = "stable"
    warmup_share: Number = Field(default=0.02, ge=0, lt=1)
    cooldown_share: Number = Field(default=0.25, gt=0, lt=1)
    gradient_clip: Number = Field(default=1.0, gt=0)
    spike: Number = Field(default=1.0, gt=0)
    retry_rate: Number | None = Field(default=0.5, gt=0, lt=1)
    attention: Literal["sequence", "document"] = "sequence"
    organisation: Organisation = "shuffled"
    pivot: Name = "python"
    precision: Precision | None = None
    compile: bool | None = None
    checkpoint_activations: bool = False
    evaluations: WholeNumber = Field(default=6, gt=0, le=1_000)
    evaluation_tokens: Positive = 8_192
    checkpoint_seconds: Number = Field(default=30.0, gt=0)
    start: StartSection | None = None

    @model_validator(mode="after")
    def _a_start_has_its_own_rates(self) -> TrainingSection:
        needed = {"adamw_learning_rate"} | ({"muon_learning_rate"} if self.optimizer == "muon" else set())
        missing = sorted(needed - self.model_fields_set)
        if self.start is not None and self.rule is None and missing:
            raise ValueError(f"start: the default {missing[0]} is for random weights and would undo a model; state one")
        return self

    @model_validator(mode="after")
    def _a_rule_is_for_adamw(self) -> TrainingSection:
        if self.rule is not None and self.optimizer != "adamw":
            raise ValueError(f"rule: {self.rule} was measured for AdamW; set optimizer: adamw, or leave rule out")
        return self


class GridPlan(_Section):
    """Per language a grid of sizes × token points: each size is one trunk, each token point a cooldown branch."""

    sizes: Sizes
    tokens: TokenPoints
    seeds: Seeds = 1


class PairPlan(_Section):
    """Pairs for the synergy matrix at one size: D tokens of i+j, D/2 unique each, against i twice and i alone."""

    size: str
    tokens: WholeNumber = Field(gt=1, lt=10**18)
    seeds: Seeds = 1


class MixturePlan(_Section):
    """``count`` mixtures spread over the simplex, each trained at every size with a branch at every token point.

    ``uniform_seeds`` of the first, the uniform one, measure how much a mixture's loss varies between seeds.
    """

    count: WholeNumber = Field(gt=0, le=100_000)
    sizes: Sizes
    tokens: TokenPoints
    seeds: Seeds = 1
    uniform_seeds: Seeds = 3


class SweepSection(_Section):
    """The three plans of the paper and the tokens they may train on (None: no limit).

    Over the budget the planner shrinks first the grid's sizes and D, then the number of mixtures. ``unique_tokens``
    holds every language to as many distinct tokens in every run (None: what the scarcest one has). ``repetition:
    target`` instead has each run repeat each language as the target will: a run of D' tokens gets the target's unique
    tokens of the language times D' over the target's D.
    """

    grid: GridPlan | None = None
    pairs: PairPlan | None = None
    mixtures: MixturePlan | None = None
    unique_tokens: Positive | None = None
    repetition: Literal["even", "target"] = "even"
    budget_tokens: Positive | None = None

    @model_validator(mode="after")
    def _one_word_on_unique_tokens(self) -> SweepSection:
        if self.repetition == "target" and self.unique_tokens is not None:
            raise ValueError("repetition: target sets the unique tokens; leave unique_tokens out")
        return self


class FitSection(_Section):
    """Which law, and how many bootstrap samples its intervals rest on."""

    law: str = "auto"
    bootstrap: WholeNumber = Field(default=200, gt=1, le=100_000)


class TargetSection(_Section):
    """The scale that the allocation is for: a size from ``sizes`` (or any N) and D in tokens.

    ``available``: the tokens of a language that the target run will have; those of the corpus where it is not named.
    """

    size: str | None = None
    n_params: Positive | None = None
    n_tokens: Positive
    weights: dict[str, Annotated[Number, Field(lt=1e30)]] | None = None
    bounds: dict[str, Number | tuple[Number, Number]] = {}
    max_epochs: Number = Field(default=4.0, gt=0)
    available: dict[str, Positive] = {}


class WandbSection(_Section):
    """Where Weights & Biases shows the trials; ``project`` is the study's name unless given, the key is W&B's own."""

    project: str | None = None
    entity: str | None = None
    group: str | None = None


class MlflowSection(_Section):
    """Where MLflow shows the trials: at ``MLFLOW_TRACKING_URI`` or in the study folder unless given."""

    tracking_uri: str | None = None
    experiment_name: str | None = None
    tags: dict[str, str] = {}


class CallbacksSection(_Section):
    """Trackers that are shown every trial; a list of names takes each as it comes."""

    wandb: WandbSection | None = None
    mlflow: MlflowSection | None = None

    @model_validator(mode="before")
    @classmethod
    def _names_alone(cls, content: Any) -> Any:
        if isinstance(content, list) and all(isinstance(name, str) for name in content):
            return {name: {} for name in content}
        return content


class SearchBudget(_Section):
    """What the trials may cost together; the search ends at whichever comes first. ``flops`` are counted ones."""

    trials: Positive | None = None
    tokens: Positive | None = None
    flops: Number | None = Field(default=None, gt=0)
    hours: Number | None = Field(default=None, gt=0)


class SearchSection(_Section):
    """The search with real runs around the law's optimum. ``space`` names a file of search_spaces/ or a path.

    ``prune``: what stops trials early. ``check_pruned``: so many stopped trials, drawn at random, are trained to their
    end afterwards, to see how often stopping was wrong. ``end_at_noise``: whether the search ends before its budget
    where another trial is expected to gain less than what seeds change. ``budget_tokens`` is the older word for
    ``budget.tokens``.
    """

    space: str = "seven_languages"
    size: str
    tokens: Positive
    trials: Positive = 16
    concurrency: Positive | None = None
    workers_per_trial: Positive = 1
    sampler: Literal["law", "tpe", "gp", "cmaes", "random"] = "law"
    prune: Annotated[Literal["curves", "asha", "none"], BeforeValidator(_prune_word)] = "curves"
    check_pruned: WholeNumber = Field(default=0, ge=0, le=1_000)
    end_at_noise: bool = True
    budget: SearchBudget = SearchBudget()
    budget_tokens: Positive | None = None
    callbacks: CallbacksSection = CallbacksSection()

    @model_validator(mode="after")
    def _one_budget_of_tokens(self) -> SearchSection:
        if self.budget_tokens is not None and self.budget.tokens is not None:
            raise ValueError("give either budget.tokens or budget_tokens")
        return self

    @model_validator(mode="after")
    def _what_is_checked_can_have_stopped(self) -> SearchSection:
        if self.check_pruned and self.prune == "none":
            raise ValueError("check_pruned: prune: none stops no trial that could be checked")
        if self.check_pruned > self.most_trials:
            raise ValueError(f"check_pruned: {self.check_pruned:,} are more than the {self.most_trials:,} trials")
        return self

    @property
    def most_trials(self) -> int:
        """Trials at most: without a word about them a budget of something else is the only limit."""
        if self.budget.trials is not None:
            return min(self.budget.trials, self.trials) if "trials" in self.model_fields_set else self.budget.trials
        others = (self.budget.tokens, self.budget.flops, self.budget.hours)
        if "trials" not in self.model_fields_set and any(limit is not None for limit in others):
            return MOST_TRIALS
        return self.trials

    @property
    def most_tokens(self) -> int | None:
        """Tokens that the trials may train together."""
        return self.budget.tokens if self.budget.tokens is not None else self.budget_tokens


class Scale(_Section):
    """A size and a D (tokens) at which mixtures are compared, each with ``seeds`` seeds (three or more)."""

    size: str
    tokens: Positive
    seeds: WholeNumber = Field(default=3, ge=3, le=1_000)


class ComparisonSection(Scale):
    """The proof: uniform, predicted best and measured best at one scale, and once more at a ``larger`` one."""

    larger: Scale | None = None

    @property
    def scales(self) -> tuple[Scale, ...]:
        """The scale of the proof, and the larger one where there is one."""
        return (self,) if self.larger is None else (self, self.larger)


AT_SCALE = 4
"""How many times the trials' N a model has at least that shows whether their optimum holds at scale."""


def workers_of(given: Any) -> Any:
    """Fewest and most workers, of ``4``, ``"1-4"`` or ``[1, 4]``. Raises ``ValueError`` for what is neither."""
    if isinstance(given, str):
        low, _, high = given.partition("-")
        if not (low.strip().isdigit() and (high or low).strip().isdigit()):
            raise ValueError(f"{given!r} is not a number of workers, such as 4 or 1-4")
        given = (int(low), int(high or low))
    if isinstance(given, int) and not isinstance(given, bool):
        given = (given, given)
    if isinstance(given, list | tuple) and len(given) == 2 and given[0] > given[1]:
        raise ValueError(f"{given[0]} to {given[1]} workers: the fewest come first")
    return given


class TrainSection(_Section):
    """``codescale train``: one model on one or several workers. None: as the cluster has room.

    ``sharded``: workers share weights and optimizer state out (FSDP2) instead of each having them whole (DDP).
    ``storage``: where checkpoints go, a folder or an address such as s3://bucket/folder; the last ``keep`` stay.
    """

    workers: Annotated[tuple[Positive, Positive] | None, BeforeValidator(workers_of)] = None
    threads: Positive | None = None
    sharded: bool = False
    storage: str | None = Field(default=None, min_length=1)
    keep: Positive = 2
    failures: WholeNumber = Field(default=8, ge=0)
    resize_seconds: Number = Field(default=60.0, gt=0)


class RaySection(_Section):
    """Warm workers and the threads of each; None: as many as the cores allow, sharing the GPUs evenly.

    ``pack``: runs of a sweep that are trained as one batched model; None: as many as a GPU holds, and 1 on a CPU.
    """

    workers: Annotated[WholeNumber, Field(gt=0, le=100_000)] | None = None
    threads: Annotated[WholeNumber, Field(gt=0, le=1_024)] = 1
    gpus_per_worker: Number | None = Field(default=None, ge=0)
    pack: WholeNumber | None = Field(default=None, gt=0, le=1_024)


class StudyConfig(_Section):
    """``study.yaml``: the single source of truth of a study."""

    name: Annotated[str, Field(min_length=1, max_length=80), AfterValidator(_on_one_line)]
    languages: tuple[Name, ...] = Field(min_length=1)
    languages_file: str | None = None
    seed: WholeNumber = Field(default=0, ge=0, lt=2**31)
    sizes: dict[Name, Shape] = {}
    corpus: CorpusSection = CorpusSection()
    training: TrainingSection = TrainingSection()
    sweep: SweepSection = SweepSection()
    fit: FitSection = FitSection()
    target: TargetSection
    search: SearchSection
    comparison: ComparisonSection
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
        for plan, section in (("grid", self.sweep.grid), ("mixtures", self.sweep.mixtures)):
            used |= {f"sweep.{plan}.sizes[{k}]": size for k, size in enumerate(section.sizes if section else ())}
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
        for plan, section in (("grid", self.sweep.grid), ("mixtures", self.sweep.mixtures)):
            points |= {f"sweep.{plan}.tokens": min(section.tokens)} if section else {}
        for where, tokens in points.items():
            if tokens < least:
                raise ValueError(f"{where}: {tokens:,} tokens are less than one batch of {least:,}")
        return self

    @model_validator(mode="after")
    def _objective_and_bounds_hold(self) -> StudyConfig:
        weights = self.target.weights
        if weights is not None:
            for name, weight in weights.items():
                if name not in self.languages or weight < 0:
                    raise ValueError(f"target.weights.{name}: not a language of the study, or a negative weight")
            if not any(weights.values()):
                raise ValueError("target.weights: all are 0")
        for name, bound in self.target.bounds.items():
            low, high = bound if isinstance(bound, tuple) else (bound, bound)
            if name not in self.languages or not 0 <= low <= high <= 1:
                raise ValueError(f"target.bounds.{name}: not a language of the study, or no interval within 0 and 1")
        least = sum(bound[0] if isinstance(bound, tuple) else bound for bound in self.target.bounds.values())
        if least > 1 + 1e-9:
            raise ValueError(f"target.bounds: the lower bounds sum to {least:.6g}, so no shares sum to 1")
        for name in self.target.available:
            if name not in self.languages:
                raise ValueError(f"target.available.{name}: not a language of the study")
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

    def registry(self) -> Registry:
        """The languages known to this study."""
        return load_registry(self.languages_file)

    def weights(self) -> dict[str, float]:
        """The objective's weight of each of the study's languages (DESIGN.md's default where none are given)."""
        given = self.target.weights
        if given is None:
            return default_weights(self.languages, self.registry())
        return {language: given.get(language, 0.0) for language in self.languages}

    @property
    def start_id(self) -> str | None:
        """What tells the model that runs start from from any other: 16 hexadecimal digits; None: random weights."""
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
        raise mistake.refusal(where, f"{mistake.remedy}; docs/study.md explains every key") from None
    registry = config.registry()
    for language in config.languages:
        if language not in registry:
            raise UserError(
                f"{where}, languages", f"{language!r} is not in the registry", f"use one of {', '.join(registry)}, or "
                "name a languages_file that defines it",
            )  # fmt: skip
    return config


def preset_names() -> list[str]:
    """The built-in studies."""
    return sorted(
        entry.name.removesuffix(".yaml") for entry in (files("codescale") / "presets").iterdir()
        if entry.name.endswith(".yaml")
    )  # fmt: skip


def preset_text(name: str) -> str:
    """The YAML of a built-in study. Raises :class:`UserError` for a name that is none."""
    if name not in preset_names():
        raise UserError("--preset", f"{name!r} is not a preset", f"use one of {', '.join(preset_names())}")
    return (files("codescale") / "presets" / f"{name}.yaml").read_text(encoding="utf-8")


@dataclass(frozen=True)
class StudyFolder:
    """The paths of a study's artifacts: every stage writes its own and reads those before it."""

    root: Path

    @property
    def config_file(self) -> Path:
        """The study's one configuration file."""
        return self.root / "study.yaml"

    @property
    def space_file(self) -> Path:
        """The study's own search space, which wins over the one that ``search.space`` names."""
        return self.root / "search_space.yaml"

    @property
    def corpus(self) -> Path:
        """Tokenizer, shards and manifest."""
        return self.root / "corpus"

    @property
    def manifest(self) -> Path:
        """The corpus manifest, written last: where it exists the corpus is whole."""
        return self.corpus / "manifest.json"

    @property
    def start(self) -> Path:
        """The models of the hub that runs start from, a folder each."""
        return self.root / "start"

    @property
    def start_facts(self) -> Path:
        """Which model that is: its revision and checksum."""
        return self.root / "start.json"

    @property
    def runs(self) -> Path:
        """One immutable JSON file per finished run."""
        return self.root / "runs"

    @property
    def checkpoints(self) -> Path:
        """Checkpoints of runs in progress; emptied as they finish."""
        return self.root / "checkpoints"

    @property
    def models(self) -> Path:
        """Trained models, one folder each, as transformers opens them."""
        return self.root / "models"

    @property
    def runs_table(self) -> Path:
        """The runs table, compacted from ``runs``."""
        return self.root / "runs.parquet"

    @property
    def law(self) -> Path:
        """The fitted mixture law."""
        return self.root / "law.json"

    @property
    def scaling(self) -> Path:
        """Per language L = E + A N^-alpha + B D^-beta, with intervals."""
        return self.root / "scaling.json"

    @property
    def synergy(self) -> Path:
        """The synergy matrix, with intervals."""
        return self.root / "synergy.json"

    @property
    def proportional(self) -> Path:
        """The paper's law, for the comparison with the paper."""
        return self.root / "proportional.json"

    @property
    def mixture(self) -> Path:
        """The mixture that the law predicts to be best."""
        return self.root / "mixture.yaml"

    @property
    def search(self) -> Path:
        """What the search found: trials in order, the incumbent, what pruning saved."""
        return self.root / "search.json"

    @property
    def optuna(self) -> Path:
        """The search's trials as an Optuna journal, derived from the records: for ``optuna-dashboard``."""
        return self.root / "optuna.journal"

    @property
    def test_losses(self) -> Path:
        """One file per run of the comparison: its losses on the test split."""
        return self.root / "test_losses"

    @property
    def comparison(self) -> Path:
        """Uniform, predicted best and measured best, on the test split."""
        return self.root / "comparison.json"

    @property
    def ray(self) -> Path:
        """What Ray keeps while a stage runs; may be deleted between stages."""
        return self.root / ".ray"

    @property
    def timings(self) -> Path:
        """Seconds of every stage, and how many of them were orchestration."""
        return self.root / "timings.json"

    @property
    def tensorboard(self) -> Path:
        """Loss curves for TensorBoard."""
        return self.root / "tensorboard"

    @property
    def report(self) -> Path:
        """The self-contained page."""
        return self.root / "report.html"

    def config(self) -> StudyConfig:
        """The study's configuration. Raises :class:`UserError` where it is missing or wrong."""
        if not self.config_file.exists():
            raise UserError(self.config_file, "no such file", f"make a study with: codescale init {self.root}")
        content = read_yaml(self.config_file)
        if isinstance(content, dict) and isinstance(content.get("languages_file"), str):
            content["languages_file"] = str(self.root / Path(content["languages_file"]).expanduser())
        return parse_study(content, self.config_file)

    def create(self, text: str) -> StudyConfig:
        """Writes ``text`` as the study's file after checking it; an existing file is never overwritten."""
        if self.config_file.exists():
            raise UserError(self.config_file, "exists already", "choose another folder, or edit the file")
        config = parse_study(parse_yaml(text), self.config_file)
        write_text(self.config_file, text)
        return config
