"""What opens the sessions of a study's runs: our own training core, or the command that the study names."""

from __future__ import annotations

from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder
from codescale.sweeps.machine_group import OnMachines
from codescale.trainers.factory import CommandSessionFactory
from codescale.trainers.process import start_here
from codescale.training.session_factory import SessionFactory as OwnSessionFactory
from codescale.training.session_factory import study_session_factory

SessionFactory = OwnSessionFactory | CommandSessionFactory


def session_factory_of(config: StudyConfig, folder: StudyFolder) -> SessionFactory:
    """A picklable function that opens the session of a run of the study.

    Raises :class:`UserError` where a file that its trainer names is wrong.
    """
    if config.trainer is None:
        return study_session_factory(config, folder)
    several = config.trainer.resources.nodes > 1
    return CommandSessionFactory.of(config, folder, OnMachines.of(config.trainer) if several else start_here)
