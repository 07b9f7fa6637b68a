"""A study and its stages, as Python calls: what ``from codescale import Study`` gives.

Each stage reads the artifacts of those before it and writes its own into the study folder; each can be called alone,
again after a kill, and on artifacts that another tool made. A stage whose artifact is missing says which one to run.

Each stage's file is loaded when the stage is called: ``codescale sweep --plan`` needs neither Ray nor torch.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codescale.mixtures.mixture import Mixture
from codescale.mixtures.schedule import Schedule
from codescale.organisation import Organisation
from codescale.progress import Progress, Silent
from codescale.runs.records import RunRecord, RunSpec
from codescale.stages.inputs import StageContext
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder, study_folder
from codescale.study.languages import label
from codescale.study.presets import preset_text
from codescale.study.train import TrainSection

if TYPE_CHECKING:
    from codescale.cluster.planning.result import ClusterPlan
    from codescale.comparison.power.result import PowerResult
    from codescale.laws.law import Law
    from codescale.search.cost import SearchCost
    from codescale.stages.check_trainer import TrainerCheck
    from codescale.stages.cluster_plan import ClusterQuestion


class Study:
    """A study folder and its stages.

    >>> study = Study.create("my-study", preset="quick")  # doctest: +SKIP
    >>> study.run()                                       # doctest: +SKIP

    Parameters
    ----------
    folder
        The study's folder, with its study.yaml, or an address of one in a store, such as ``s3://bucket/study``.
    progress
        Where stages tell how far they are; nowhere where not given.
    """

    def __init__(self, folder: str | Path, progress: Progress | None = None) -> None:
        self.progress = progress or Silent()
        self.folder = _opened(folder, self.progress)
        self.config = _with_start(self.folder, self.progress)
        self.context = StageContext(self.config, self.folder, self.progress)

    @classmethod
    def create(cls, folder: str | Path, preset: str = "demo", progress: Progress | None = None) -> Study:
        """A new study in ``folder`` from a built-in preset. Raises :class:`UserError` where there is one already."""
        made = _opened(folder, progress or Silent())
        made.create(preset_text(preset))
        made.publish()
        return cls(folder, progress)

    def label(self, language: str) -> str:
        """What a person reads for ``language``."""
        return label(language, self.config.registry())

    def describe(self, record: RunRecord) -> str:
        """One line about a run that has just ended."""
        from codescale.stages.runs import describe

        return describe(record)

    def corpus(self) -> dict[str, Any]:
        """Makes the corpus; returns what manifest.json holds (:func:`~codescale.stages.corpus.make_corpus`)."""
        from codescale.stages.corpus import make_corpus

        with self.working():
            return make_corpus(self.context).content()

    def check_trainer(self, *, tokens: int | None = None) -> TrainerCheck:
        """Has the study's own command train one tiny run (:func:`~codescale.stages.check_trainer.check_trainer`)."""
        from codescale.stages.check_trainer import check_trainer

        return check_trainer(self.context, tokens)

    def plan(self) -> list[RunSpec]:
        """The runs of the sweep (:func:`~codescale.stages.sweep.planned_runs`)."""
        from codescale.stages.sweep import planned_runs

        return planned_runs(self.context)

    def sweep(self) -> list[RunRecord]:
        """Trains the sweep's runs (:func:`~codescale.stages.sweep.sweep`)."""
        from codescale.stages.sweep import sweep

        with self.working():
            return sweep(self.context)

    def fit(self) -> Law:
        """Fits the laws to the sweep's runs (:func:`~codescale.stages.fit.fit`)."""
        from codescale.stages.fit import fit

        with self.working():
            return fit(self.context)

    def optimize(self) -> Mixture:
        """Computes the mixture that the law predicts to be best (:func:`~codescale.stages.optimize.optimize`)."""
        from codescale.stages.optimize import optimize

        with self.working():
            return optimize(self.context).mixture

    def forecast_search(self, *, seeds: int | None = None) -> SearchCost:
        """What the search and its proof may cost (:func:`~codescale.stages.cost.cost`)."""
        from codescale.stages.cost import cost

        return cost(self.context, seeds=seeds)

    def forecast_cluster(self, question: ClusterQuestion) -> ClusterPlan:
        """What the study would take on a cluster (:func:`~codescale.stages.cluster_plan.plan_of_study`)."""
        from codescale.stages.cluster_plan import plan_of_study

        return plan_of_study(self.context, question)

    def forecast_proof(self) -> PowerResult:
        """What the proof, or another one, is expected to tell; writes nothing
        (:func:`~codescale.stages.power.expected_power`).
        """
        from codescale.stages.power import expected_power

        return expected_power(self.context, self.folder.test_losses)

    def expect(self) -> dict[str, Any]:
        """What the proof is expected to tell; returns what power.json holds (:func:`~codescale.stages.power.power`)."""
        from codescale.stages.power import power

        with self.working():
            return power(self.context).content()

    def search(self) -> dict[str, Any]:
        """Searches with real runs; returns what search.json holds (:func:`~codescale.stages.search.search`)."""
        from codescale.stages.search import search

        with self.working():
            return search(self.context).content()

    def compare(self) -> dict[str, Any]:
        """Proves the mixture; returns what comparison.json holds (:func:`~codescale.stages.compare.compare`)."""
        from codescale.stages.compare import compare

        with self.working():
            return compare(self.context).content()

    def evaluate(
        self, models: Sequence[str | Path] = (), *, run_generated_code_without_isolation: bool = False
    ) -> dict[str, Any]:
        """Has models write and translate programs; returns what evaluation.json holds
        (:func:`~codescale.stages.evaluate.evaluate`, which describes the parameters).
        """
        from codescale.stages.evaluate import evaluate

        with self.working():
            found = evaluate(
                self.context,
                [Path(model) for model in models],
                run_generated_code_without_isolation=run_generated_code_without_isolation,
            )
            return found.content()

    def train(
        self,
        *,
        size: str | None = None,
        tokens: int | None = None,
        mixture: Mixture | Schedule | None = None,
        output: str | Path | None = None,
        seed: int | None = None,
        organisation: Organisation | None = None,
        section: TrainSection | None = None,
    ) -> tuple[RunRecord, Path]:
        """Trains one model on one mixture (:func:`~codescale.stages.train.train`, which describes the parameters)."""
        from codescale.stages.train import train

        with self.working():
            return train(
                self.context,
                size=size,
                tokens=tokens,
                mixture=mixture,
                output=output,
                seed=seed,
                organisation=organisation,
                section=section,
            )

    def report(self) -> Path:
        """Writes the report and returns its path (:func:`~codescale.stages.report.report`)."""
        from codescale.stages.report import report

        written = report(self.context)
        self.folder.publish()
        return written

    def run(self) -> Path:
        """All stages, each going on where it was; Ray is started once for all of them. Returns the report's path."""
        with self.working():
            self._all_stages()
        return self.report()

    def working(self) -> AbstractContextManager[None]:
        """For several stages in one go: a study in a store is leased once for all of them, and nobody comes between."""
        return self.folder.working(self.progress)

    def _all_stages(self) -> None:
        from codescale.cluster.ray_cluster import running_ray
        from codescale.stages.power import say_before_the_law

        if self.config.trainer is None:
            self.corpus()
        say_before_the_law(self.context)
        begun = time.monotonic()
        with running_ray():
            seconds = time.monotonic() - begun
            self.context.timings.add("start Ray", seconds=seconds, orchestration=seconds)
            self.sweep()
            self.fit()
            self.optimize()
            self.expect()
            self.search()
            self.compare()
        if self.config.evaluation is not None and self.config.trainer is None:
            self.evaluate()


def _opened(place: str | Path, progress: Progress) -> StudyFolder:
    """The folder of the study at ``place``, with what its store holds."""
    folder = study_folder(place)
    if folder.working_copy is not None:
        folder.working_copy.open(progress)
    return folder


def open_study(folder: str | Path, preset: str, progress: Progress) -> Study:
    """The study in ``folder``, made from ``preset`` where there is none yet."""
    if not _opened(folder, progress).config_file.exists():
        return Study.create(folder, preset, progress)
    return Study(folder, progress)


def _with_start(folder: StudyFolder, progress: Progress) -> StudyConfig:
    """The study's file, and where runs start from a model what that decides, such as the size of the runs."""
    config = folder.config()
    if config.training.start is None:
        return config
    from codescale.training.model.pretrained_start import with_start

    return with_start(config, folder, progress)


__all__ = ["Study", "StudyConfig", "open_study"]
