"""The next runs, all at once, from a runs table and nothing else: what ``codescale suggest`` does, and Python's
``codescale.suggest``.

The table becomes a search that stands still: its rows are told to our sampler, which is then asked as often as wanted,
each suggestion under way for the next. A table that holds the runs of a search gets the trials that the search would
have tried next. Nothing is kept between two calls.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count as counted
from pathlib import Path

import numpy as np
import optuna
import pyarrow as pa
from optuna.trial import TrialState

from codescale.errors import UserError
from codescale.laws.fitting.threads import one_blas_thread
from codescale.laws.law import Law
from codescale.mixtures.bounds import AvailableTokens
from codescale.mixtures.mixture import Mixture
from codescale.organisation import ORGANISATION, organisation_of
from codescale.runs.records import HYPER, LOSS, PROPORTION
from codescale.runs.table import LOSS_UNIT, RunsTable
from codescale.runs.units import LossUnit
from codescale.search.bayesopt.sampler import LawSampler
from codescale.search.bayesopt.settings import DEFAULT_SETTINGS
from codescale.search.bayesopt.termination import Terminator
from codescale.search.law_optimum import law_optimum
from codescale.search.proposal import add_trial, enqueue, propose
from codescale.search.space.distributions import typed
from codescale.search.space.schema import read_space_file
from codescale.search.space.space import SearchPoint, space_path
from codescale.search.tables.question import TableQuestion, one_recipe, question_of
from codescale.search.tables.suggestions import CurrentBest, Suggestion, Suggestions
from codescale.search.tables.trials import TableTrial, TableTrials, objective_noise, table_trials, target_noise
from codescale.search.trials.history import TrialSource
from codescale.search.warm_start import distinct_starts

MOST_SUGGESTIONS = 1000
"""More than any table's next step."""


def suggest(
    table: RunsTable,
    space: str | Path,
    count: int = 8,
    *,
    weights: Mapping[str, float] | None = None,
    n_params: float | None = None,
    n_tokens: float | None = None,
    law: Law | None = None,
    seed: int = 0,
    corpus_id: str | None = None,
    organisation: str | None = None,
    hyper: Mapping[str, float] | None = None,
) -> Suggestions:
    """The next ``count`` runs of ``table``. The same table and seed give the same suggestions.

    Parameters
    ----------
    table
        The runs so far. Rows of status ``running``, and rows without a loss, are under way; those at other N and D,
        with other values of the hyperparameters that the space frees, or pruned, inform as in ``codescale search``.
    space
        What may vary: a name of ``search_spaces/`` or the path of a YAML file.
    weights
        Of the losses; None: the space's objective, else every target alike but natural-language text.
    n_params, n_tokens
        N and D of the suggested runs; None: those of most runs of the table.
    law
        One that was fitted before: its optimum comes first, and the sampler learns how far it holds.
    seed
        Decides the suggestions, and of runs that differ in their seed alone which one is the trial.
    corpus_id, organisation, hyper
        Which rows to take of a table that holds several corpora, organisations, or values of a hyperparameter that the
        space does not free.

    Raises
    ------
    UserError
        For a space, weights, an N or a D that are wrong, a table of several recipes of which none was named, and a law
        in another unit.
    """
    if not 1 <= count <= MOST_SUGGESTIONS:
        raise UserError("--count", f"{count} is no number of runs", f"give a number from 1 to {MOST_SUGGESTIONS}")
    free = tuple(read_space_file(space_path(space)).hyperparameters)
    rows = one_recipe(table, free, corpus_id, organisation, hyper)
    question = question_of(rows, space, weights, n_params, n_tokens, seed)
    if law is not None and law.loss_unit is not rows.loss_unit and rows.has_losses:
        problem = f"its losses are {law.loss_unit}, those of {rows.path} {rows.loss_unit}"
        raise UserError("--law", problem, "fit it to runs in the same unit")
    with one_blas_thread():
        return _Adviser(rows, question, law).suggestions(count)


