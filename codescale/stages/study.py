"""The stages in order, as Python calls: what ``from codescale import Study`` gives.

Each stage reads the artifacts of those before it and writes its own into the study folder; each can be called alone,
again after a kill, and on artifacts that another tool made. A stage whose artifact is missing says which one to run.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codescale.comparison.plan import MEASURED, PREDICTED, UNIFORM
from codescale.errors import UserError
from codescale.files import read_json, write_json, writing
from codescale.mixtures.mixture import Mixture
from codescale.organisation import ORGANISATION, ORGANISATIONS, PAIRED, Organisation
from codescale.progress import Progress, Silent
from codescale.runs.reader import read_runs
from codescale.runs.records import SWEEP_STAGES, RunRecord, RunSpec, read_records
from codescale.runs.table import RunsTable, compact
from codescale.stages.search import THOMPSON_DRAWS
from codescale.stages.timings import Timings
from codescale.study.comparison import Scale
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder
from codescale.study.languages import label
from codescale.study.presets import preset_text
from codescale.study.train import TrainSection

if TYPE_CHECKING:
    from codescale.cluster.ray_cluster import Workers
    from codescale.corpus.manifest import Manifest
    from codescale.corpus.reader import Corpus
    from codescale.laws.law import Law
    from codescale.search.cost import Forecast, Speed
    from codescale.search.space.space import SearchSpace
    from codescale.search.warm_start import WarmStart


class Study:
    """A study folder and its stages.

    >>> study = Study.create("my-study", preset="quick")  # doctest: +SKIP
    >>> study.run()                                       # doctest: +SKIP
    """

    def __init__(self, folder: str | Path, progress: Progress | None = None) -> None:
        self.folder = StudyFolder(Path(folder).resolve())
        self.progress = progress or Silent()
        self.config = self._settled()
        self._timings = Timings(self.folder.timings)
        self._opened: Corpus | None = None

    @classmethod
    def create(cls, folder: str | Path, preset: str = "demo", progress: Progress | None = None) -> Study:
        """A new study in ``folder`` from a built-in preset. Raises :class:`UserError` where there is one already."""
        StudyFolder(Path(folder)).create(preset_text(preset))
        return cls(folder, progress)

    def _settled(self) -> StudyConfig:
        """The study's file, and where runs start from a model what that decides, such as the size of the runs."""
        config = self.folder.config()
        if config.training.start is None:
            return config
        from codescale.training.model.pretrained_start import with_start

        return with_start(config, self.folder, self.progress)

    def label(self, language: str) -> str:
        """What a person reads for ``language``."""
        return label(language, self.config.registry())

    def corpus(self) -> Manifest:
        """Fetches, cleans, splits and tokenizes the sources. Returns the manifest."""
        from codescale.corpus.build import build_corpus

        begun = time.monotonic()
        fresh = not self.folder.manifest.exists()
        manifest = build_corpus(self.config, self.folder, self.progress)
        self._opened = None
        if fresh:
            self._timings.add("corpus", seconds=time.monotonic() - begun)
        return manifest

    def plan(self) -> list[RunSpec]:
        """The runs of the sweep; before there is a corpus, without its limits on unique tokens."""
        from codescale.sweeps.plan import plan_sweep

        return plan_sweep(self.config, self._available() if self.folder.manifest.exists() else None)

    def sweep(self) -> list[RunRecord]:
        """Trains the grid, the pairs and the mixtures, those that are not done yet. Returns all their records."""
        self._corpus()
        self._check_ahead()
        runs = self.plan()
        if not runs:
            raise UserError(f"{self.folder.config_file}, sweep", "plans no runs", "give it a grid, pairs or mixtures")
        return self._train(runs, "sweep")

    def fit(self) -> Law:
        """Fits the mixture law, each language's own scaling law, the synergy matrix and, where the runs allow it, the
        paper's law.
        """
        from codescale.laws.fitting.fit import fit_law
        from codescale.laws.law import save_law
        from codescale.laws.scaling import fit_scaling
        from codescale.laws.synergy.measured import measure_synergy

        begun = time.monotonic()
        table = read_runs(self._need(self.folder.runs_table, "codescale sweep"))
        stage = table.table["stage"].to_pylist() if "stage" in table.table.column_names else None
        if stage is not None:
            import numpy as np

            table = table.select(np.array([entry in SWEEP_STAGES for entry in stage]))
        table = self._organised(table)
        if table.retried.any():
            left_out = len(set(table.trunk[table.retried]))
            self.progress.say(f"left out of the fits: {left_out} second tries, at a lower rate, of runs that diverged")
            table = table.select(~table.retried)
        section, seed = self.config.fit, self.config.seed
        with self.progress.bar("Fit the laws", 4) as advance:
            law = fit_law(table, section.law, seed=seed, bootstrap=section.bootstrap, progress=self.progress)
            save_law(law, self.folder.law)
            advance(1)
            fit_scaling(table, self.config.languages, seed, section.bootstrap).write(self.folder.scaling)
            advance(1)
            measure_synergy(table, self.config.languages).write(self.folder.synergy)
            advance(1)
            self._fit_papers_law(table)
            advance(1)
        self._timings.add("fit", seconds=time.monotonic() - begun)
        return law

    def _fit_papers_law(self, table: RunsTable) -> None:
        """The law of Yang et al. beside the chosen one; where these runs cannot give it, a line that says why. Nothing
        later needs it.
        """
        from codescale.laws.fitting.fit import fit_law
        from codescale.laws.law import save_law

        section, path = self.config.fit, self.folder.proportional
        try:
            paper = fit_law(
                table, "proportional", seed=self.config.seed, bootstrap=section.bootstrap, progress=self.progress
            )
        except UserError as error:
            with writing(path):
                path.unlink(missing_ok=True)
            self.progress.say(f"left out the paper's law, proportional, fitted beside {section.law}: {error.problem}")
            return
        save_law(paper, path)

    def _organised(self, table: RunsTable) -> RunsTable:
        """The runs of ``table`` that were organised as the study says. Raises :class:`UserError` where all that
        CodeScale knows the organisation of were organised otherwise.
        """
        own, found = self.config.training.organisation, set(table.organisation)
        if found and own not in found and found <= set(ORGANISATIONS):
            raise UserError(
                self.folder.runs_table,
                f"has no {own} runs of a sweep, as training.organisation says",
                f"run codescale sweep {self.folder.root.name} first, or set it to {' or '.join(sorted(found))}",
            )
        return table.organised(own)

    def optimize(self) -> Mixture:
        """Computes the mixture that the law predicts to be best at the study's target, by its weights and bounds.

        A search space may ask another question; search and comparison then take the law's answer to that.
        """
        from codescale.allocation.files import write_mixture
        from codescale.allocation.optimize import optimize_mixture

        begun = time.monotonic()
        target = self.config.target
        allocation = optimize_mixture(
            self._law(),
            self.config.target_params(),
            target.n_tokens,
            weights=self.config.weights(),
            bounds=dict(target.bounds),
            available=self._availability(),
            seed=self.config.seed,
        )
        write_mixture(self.folder.mixture, allocation, self.folder.law.name, self.config.training.organisation)
        self._timings.add("optimize", seconds=time.monotonic() - begun)
        return allocation.mixture

    def forecast_search(self) -> Forecast:
        """What the search and its proof may cost, and what differences they can resolve; trains for seconds at most.

        Raises :class:`UserError` for what the search would refuse, such as more workers for a trial than there are.
        """
        from codescale.cluster.ray_cluster import workers_here
        from codescale.search.cost import forecast_search, recorded_speed
        from codescale.search.objective.seed_noise import seed_noise
        from codescale.search.objective.study_space import settled, study_space
        from codescale.search.objective.weights import alike, objective_of
        from codescale.search.pareto import refuse_too_few
        from codescale.search.tune.run import placement

        space = study_space(self.config, self.folder)
        config = settled(self.config, space)
        refuse_too_few(config, space)
        records = read_records(self.folder.runs)
        objective = objective_of(config, alike(space))
        noise = seed_noise(records, objective, config.sizes[config.search.size].n_params)
        workers = workers_here(config)
        if "RAY_ADDRESS" not in os.environ:  # a cluster says only when it is joined what it has
            placement(config, workers)
        speed = recorded_speed(records, config.search.size, workers.count) or self._measured_speed(config, workers)
        return forecast_search(config, noise, speed)

    def _measured_speed(self, config: StudyConfig, workers: Workers) -> Speed:
        """A worker's speed by a few steps of a trial, where there is room for one."""
        from codescale.search.cost import measured_speed
        from codescale.search.space.space import SearchPoint
        from codescale.search.trials.spec import TrialPlan

        trial = TrialPlan(config, "").spec(0, SearchPoint(config.uniform(), {}))
        self._check_memory([trial])
        return measured_speed(config, workers.count, workers.threads)

    def search(self) -> dict[str, Any]:
        """Searches around the law's optimum with real runs on Ray Tune and Optuna. Returns what search.json holds."""
        from codescale.cluster.ray_cluster import started_ray
        from codescale.search.objective.study_space import settled, study_space
        from codescale.search.pareto import refuse_too_few, run_front
        from codescale.search.run import run_search
        from codescale.training.factory import session_factory

        corpus = self._corpus()
        space = study_space(self.config, self.folder)
        self._check_organisation(space)
        config = settled(self._with_unique_tokens(settled(self.config, space).search.tokens), space)
        refuse_too_few(config, space)
        opener = session_factory(self.config, self.folder.corpus, self.folder.checkpoints, self.folder.tensorboard)
        if config.target != self.config.target:
            self.progress.say(
                f"{space.path} has an objective or a target of its own: search and comparison go by it, "
                f"{self.folder.mixture.name} is for that of {self.folder.config_file.name}"
            )
        with started_ray(self.config):
            common = (config, self.folder, space, corpus.corpus_id, opener)
            if len(space.aims) > 1:
                result = run_front(
                    *common, lambda narrowed: self._warm(config, narrowed), self.progress, self._with_checks
                )
            else:
                result = run_search(*common, self._warm(config, space), self.progress)
                result = self._with_checks(config, space, result)
                write_json(self.folder.search, result)
        self._publish()
        self._timings.put(
            "search",
            seconds=result["seconds"],
            orchestration=result["overhead_seconds"],
            records=[record for record in read_records(self.folder.runs) if record.spec.stage in ("trial", "check")],
        )
        return result

    def compare(self) -> dict[str, Any]:
        """Trains uniform, predicted best and the search's choice with fresh seeds in one Ray Train job and judges them,
        at a larger scale too where the study has one.
        """
        from codescale.comparison.plan import comparison_runs
        from codescale.comparison.scales import both_scales
        from codescale.search.objective.study_space import settled, study_space

        self._corpus()
        space = study_space(self.config, self.folder)
        config = settled(self.config, space)
        mixtures, best = self._compared(config, space)
        plans = {
            scale: comparison_runs(
                config, scale, mixtures, self._unique_tokens(scale.tokens), best["hyper"], best.get(ORGANISATION)
            )
            for scale in config.comparison.scales
        }
        wanted = {spec.run_id: spec for plan in plans.values() for specs in plan.values() for spec in specs}
        self._train_together(list(wanted.values()))
        judged = [self._judged(config, scale, plan) for scale, plan in plans.items()]
        proxy = config.sizes[config.search.size].n_params
        result = both_scales(judged[0], judged[1] if len(judged) > 1 else None, proxy)
        write_json(self.folder.comparison, result)
        self._publish()
        return result

    def _compared(self, config: StudyConfig, space: SearchSpace) -> tuple[dict[str, Mixture], dict[str, Any]]:
        """The mixtures to compare, and the trial that the search recommends, whose hyperparameters all have.

        The law's best and the search's keep the rules of one ``space`` and are judged by one weighting.
        """
        from codescale.search.law_optimum import law_optimum

        search = read_json(self._need(self.folder.search, "codescale search"))
        best = search.get("recommended") or search["incumbent"]
        mixtures = {
            UNIFORM: self.config.uniform(),
            PREDICTED: law_optimum(self._law(), config, space, self._availability()),
            MEASURED: Mixture(best["proportions"]),
        }
        return mixtures, best

    def _judged(self, config: StudyConfig, scale: Scale, plan: dict[str, list[RunSpec]]) -> dict[str, Any]:
        from codescale.comparison.compare import compare

        records = {record.spec.run_id: record for record in read_records(self.folder.runs)}
        return compare(
            config,
            scale,
            self._corpus(),
            self._law(),
            {role: [records[spec.run_id] for spec in specs] for role, specs in plan.items()},
            self.folder.test_losses,
            {language: self.label(language) for language in self.config.languages},
        )

    def train(
        self,
        *,
        size: str | None = None,
        tokens: int | None = None,
        mixture: Mixture | None = None,
        output: str | Path | None = None,
        seed: int | None = None,
        organisation: Organisation | None = None,
        section: TrainSection | None = None,
    ) -> tuple[RunRecord, Path]:
        """Trains one model on one mixture, on one worker or many, and writes a folder that transformers opens.

        Default are the target's size and tokens, the mixture that ``optimize`` found (the uniform one before that), and
        a folder in ``models``; ``organisation`` and ``section`` stand for study.yaml's ``training.organisation`` and
        ``train``. Returns the run's record, whose status is
        ``diverged`` where there is no model, and the folder.
        """
        from codescale.sweeps.single import model_in, runs_of_model, train_model

        config = self.config if section is None else self.config.model_copy(update={"train": section})
        size = size or config.target.size
        if size is None:
            raise UserError(
                "--size", "is missing, the study's target has none", f"use one of {', '.join(config.sizes)}"
            )
        tokens = tokens or config.target.n_tokens
        if mixture is None:
            mixture = self._mixture() if self.folder.mixture.exists() else config.uniform()
        seed = config.seed if seed is None else seed
        if organisation is not None:
            training = config.training.model_copy(update={ORGANISATION: organisation})
            config = config.model_copy(update={"training": training})
        if config.training.organisation == PAIRED:
            given = f"{self.folder.config_file}, training.organisation"
            self._refuse_untranslated(given if organisation is None else f"--{ORGANISATION}")
        runs = runs_of_model(config, self._corpus().corpus_id, size, tokens, mixture, seed)
        place = Path(output).absolute() if output else self.folder.models / runs[0].run_id
        done = model_in(place, runs)
        if done is not None:
            return done, place
        self._say_repeated(mixture, tokens)
        record = train_model(runs, config, self.folder, place, self.progress)
        self._publish()
        return record, place

    def _say_repeated(self, mixture: Mixture, tokens: int) -> None:
        """Says which languages a run of ``tokens`` tokens reads more often than the study's target allows."""
        for language, available in self._available().items():
            epochs = mixture.get(language, 0.0) * tokens / available
            if epochs > self.config.target.max_epochs:
                self.progress.say(
                    f"{self.label(language)}: its {available:,} training tokens are read {epochs:.1f} times"
                )

    def report(self) -> Path:
        """Writes the report and returns its path."""
        from codescale.report.page import write_report

        return write_report(self.config, self.folder)

    def run(self) -> Path:
        """All stages, each going on where it was; Ray is started once for all of them. Returns the report's path."""
        from codescale.cluster.ray_cluster import started_ray

        self.corpus()
        begun = time.monotonic()
        with started_ray(self.config):
            self._timings.add("start Ray", seconds=time.monotonic() - begun, orchestration=time.monotonic() - begun)
            self.sweep()
            self.fit()
            self.optimize()
            self.search()
            self.compare()
        return self.report()

    def _train(self, specs: list[RunSpec], stage: str) -> list[RunRecord]:
        from codescale.cluster.ray_cluster import started_ray
        from codescale.sweeps.execute import done_already, execute
        from codescale.sweeps.retry import retries_of

        specs = [*specs, *retries_of(done_already(self.folder, specs).values(), self.config)]
        done = done_already(self.folder, specs)
        if len(done) < len(specs):
            self._check_memory([spec for spec in specs if spec.run_id not in done])
            with started_ray(self.config) as workers:
                execution = execute(
                    specs, self.config, self.folder, workers, self.progress, self.describe, stage.capitalize()
                )
            fresh = [record for record in execution.records if record.spec.run_id not in done]
            self._timings.add(stage, seconds=execution.seconds, orchestration=execution.orchestration, records=fresh)
            done = {record.spec.run_id: record for record in execution.records}
        self._publish()
        return list(done.values())

    def _check_memory(self, specs: list[RunSpec]) -> None:
        """Refuses runs that this machine has no room for; on a cluster each worker does so for its own."""
        from codescale.sweeps.memory import memory_here

        if "RAY_ADDRESS" not in os.environ:
            memory_here(self.config, specs).check()

    def _train_together(self, specs: list[RunSpec]) -> None:
        from codescale.cluster.ray_cluster import started_ray
        from codescale.comparison.job import train_together
        from codescale.sweeps.execute import done_already

        done = done_already(self.folder, specs)
        if len(done) == len(specs):
            return
        with started_ray(self.config) as workers:
            execution = train_together(specs, self.config, self.folder, workers, self.progress, self.describe)
        self._timings.add(
            "compare", seconds=execution.seconds, orchestration=execution.orchestration, records=execution.records
        )

    def describe(self, record: RunRecord) -> str:
        """One line about a run that has just ended."""
        if record.status != "ok":
            return f"{record.spec.run_id}: {record.status} {record.note}"
        losses = record.final_losses()
        own = [language for language in record.spec.mixture.support if language in losses]
        shown = own if len(own) < 3 else list(losses)
        mean = sum(losses[language] for language in shown) / len(shown)
        forgotten = "".join(f", {name} {rise:+.3f}" for name, rise in record.forgetting().items())
        since = f"; since the start{forgotten.removeprefix(',')}" if forgotten else ""
        return f"{record.spec.run_id}: loss {mean:.3f} nats per token{since}, {record.seconds:.0f} s"

    def _publish(self) -> None:
        from codescale.training.metrics.tensorboard import write_curves

        records = read_records(self.folder.runs)
        compact(records, self.folder.runs_table)
        write_curves(self.folder.tensorboard, records)

    def _corpus(self) -> Corpus:
        """The corpus, every shard verified: once for a study object, since a large one takes long to read."""
        from codescale.corpus.reader import open_corpus

        if self._opened is None:
            self._opened = open_corpus(self.folder.corpus)
        return self._opened

    def _available(self) -> dict[str, int]:
        corpus = self._corpus()
        missing = [language for language in self.config.languages if language not in corpus.languages]
        if missing:
            raise UserError(self.folder.manifest, f"{missing[0]} is not in the corpus", "run codescale corpus again")
        return {language: corpus.count_tokens(language, "training") for language in self.config.languages}

    def _unique_tokens(self, tokens: int) -> int | dict[str, int] | None:
        from codescale.sweeps.plan import unique_tokens_of

        return unique_tokens_of(self.config, self._available(), tokens)

    def _check_ahead(self) -> None:
        """Refuses, before anything is trained, what a later stage would refuse: its space and bounds in conflict."""
        from codescale.mixtures.feasible import feasible_set
        from codescale.search.objective.study_space import study_space
        from codescale.sweeps.plan import check_repetition

        space = study_space(self.config, self.folder)
        self._check_organisation(space)
        highest = {language: high for language, (_, high) in space.bounds.items()}
        for stage in ("search", "comparison"):
            tokens = getattr(self.config, stage).tokens
            check_repetition(self.config, self._available(), f"a run of the {stage}", highest, tokens)
        target = self.config.target
        feasible_set(self.config.languages, target.n_tokens, dict(target.bounds), self._availability())

    def _check_organisation(self, space: SearchSpace) -> None:
        """Refuses to pair, or to search whether to, where the corpus has nothing to pair."""
        if self.config.training.organisation == PAIRED:
            self._refuse_untranslated(f"{self.folder.config_file}, training.organisation")
        if space.frees_organisation:
            self._refuse_untranslated(f"{space.path}, hyperparameters.{ORGANISATION}")

    def _refuse_untranslated(self, where: str) -> None:
        from codescale.training.data.pairing import refuse_untranslated

        refuse_untranslated(self._corpus(), self.config.training.pivot, where)

    def _with_unique_tokens(self, tokens: int) -> StudyConfig:
        """The configuration with the unique tokens that every run of ``tokens`` tokens is held to: trials repeat as the
        sweep's runs do.
        """
        sweep = self.config.sweep.model_copy(update={"unique_tokens": self._unique_tokens(tokens)})
        return self.config.model_copy(update={"sweep": sweep})

    def _availability(self) -> Any:
        from codescale.mixtures.bounds import Available
        from codescale.sweeps.plan import target_tokens

        tokens = {name: float(count) for name, count in target_tokens(self.config, self._available()).items()}
        return Available(max_epochs=self.config.target.max_epochs, tokens=tokens)

    def _law(self) -> Law:
        from codescale.laws.law import load_law

        return load_law(self._need(self.folder.law, "codescale fit"))

    def _mixture(self) -> Mixture:
        from codescale.mixtures.files import read_mixture

        return read_mixture(self._need(self.folder.mixture, "codescale optimize"))

    def _warm(self, config: StudyConfig, space: SearchSpace) -> WarmStart:
        """What the law and the sweep tell a search of ``space``."""
        from codescale.search.law_optimum import law_draws, law_optimum
        from codescale.search.objective.seed_noise import sweep_noise
        from codescale.search.objective.weights import objective_of
        from codescale.search.warm_start import WarmStart

        law, n_params = self._law(), config.sizes[config.search.size].n_params
        noise = sweep_noise(read_records(self.folder.runs), objective_of(config, space), n_params)
        return WarmStart(
            law_optimum=law_optimum(law, config, space, self._availability()),
            bootstrap_optima=law_draws(law, config, space, THOMPSON_DRAWS),
            evaluated=self._with_the_trials_seed(),
            law=law,
            runs=self._fresh_runs(self._corpus().corpus_id),
            noise=None if noise is None else noise.deviation,
        )

    def _with_checks(self, config: StudyConfig, space: SearchSpace, result: dict[str, Any]) -> dict[str, Any]:
        """Trains stopped trials that are drawn at random to their end, and says how often stopping was wrong."""
        from codescale.search.objective.weights import objective_of
        from codescale.search.trials.pruning_audit import drawn, with_checks

        stopped = [entry["run_id"] for entry in result["trials"] if entry["state"] == "PRUNED"]
        records = {record.spec.run_id: record for record in read_records(self.folder.runs)}
        specs = drawn([records[run_id] for run_id in stopped], config.search.check_pruned, config.seed)
        if not specs:
            return result
        return with_checks(result, self._train(specs, "check"), objective_of(config, space))

    def _with_the_trials_seed(self) -> list[RunRecord]:
        """The sweep's runs under the trials' seed; the search takes those of its own N, D and unique tokens."""
        return [
            record
            for record in read_records(self.folder.runs)
            if record.status == "ok"
            and not record.spec.is_retry
            and record.spec.stage in ("grid", "mixture")
            and record.spec.seed == self.config.seed
        ]

    def _fresh_runs(self, corpus_id: str) -> RunsTable | None:
        """The sweep's runs that hardly repeat tokens, at every scale, on one corpus: what our sampler learns from."""
        import numpy as np

        if not self.folder.runs_table.exists():
            return None
        table = read_runs(self.folder.runs_table)
        if "stage" not in table.table.column_names:
            return None
        fresh = np.array([stage in ("grid", "mixture") for stage in table.table["stage"].to_pylist()], dtype=bool)
        start = self.config.start_id
        fresh &= table.corpus_id == corpus_id + (f"-{start}" if start else "")
        fresh &= table.organisation == self.config.training.organisation
        return table.select(fresh) if fresh.any() else None

    def _need(self, path: Path, command: str) -> Path:
        if not path.exists():
            raise UserError(path, "no such file", f"run {command} {self.folder.root.name} first")
        return path


def open_study(folder: str | Path, preset: str, progress: Progress) -> Study:
    """The study in ``folder``, made from ``preset`` where there is none yet."""
    if not StudyFolder(Path(folder)).config_file.exists():
        return Study.create(folder, preset, progress)
    return Study(folder, progress)


__all__ = ["Study", "StudyConfig", "open_study"]
