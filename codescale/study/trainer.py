"""The section ``trainer`` of study.yaml: a command that trains every run of the study in place of our own core."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from codescale.errors import UserError
from codescale.runs.units import LossUnit, parse_unit
from codescale.study.base import Name, Positive, Section
from codescale.validation import Number, WholeNumber

HYPERPARAMETERS = ("learning_rate_factor", "weight_decay", "warmup_share", "cooldown_share", "batch")
"""What a search space may free, each of which a command takes by a placeholder."""

PLACEHOLDERS = {
    "mixture": "the file of the run's mixture",
    "steps": "optimizer steps: tokens over training.batch × training.context",
    "tokens": "D: training tokens of the run",
    "seed": "of weights and data order",
    "folder": "the run's own folder: checkpoints go here, and it is the same one when the run goes on",
    "results": "the file that results are written to",
    "workers": "processes that the command is to start on each machine",
    "nodes": "machines of the run, on each of which the command is started once",
    "node_rank": "which of them this one is, from 0",
    "address": "of the machine with rank 0",
    "size": "the name of the model's size",
    "n_params": "its non-embedding parameters",
    "run": "the run's name",
    "port": "a free port of the machine with rank 0",
    "study": "the study's folder",
    "context": "training.context",
    **dict.fromkeys(HYPERPARAMETERS, "as study.yaml has it under training, or as the search chose it"),
    "learning_rate_factor": "what the search, or a second try, multiplies learning rates by; 1 otherwise",
}
"""By name: what stands for ``{name}`` in a command. ``{share.LANGUAGE}`` is a language's share."""

SHARE = "share."
TRAINERS_CORPUS = "trainer"
"""What stands for the corpus in runs of a trainer; the version that tells them apart is in their specs."""
_PLACEHOLDER = re.compile(r"\{(\{[a-z_][a-z0-9_.-]*\})\}|\{([a-z_][a-z0-9_.-]*)\}")
"""A name in two pairs of braces is one in braces; what does not look like a name, such as JSON, is left as it is."""


def placeholders_in(texts: Iterable[str]) -> set[str]:
    """The names between braces in ``texts``."""
    return {found[2] for text in texts for found in _PLACEHOLDER.finditer(text) if found[2]}


def filled(text: str, values: dict[str, str]) -> str:
    """``text`` with ``values`` for its placeholders, in one pass: braces in a value are left alone."""
    return _PLACEHOLDER.sub(lambda found: found[1] or values[found[2]], text)


def _within_folder(path: str) -> str:
    parts = PurePosixPath(path).parts
    if path.startswith("/") or ".." in parts:
        raise ValueError(f"{path[:60]!r} lies outside of the run's folder; name a file within it")
    return path


def _unit(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    try:
        unit = parse_unit(given, "unit")
    except UserError as error:
        raise ValueError(f"{error.problem}; {error.hint}") from None
    if unit.is_per_byte:
        raise ValueError(
            f"{unit} cannot be told as nats per token without the tokenizer; write losses in nats per token"
        )
    return unit


FolderPath = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_within_folder)]
Key = Annotated[str, Field(min_length=1, max_length=200)]


class ResultsSection(Section):
    """Where a command's results are and what they are called there (docs/own-trainer.md).

    ``file`` is within the run's folder; None: what the format is usually called. ``tokens`` names what counts training
    tokens; ``step`` instead what counts optimizer steps. ``loss``, ``test`` and ``metric``: by language, or by the
    metric's own name, the key in the results; what is not named is ``loss.<language>``, ``test.<language>`` and, in
    JSON Lines, ``metric.<name>``. ``lm_eval``: a file or folder of lm-evaluation-harness results, read at the end.
    """

    format: Literal["jsonl", "tensorboard", "trainer_state"] = "jsonl"
    file: FolderPath | None = None
    tokens: Key | None = None
    step: Key | None = None
    loss: dict[Name, Key] = {}
    test: dict[Name, Key] = {}
    metric: dict[Key, Key] = {}
    unit: Annotated[LossUnit, BeforeValidator(_unit)] = LossUnit.NATS_PER_TOKEN
    lm_eval: FolderPath | None = None

    @model_validator(mode="after")
    def _one_clock(self) -> ResultsSection:
        if self.tokens is not None and self.step is not None:
            raise ValueError("give either tokens or step")
        return self

    @property
    def path(self) -> str:
        """Where they are within the run's folder: a file, or the folder below which files are looked for."""
        return self.file or ("results.jsonl" if self.format == "jsonl" else ".")

    @property
    def clock(self) -> tuple[str, bool]:
        """What tells how far a run is, and whether it counts steps."""
        if self.tokens is not None:
            return self.tokens, False
        if self.step is not None:
            return self.step, True
        return ("tokens", False) if self.format == "jsonl" else ("step", True)


