"""The rows of a runs table as the trials of a search: finished, stopped early, diverged, or under way.

What was trained at a trial's N and D, at a point of the space, is a trial. Everything else that finished informs as a
sweep does: at other scales, outside the space, or the same point under another seed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from optuna.trial import TrialState

from codescale.arrays import Integers, Mask
from codescale.laws.replicates import mixture_noise, shared_part
from codescale.mixtures.mixture import Mixture
from codescale.runs.records import SWEEP_STAGES
from codescale.runs.seed_noise import RecipeSpread, pooled_noise
from codescale.runs.table import RunsTable
from codescale.search.bayesopt.dataset import trained_with
from codescale.search.bayesopt.seed_noise import TargetNoise
from codescale.search.bayesopt.trial_reader import DIVERGED, INTERMEDIATE_LOSSES, LOSSES
from codescale.search.space.space import SearchPoint, SearchSpace
from codescale.search.tables.question import TableQuestion, under_way

_INFORMATIVE = {"grid", "mixture", "trial", "check", ""}
"""Stages whose runs teach: a pair's baselines repeat tokens on purpose, a comparison is what a search is judged by."""
_ROUNDED = 1e-3
"""How far a share may lie outside the space, as a table rounds it, and count as the nearest mixture inside."""


@dataclass(frozen=True)
class TableTrial:
    """One run of the table at a trial's scale.

    Parameters
    ----------
    run_id
        Of its final row, or of its last one.
    state
        COMPLETE, PRUNED, FAIL (it diverged) or RUNNING.
    value
        The objective of a COMPLETE one, in the table's unit.
    losses
        At its end, of all that weigh or are protected; None where the objective is more than losses.
    evaluations, evaluation_losses
        The objective and the losses by training tokens, before the end.
    swept
        Whether a sweep planned it, not a search.
    """

    run_id: str
    state: TrialState
    point: SearchPoint
    seed: float
    swept: bool
    value: float | None = None
    losses: dict[str, float] | None = None
    evaluations: Mapping[int, float] = field(default_factory=dict)
    evaluation_losses: Mapping[str, dict[str, float]] = field(default_factory=dict)

    @property
    def attributes(self) -> dict[str, Any]:
        """What samplers read beside the value."""
        diverged = {DIVERGED: True} if self.state == TrialState.FAIL else {}
        return {LOSSES: self.losses, INTERMEDIATE_LOSSES: dict(self.evaluation_losses), **diverged}


@dataclass(frozen=True)
class TableTrials:
    """All that a table knows: its ``trials`` in order, those of a sweep first; ``earlier`` runs, which inform as a
    sweep does, None without any; how many trials a search would have ``numbered`` so far; and how many runs at the
    trials' scale teach nothing, since they ``lack`` a loss that weighs.
    """

    trials: tuple[TableTrial, ...]
    earlier: RunsTable | None
    numbered: int
    lack: int

    def of(self, state: TrialState) -> list[TableTrial]:
        """Those in ``state``, in order."""
        return [one for one in self.trials if one.state == state]


def table_trials(table: RunsTable, question: TableQuestion) -> TableTrials:
    """The runs of ``table``, whose rows are of one recipe, as trials of ``question``."""
    reader = _Reader(table, question)
    found = [one for rows in reader.runs() if (one := reader.trial(rows)) is not None]
    found = _one_of_each_point(found, question.seed)
    trials = sorted((one for one in found if question.space.holds(one.point)), key=lambda one: not one.swept)
    own = {one.run_id for one in trials if one.state == TrialState.COMPLETE}
    finished = reader.informative & (table.status == "ok") & table.annealed & ~np.isnan(table.losses).all(axis=1)
    earlier = finished & ~np.isin(table.run_id, list(own))
    # Rows of a trial's own run at another D are other rows of the same id where a table does not name branches.
    earlier |= finished & ~question.at_proxy(table)
    return TableTrials(tuple(trials), table.select(earlier) if earlier.any() else None, reader.numbered, reader.lacking)


