"""What a design is planned for: space, scales, target and law, said by a few words or found in a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from codescale.arrays import Array
from codescale.designs.candidates import asked_shares
from codescale.designs.choice import Candidates, LawToFit, at_scales
from codescale.errors import UserError
from codescale.laws.forms.curve import CurveForm
from codescale.laws.forms.registry import FORMS
from codescale.laws.observations import Observations, narrow, observe
from codescale.runs.table import RunsTable
from codescale.search.space.schema import read_space_file
from codescale.search.space.space import SearchSpace, load_space, space_path
from codescale.study.languages import default_weights, load_registry

_ASKED = 256
"""Mixtures at which the law shall predict well."""


@dataclass(frozen=True)
class Plan:
    """What is planned for, worked out once: runs of ``space`` at one of ``scales``, for a ``law`` that is asked at the
    ``target``.
    """

    space: SearchSpace
    scales: tuple[tuple[float, float], ...]
    target: tuple[float, float]
    law: LawToFit
    seed: int

    @property
    def asked(self) -> Candidates:
        """Where the law shall predict well."""
        return at_scales(asked_shares(self.space, _ASKED, self.seed + 1), [self.target])


def plan_of(
    space: str | Path,
    n_params: float | Sequence[float] | None,
    n_tokens: float | Sequence[float] | None,
    domains: Sequence[str] | None,
    law: str,
    table: RunsTable | None,
    weights: Mapping[str, float] | None,
    seed: int,
) -> Plan:
    given = read_space_file(space_path(space))
    names = _domains(domains, given.languages, table)
    scales = _scales(n_params, n_tokens, given.proxy.tokens, table)
    largest = max(scales, key=lambda one: one[0] * one[1])
    target = (given.target.n_params or largest[0], given.target.n_tokens or largest[1])
    loaded = load_space(space, names, target[1])
    form = FORMS[law]
    assert isinstance(form, CurveForm)
    known = None if table is None else _known(table, tuple(loaded.bounds))
    targets = names_of_targets(known, loaded)
    aim = dict(loaded.aims[0].weights) if len(loaded.aims) == 1 else None
    weight = _weights(weights or aim or default_weights(targets, load_registry()), targets)
    values = None if known is None else form.fit(known, np.ones((1, len(known))))[0]
    noise = None if known is None or values is None else _noise(form, known, values)
    return Plan(
        loaded, scales, target, LawToFit(form, tuple(loaded.bounds), targets, weight, known, values, noise), seed
    )


def _noise(form: CurveForm, known: Observations, values: Array) -> float:
    """The deviation of the log losses of ``known`` around the law ``values``, at least what the form takes it for."""
    parts = [
        form.log_losses(values[k][None], known.domains, known.log_params, known.log_tokens, known.shares)[0]
        for k in range(len(known.targets))
    ]
    residuals = np.column_stack(parts) - known.log_losses
    freedom = max(len(known) - float(form.effective_parameters(known, values).mean()), 1.0)
    found = np.sqrt(np.nanmean(residuals**2) * len(known) / freedom)
    return float(max(found, np.sqrt(form.strength)))


def _weights(given: Mapping[str, float], targets: tuple[str, ...]) -> Array:
    """(targets,) that sum to 1."""
    if strange := [name for name in given if name not in targets]:
        raise UserError(f"weights, {strange[0]}", "is no loss that would be measured", f"use {', '.join(targets)}")
    weight = np.array([float(given.get(name, 0.0)) for name in targets])
    if weight.sum() <= 0:
        raise UserError("weights", "are all 0", "give one of the losses a weight")
    return np.asarray(weight / weight.sum())


def names_of_targets(known: Observations | None, space: SearchSpace) -> tuple[str, ...]:
    """Whose losses will be measured: those of the table, else those of the languages that may have a share."""
    if known is not None:
        return known.targets
    return tuple(name for name, (_, high) in space.bounds.items() if high > 0)


def _domains(given: Sequence[str] | None, languages: object, table: RunsTable | None) -> tuple[str, ...]:
    if given:
        return tuple(given)
    if table is not None:
        return table.domains
    if isinstance(languages, dict):
        return tuple(languages)
    raise UserError("--domains", "is missing: the space takes whatever languages there are", "name them: --domains a,b")


def _scales(
    n_params: float | Sequence[float] | None,
    n_tokens: float | Sequence[float] | None,
    proxy_tokens: float | None,
    table: RunsTable | None,
) -> tuple[tuple[float, float], ...]:
    largest = (None, None) if table is None else (float(table.n_params.max()), float(table.n_tokens.max()))
    found = []
    for word, value, usual in (
        ("--params", n_params, largest[0]),
        ("--tokens", n_tokens, proxy_tokens or largest[1]),
    ):
        several = [value] if isinstance(value, int | float) else list(value or ([] if usual is None else [usual]))
        if not several:
            raise UserError(word, "is missing", "say what the runs are to be: --params N --tokens D")
        for one in several:
            if not (np.isfinite(one) and 1 <= one < 1e30):
                raise UserError(word, f"{one:g} is not a count", "give a number of 1 or more")
        found.append(sorted(set(map(float, several))))
    return tuple((params, tokens) for params in found[0] for tokens in found[1])


def _known(table: RunsTable, domains: tuple[str, ...]) -> Observations:
    """The fittable rows of ``table``, over the space's ``domains``."""
    rows = observe(narrow(table))
    rows = rows.rows(rows.usable)
    columns = [rows.domains.index(name) for name in domains]
    return replace(rows, domains=domains, shares=rows.shares[:, columns], unique_tokens=rows.unique_tokens[:, columns])