class TrainerResources(Section):
    """What Ray reserves for a run: cores, and GPUs (a part of one, or several), on each of so many ``nodes``."""

    nodes: Annotated[WholeNumber, Field(gt=0, le=10_000)] = 1
    cpu: Annotated[WholeNumber, Field(gt=0, le=1_024)] = 1
    gpu: Annotated[Number, Field(ge=0, le=1_024)] = 0.0


class TrainerSection(Section):
    """A command that trains a run, in place of our own core.

    ``command``: the program and its arguments, with placeholders (:data:`PLACEHOLDERS`); no shell. It is started in
    ``directory``, relative to the study's folder. ``mixture``: the form of ``{mixture}``: ``json``, or one of
    ``codescale export``, which ``paths`` goes with. ``environment`` is added to the worker's. ``workers``: what
    ``{workers}`` stands for; None: the GPUs that a run has of a machine, one at least. ``grace``: seconds between
    SIGTERM and SIGKILL. ``silence``: seconds without a new row of results after which a run counts as hung.
    ``retries``: how often a command that fails is started again in its folder. ``version``: tells runs of one trainer
    and data from those of another, which are refused.
    """

    command: tuple[Annotated[str, Field(max_length=10_000)], ...] = Field(min_length=1, max_length=1_000)
    directory: str = "."
    mixture: Literal[
        "json", "megatron", "torchtitan", "nanotron", "datasets", "levanter", "olmo-core", "streaming", "litdata"
    ] = "json"
    paths: str | None = None
    resources: TrainerResources = TrainerResources()
    environment: dict[Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")], str] = {}
    workers: Positive | None = None
    grace: Annotated[Number, Field(ge=0, le=3_600)] = 30.0
    silence: Annotated[Number, Field(gt=0)] = 3_600.0
    retries: Annotated[WholeNumber, Field(ge=0, le=100)] = 1
    version: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$")] = "1"
    results: ResultsSection = ResultsSection()

    @model_validator(mode="after")
    def _a_program_is_named(self) -> TrainerSection:
        if not self.command[0].strip():
            raise ValueError("command: begins with an empty word; name a program")
        return self

    @model_validator(mode="after")
    def _paths_go_with_an_export(self) -> TrainerSection:
        if self.mixture != "json" and self.paths is None:
            raise ValueError(f"paths: {self.mixture} names each language's data; give a paths.yaml (docs/export.md)")
        if self.mixture == "json" and self.paths is not None:
            raise ValueError("paths: a mixture in json names no data; leave it out, or choose another mixture")
        return self

    @property
    def texts(self) -> tuple[str, ...]:
        """All that placeholders may stand in."""
        return (*self.command, *self.environment.values())

    @property
    def takes(self) -> set[str]:
        """The placeholders that the command uses."""
        return placeholders_in(self.texts)

    @property
    def process_count(self) -> int:
        """What ``{workers}`` stands for."""
        return self.workers or max(1, int(self.resources.gpu))

    def check(self, languages: Iterable[str]) -> None:
        """Raises ``ValueError`` for a placeholder, or a language under ``results``, that is none."""
        known, names = {*PLACEHOLDERS}, list(languages)
        known |= {SHARE + name for name in names}
        unknown = sorted(self.takes - known)
        if unknown:
            raise ValueError(
                f"command: {{{unknown[0]}}} stands for nothing; write one of "
                f"{', '.join(PLACEHOLDERS)}, {SHARE}LANGUAGE, or {{{{{unknown[0]}}}}} to have it in braces"
            )
        for section in ("loss", "test"):
            other = next((name for name in getattr(self.results, section) if name not in names), None)
            if other is not None:
                raise ValueError(f"results.{section}.{other}: not a language of the study")