class _Reader:
    """Reads the runs of a table one after another, and counts what a search would have numbered."""

    def __init__(self, table: RunsTable, question: TableQuestion) -> None:
        self.table, self.question, self.space = table, question, question.space
        self.stage = _stages(table)
        self.informative = np.isin(self.stage, list(_INFORMATIVE))
        self.under_way = under_way(table)
        self.own_params = np.abs(np.log(table.n_params) - question.log_scale.log_params) < 0.01
        self.at_end = question.at_proxy(table)
        self.hyper = trained_with(table, self.space.hyperparameters)
        self.numbered = self.lacking = 0

    def runs(self) -> list[Integers]:
        """The rows of each run of the trials' N, its branches among them, by tokens; runs in the table's order."""
        chosen = np.flatnonzero(self.informative & self.own_params & ~self.table.retried)
        groups: dict[object, list[int]] = {}
        for row in chosen.tolist():
            groups.setdefault(self.table.trunk[row], []).append(row)
        tokens = self.table.n_tokens
        return [np.array(sorted(rows, key=lambda row: tokens[row])) for rows in groups.values()]

    def trial(self, rows: Integers) -> TableTrial | None:
        """The run of ``rows`` as a trial; None where it is none, or tells nothing."""
        status = self.table.status[rows]
        ends = rows[(status == "ok") & self.table.annealed[rows] & self.at_end[rows] & ~self.under_way[rows]]
        within = rows[self.table.n_tokens[rows] <= 1.01 * self.question.proxy.n_tokens]
        if len(ends):
            self._count(ends[-1])
            return self._finished(rows, int(ends[-1]))
        if not len(within):
            return None
        last, states = int(within[-1]), set(self.table.status[within])
        for word, state in (("pruned", TrialState.PRUNED), ("diverged", TrialState.FAIL)):
            if word in states:
                self._count(last)
                return self._unfinished(within, last, state)
        if self.under_way[within].any():
            self._count(last)
            return self._unfinished(within, last, TrialState.RUNNING)
        if "failed" in states:
            self._count(last)
        return None

    def _count(self, row: int) -> None:
        self.numbered += self.stage[row] not in SWEEP_STAGES

    def _finished(self, rows: Integers, end: int) -> TableTrial | None:
        losses, value = self._losses(end), self._value(end)
        if value is None:
            self.lacking += 1
            return None
        run_ids = {self.table.run_id[end], self.table.trunk[end]}
        before = [row for row in rows.tolist() if self.table.run_id[row] in run_ids and not self.table.annealed[row]]
        return self._made(end, TrialState.COMPLETE, before, value, losses)

    def _unfinished(self, rows: Integers, last: int, state: TrialState) -> TableTrial:
        return self._made(last, state, rows.tolist() if state == TrialState.PRUNED else [], None, None)

    def _made(
        self, row: int, state: TrialState, before: list[int], value: float | None, losses: dict[str, float] | None
    ) -> TableTrial:
        values = {round(float(self.table.n_tokens[k])): self._value(k) for k in before}
        parts = {str(round(float(self.table.n_tokens[k]))): self._losses(k) for k in before}
        alone = self.question.objective.losses_alone
        return TableTrial(
            run_id=str(self.table.run_id[row]),
            state=state,
            point=self._point(row),
            seed=float(self.table.seed[row]),
            swept=self.stage[row] in SWEEP_STAGES,
            value=value,
            losses=losses if alone else None,
            evaluations={tokens: one for tokens, one in values.items() if one is not None},
            evaluation_losses={tokens: one for tokens, one in parts.items() if one is not None and alone},
        )

    def _losses(self, row: int) -> dict[str, float] | None:
        """Of all that weigh or are protected; None where one was not measured."""
        objective = self.question.objective
        found = {}
        for name in (*objective.weights, *objective.beside):
            if name not in self.table.targets:
                return None
            found[name] = float(self.table.losses[row, self.table.targets.index(name)])
        return found if all(np.isfinite(value) for value in found.values()) else None

    def _value(self, row: int) -> float | None:
        losses = self._losses(row)
        metrics = {name: float(column[row]) for name, column in self.table.metrics.items()}
        if losses is None:
            return None
        value = self.question.objective.value(losses, metrics)
        return value if np.isfinite(value) else None

    def _point(self, row: int) -> SearchPoint:
        mixture = Mixture.from_array(self.table.domains, self.table.proportions[row])
        return SearchPoint(_unrounded(mixture, self.space), self.question.usual_hyper | self.hyper[row])