class _Adviser:
    """A search of ``question`` that stands where ``rows`` say."""

    def __init__(self, rows: RunsTable, question: TableQuestion, law: Law | None) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.rows, self.question = rows, question
        self.known = table_trials(rows, question)
        self.noise = objective_noise(rows, question)
        self.sampler = _sampler(rows, question, self.known, law, self.noise)
        self.study = optuna.create_study(sampler=self.sampler)
        for one in self.known.trials:
            add_trial(
                self.study,
                question.space,
                typed(question.space.parameters(one.point)),
                one.state,
                one.value,
                one.attributes,
                one.evaluations,
            )
        self.starts = [
            (source, point)
            for source, point in _starts(question, law)
            if not any(point.same(one.point) for one in self.known.trials)
        ]
        for _, point in self.starts:
            enqueue(self.study, question.space, point)

    def suggestions(self, count: int) -> Suggestions:
        """The next ``count`` runs. A few more are asked for, where that decides whether any is worth its cost."""
        best, regret = self._best(), self.sampler.expected_regret(self.study)
        unit = str(self.rows.loss_unit) if self.question.objective.losses_alone else ""
        terminator = Terminator(self.noise, unit=unit)
        found: list[Suggestion] = []
        names = self._names()
        for asked in range(max(count, DEFAULT_SETTINGS.patience)):
            if asked >= count and (self.noise is None or found[-1].gain is None or found[-1].gain >= self.noise):
                break
            found.append(self._next(asked, next(names)))
            if found[-1].source == "sampler":
                terminator.observe(self.sampler)
        chosen = tuple(found[:count])
        return Suggestions(
            runs=chosen,
            table=self._table(chosen),
            best=best,
            regret=regret,
            noise=self.noise,
            stop=terminator.verdict,
            proxy=self.question.proxy,
            counts=self._counts(),
            unit=unit,
        )

    def _next(self, asked: int, run_id: str) -> Suggestion:
        _, point = propose(self.study, self.sampler, self.question.space, self.known.numbered + asked)
        source = self.starts[asked][0] if asked < len(self.starts) else "sampler"
        try:
            expected, deviation = self.sampler.expected(self.study, [point])
        except ValueError:
            return Suggestion(run_id, point, source)
        gain = self.sampler.expected_improvement() if source == "sampler" else None
        return Suggestion(run_id, point, source, float(expected[0]), float(deviation[0]), gain)

    def _best(self) -> CurrentBest | None:
        finished = self.known.of(TrialState.COMPLETE)
        if not finished:
            return None
        try:
            found = self.sampler.recommended_of(self.study, [one.point for one in finished])
        except ValueError:
            least = min(finished, key=_value)
            return CurrentBest(least.run_id, least.point, least.value, None, None)
        run = None if found.position is None else finished[found.position]
        return CurrentBest(
            run_id=None if run is None else run.run_id,
            point=found.point,
            measured=None if run is None else run.value,
            expected=found.expected,
            deviation=found.deviation,
            keeps_rule=found.keeps_rule,
        )

    def _names(self) -> Iterator[str]:
        """Ids that no run of the table has."""
        taken = {str(one) for one in self.rows.run_id} | {str(one) for one in self.rows.trunk}
        names = (f"next-{number:04d}" for number in counted(self.known.numbered))
        return (name for name in names if name not in taken)

    def _counts(self) -> dict[str, int]:
        known = self.known
        states = {"finished": "COMPLETE", "pruned": "PRUNED", "diverged": "FAIL", "under way": "RUNNING"}
        found = {word: len(known.of(TrialState[state])) for word, state in states.items()}
        earlier = 0 if known.earlier is None else len(known.earlier)
        return found | {"earlier": earlier, "lack": known.lack}

    def _table(self, runs: tuple[Suggestion, ...]) -> pa.Table:
        question, rows = self.question, self.rows
        columns: dict[str, list[object]] = {
            "run_id": [one.run_id for one in runs],
            "stage": ["trial"] * len(runs),
            "n_params": [question.proxy.n_params] * len(runs),
            "n_tokens": [question.proxy.n_tokens] * len(runs),
        }
        for name in rows.domains:
            columns[PROPORTION + name] = [one.point.mixture.get(name, 0.0) for one in runs]
        for name in question.space.hyperparameters:
            if name != ORGANISATION:
                columns[HYPER + name] = [one.point.hyper[name] for one in runs]
        for name, values in rows.hyper.items():
            if name not in question.space.hyperparameters:
                columns[HYPER + name] = [None if np.isnan(values[0]) else float(values[0])] * len(runs)
        columns["organisation"] = [self._organisation(one.point) for one in runs]
        if corpora := sorted({str(one) for one in rows.corpus_id if one}):
            columns["corpus_id"] = [corpora[0]] * len(runs)
        if np.isfinite(rows.seed).any():
            columns["seed"] = [question.seed] * len(runs)
        if rows.loss_unit is not LossUnit.NATS_PER_TOKEN:
            columns[LOSS_UNIT] = [str(rows.loss_unit)] * len(runs)
        columns["expected.objective"] = [one.expected for one in runs]
        columns["expected.deviation"] = [one.deviation for one in runs]
        columns["expected.gain"] = [one.gain for one in runs]
        typed_columns = {name: pa.array(values) for name, values in columns.items()}
        losses = {LOSS + name: pa.nulls(len(runs), pa.float64()) for name in rows.targets}
        return pa.table(typed_columns | losses)

    def _organisation(self, point: SearchPoint) -> str:
        if ORGANISATION in point.hyper:
            return organisation_of(point.hyper[ORGANISATION])
        return self.question.organisation


def _value(one: TableTrial) -> float:
    assert one.value is not None
    return one.value


def _sampler(
    rows: RunsTable, question: TableQuestion, known: TableTrials, law: Law | None, noise: float | None
) -> LawSampler:
    objective, rule, reference = question.objective, question.no_harm, question.reference
    weights = objective.weights if rule is None else rule.targets(objective.weights)
    return LawSampler(
        question.space,
        weights=weights if objective.losses_alone else None,
        n_params=question.proxy.n_params,
        n_tokens=question.proxy.n_tokens,
        law=law,
        runs=known.earlier,
        hyper=question.usual_hyper,
        noise=noise,
        target_noise=target_noise(rows, question),
        seed=question.seed,
        no_harm=None if rule is None or reference is None else (rule.rule, reference),
    )


def _starts(question: TableQuestion, law: Law | None) -> list[tuple[TrialSource, SearchPoint]]:
    """What is tried before the sampler is asked: the rule's reference and the law's optimum."""
    given: list[tuple[TrialSource, Mixture]] = []
    if law is not None and question.objective.losses_alone:
        optimum = law_optimum(law, question, AvailableTokens(tokens={}))
        given.append(("law", optimum))
    return distinct_starts(question.space, question.usual_hyper, question.reference, given)
