"""Opens the sessions of a study whose runs a command trains; travels to workers as configuration and paths."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from codescale.runs.records import RunSpec
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder
from codescale.trainers.command import CommandTemplate
from codescale.trainers.process import Start, start_here
from codescale.trainers.session import CommandSession
from codescale.training.loop.claim import Claim


@dataclass(frozen=True)
class CommandSessionFactory:
    """Opens the session of a run in its folder, which lies where our own core would keep its checkpoint.

    Parameters
    ----------
    template
        Makes the commands.
    folder
        The study's.
    start
        Starts a run's command.
    """

    template: CommandTemplate
    folder: StudyFolder
    start: Start = start_here

    @classmethod
    def of(cls, config: StudyConfig, folder: StudyFolder, start: Start = start_here) -> CommandSessionFactory:
        """That of a study. Raises :class:`UserError` where a file that its trainer names is wrong."""
        return cls(CommandTemplate.of(config, folder.root.absolute()), folder, start)

    def __call__(self, spec: RunSpec, claim: Claim | None = None) -> CommandSession:
        """The session of ``spec``, which goes on where its folder is there."""
        root = self.folder.root.absolute()
        template, logs = replace(self.template, root=root), self.folder.trainer_logs.absolute()
        return CommandSession(spec, template, self.run_folder(spec), logs, claim, self.start)

    def run_folder(self, spec: RunSpec) -> Path:
        """The folder of the run ``spec``."""
        return self.folder.checkpoints.absolute() / f"{spec.run_id}.run"
