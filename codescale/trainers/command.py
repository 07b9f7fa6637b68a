"""A run as a command: its mixture as a file, and placeholders filled in its arguments and environment."""

from __future__ import annotations

import json
import socket
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from codescale.files import write_text
from codescale.mixtures.trainer_formats import FORMATS, DataSource, export_mixture, read_sources
from codescale.mixtures.warning import MixtureWarning
from codescale.runs.records import RunSpec
from codescale.study.config import StudyConfig
from codescale.study.trainer import HYPERPARAMETERS, SHARE, TrainerSection, filled
from codescale.training.optim.hyperparameter_rules import LEARNING_RATE_FACTOR, training_of
from codescale.training.optim.schedule import steps_of

LOOPBACK = "127.0.0.1"
_ENDINGS = {"json": "json", "megatron": "txt", "torchtitan": "py"}


@dataclass(frozen=True)
class RunCommand:
    """What is started for a run: a program with its arguments, where, and what is added to the environment."""

    arguments: tuple[str, ...]
    directory: Path
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Place:
    """Which of its run's ``nodes`` machines a command is started on, and where the one with rank 0 is met."""

    node_rank: int
    nodes: int
    address: str
    port: int

    @classmethod
    def here(cls) -> Place:
        """This machine alone."""
        return cls(0, 1, LOOPBACK, free_port(LOOPBACK))


@dataclass(frozen=True)
class CommandTemplate:
    """Makes the commands of a study's runs.

    Parameters
    ----------
    config
        The study, which has a trainer.
    root
        The study's folder.
    sources
        Where each language's data is; empty where the mixture is given as JSON.
    """

    config: StudyConfig
    root: Path
    sources: Mapping[str, DataSource]

    @classmethod
    def of(cls, config: StudyConfig, root: Path) -> CommandTemplate:
        """That of a study. Raises :class:`UserError` where its paths.yaml is wrong."""
        assert config.trainer is not None
        paths = config.trainer.paths
        return cls(config, root, {} if paths is None else read_sources(root / Path(paths).expanduser()))

    @property
    def section(self) -> TrainerSection:
        """The study's trainer."""
        assert self.config.trainer is not None
        return self.config.trainer

    def batch_tokens(self, spec: RunSpec) -> int:
        """Tokens of an optimizer step of ``spec``."""
        training = training_of(self.config.training, spec, self.config.sizes[spec.size])
        return training.batch * training.context

    def command(self, spec: RunSpec, folder: Path, place: Place) -> RunCommand:
        """What trains ``spec`` in ``folder``, started at ``place``; writes the mixture's file there.

        Raises :class:`UserError` for a mixture that the study's export cannot hold.
        """
        section = self.section
        mixture = folder / f"mixture.{_ENDINGS.get(section.mixture, 'yaml')}"
        write_text(mixture, self.mixture_text(spec))
        values = self._values(spec, folder, mixture, place)
        told = {f"CODESCALE_{name.upper()}": value for name, value in values.items() if "." not in name}
        own = {name: filled(value, values) for name, value in section.environment.items()}
        directory = self.root / Path(section.directory).expanduser()
        return RunCommand(tuple(filled(word, values) for word in section.command), directory, told | own)

    def mixture_text(self, spec: RunSpec) -> str:
        """The mixture of ``spec`` in the form that the study's trainer reads. As JSON it names every language, also one
        that the run does not train on: a loss of it is asked for all the same.
        """
        form = next((one for one in FORMATS if one == self.section.mixture), None)
        if form is None:
            shares = {language: spec.mixture.get(language, 0.0) for language in self.config.languages}
            return json.dumps(shares, indent=1) + "\n"
        training = training_of(self.config.training, spec, self.config.sizes[spec.size])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MixtureWarning)  # docs/export.md says it once; a run a line is too often
            return export_mixture(
                spec.mixture,
                self.sources,
                form,
                spec.seed,
                n_tokens=max(spec.token_points),
                sequence_length=training.context,
                batch_size=training.batch,
            )

    def _values(self, spec: RunSpec, folder: Path, mixture: Path, place: Place) -> dict[str, str]:
        training, tokens = training_of(self.config.training, spec, self.config.sizes[spec.size]), max(spec.token_points)
        return {
            "mixture": str(mixture),
            "steps": str(steps_of(tokens, training.batch, training.context)),
            "tokens": str(tokens),
            "seed": str(spec.seed),
            "folder": str(folder),
            "results": str(folder / self.section.results.path),
            "workers": str(self.section.process_count),
            "size": spec.size,
            "n_params": str(spec.n_params),
            "run": spec.run_id,
            **{name: str(value) for name, value in asdict(place).items()},
            "study": str(self.root),
            "context": str(training.context),
            **{name: f"{getattr(training, name):g}" for name in HYPERPARAMETERS if name != LEARNING_RATE_FACTOR},
            LEARNING_RATE_FACTOR: f"{spec.hyper.get(LEARNING_RATE_FACTOR, 1.0):.9g}",
            **{f"{SHARE}{name}": f"{spec.mixture.get(name, 0.0):.9g}" for name in self.config.languages},
        }


def free_port(address: str) -> int:
    """A port of this machine's ``address`` that nobody listens on."""
    with socket.socket() as one:
        one.bind((address, 0))
        return int(one.getsockname()[1])