def _unrounded(mixture: Mixture, space: SearchSpace) -> Mixture:
    nearest = space.inside(mixture)
    apart = max(abs(nearest.get(name, 0.0) - mixture.get(name, 0.0)) for name in {*nearest, *mixture})
    return nearest if apart <= _ROUNDED else mixture


def _stages(table: RunsTable) -> NDArray[np.object_]:
    if "stage" not in table.table.column_names:
        return np.full(len(table), "", dtype=object)
    return np.array([one or "" for one in table.table["stage"].to_pylist()], dtype=object)


def _one_of_each_point(trials: list[TableTrial], seed: int) -> list[TableTrial]:
    """``trials`` with one finished run of each point: that of ``seed`` or the commonest seed, where there is one."""
    seeds = [one.seed for one in trials if one.state == TrialState.COMPLETE and np.isfinite(one.seed)]
    wanted = seed if seed in seeds or not seeds else max(sorted(set(seeds)), key=seeds.count)
    chosen: dict[tuple[object, ...], TableTrial] = {}
    for one in trials:
        if one.state == TrialState.COMPLETE:
            key = _key(one.point)
            if key not in chosen or (one.seed == wanted and chosen[key].seed != wanted):
                chosen[key] = one
    return [one for one in trials if one.state != TrialState.COMPLETE or chosen[_key(one.point)] is one]


def _key(point: SearchPoint) -> tuple[object, ...]:
    shares = tuple(sorted((name, round(share, 6)) for name, share in point.mixture.items() if share > 0))
    return shares, tuple(sorted((name, round(value, 9)) for name, value in point.hyper.items()))


def target_noise(table: RunsTable, question: TableQuestion) -> TargetNoise | None:
    """How much seeds change the log loss of each target that weighs or is protected, as runs at the trials' scale tell;
    None where no mixture was trained twice.
    """
    objective = question.objective
    targets = (*objective.weights, *objective.beside)
    alike = _replicable(table, question)
    if not objective.losses_alone or alike is None or not set(targets) <= set(alike.targets):
        return None
    noise = mixture_noise(alike, targets)
    if noise is None:
        return None
    deviation = dict(zip(targets, noise.moderated.deviation.tolist(), strict=True))
    return TargetNoise(deviation, shared_part(alike, targets, noise))


def objective_noise(table: RunsTable, question: TableQuestion) -> float | None:
    """The standard deviation of the objective between runs of one point that differ in their seed, or were given again;
    in the table's unit. None where nothing was trained twice.
    """
    alike = _replicable(table, question)
    if alike is None:
        return None
    reader = _Reader(alike, question)
    groups: dict[tuple[object, ...], list[float]] = {}
    for rows in reader.runs():
        one = reader.trial(rows)
        if one is not None and one.value is not None:
            groups.setdefault(_key(one.point), []).append(one.value)
    noise = pooled_noise((RecipeSpread.of(np.array(values)) for values in groups.values()), 1)
    return noise.pooled if noise.degrees_of_freedom else None


def _replicable(table: RunsTable, question: TableQuestion) -> RunsTable | None:
    """The finished rows at the trials' scale that noise is told by: those of a sweep where there are any, since what a
    search tried was chosen by what it had measured.
    """
    if not table.targets:
        return None
    stage = _stages(table)
    rows: Mask = (table.status == "ok") & table.annealed & question.at_proxy(table) & np.isin(stage, list(_INFORMATIVE))
    swept = rows & np.isin(stage, list(SWEEP_STAGES))
    chosen = swept if swept.any() else rows
    return table.select(chosen) if chosen.any() else None
