"""columns.yaml: which columns (or tags) of somebody's export hold what, and names without what they all share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

from codescale.errors import UserError
from codescale.files import read_yaml
from codescale.runs.units import LossUnit, parse_unit
from codescale.validation import Number, checked

_PositiveNumber = Annotated[Number, Field(gt=0, allow_inf_nan=False)]
_ColumnOrNumber = Annotated[_PositiveNumber | str | None, Field(union_mode="left_to_right")]
"""A number however it is written, 1e9 as well; what is none names a column."""
_Pattern = str | dict[str, str]
_EDGES = "_/.- "


def _unit(written: object) -> object:
    try:
        return written if written is None or isinstance(written, LossUnit) else parse_unit(str(written), "loss_unit")
    except UserError as error:
        raise ValueError(f"{error.problem}; {error.hint}") from None


class Columns(BaseModel):
    """Where a source keeps what a runs table needs; what is left out is looked for under its usual names.

    ``run_id``, ``n_params``, ``n_tokens``, ``status``, ``seed``, ``parent_run_id``, ``organisation``, ``corpus_id``,
    ``flops``: a column; N, D and the seed may be a number that holds for every run, ``organisation`` one of its words.
    ``id``: a column that tells runs of one name apart. ``annealed``: a column, or true or false for every row; where
    nothing says so, a run's last evaluation is annealed. ``step`` and ``tokens_per_step`` stand for ``n_tokens`` where
    a source counts steps. ``proportions``, ``losses``, ``metrics``, ``hyper``, ``unique_tokens``: a pattern with one
    ``*`` for the name, such as ``eval/loss/*``, or a mapping of name to column. ``weights_are_scaled``: whether shares
    are weights, to be scaled to sum 1. ``loss_unit``: of the losses; what the columns' names say (``bpb``,
    ``perplexity``), else nats per token. ``bytes_per_token``: one number, or by target; losses per byte are then
    converted to nats per token.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    run_id: str | None = None
    id: str | None = None
    n_params: _ColumnOrNumber = None
    n_tokens: _ColumnOrNumber = None
    step: str | None = None
    tokens_per_step: _PositiveNumber | None = None
    proportions: _Pattern = "proportion.*"
    losses: _Pattern = "loss.*"
    metrics: _Pattern = "metric.*"
    weights_are_scaled: bool = False
    status: str | None = None
    annealed: bool | str | None = None
    seed: Annotated[Number | str | None, Field(union_mode="left_to_right")] = None
    parent_run_id: str | None = None
    organisation: str | None = None
    corpus_id: str | None = None
    hyper: _Pattern = "hyper.*"
    unique_tokens: _Pattern = "unique_tokens.*"
    flops: str | None = None
    loss_unit: Annotated[LossUnit, BeforeValidator(_unit)] | None = None
    bytes_per_token: _PositiveNumber | dict[str, _PositiveNumber] | None = None

    def with_loss_unit(self, unit: LossUnit) -> Columns:
        """The same with losses in ``unit``. Raises :class:`UserError` where the file says another one."""
        if self.loss_unit not in (None, unit):
            raise UserError("--loss-unit", f"says {unit}, columns.yaml {self.loss_unit}", "leave one of them out")
        return self.model_copy(update={"loss_unit": unit})

    def given(self, field: str) -> bool:
        """Whether the file says ``field`` itself."""
        return field in self.model_fields_set and getattr(self, field) is not None


def read_columns(path: str | Path) -> Columns:
    """``columns.yaml``. Raises :class:`UserError` that names file and field."""
    content = read_yaml(path)
    if not isinstance(content, dict):
        raise UserError(path, "has another shape", "give a mapping such as {run_id: Name, losses: 'eval/loss/*'}")
    return checked(TypeAdapter(Columns), content, path, f"the keys are {', '.join(Columns.model_fields)}")


def matching(wanted: str | dict[str, str], names: Sequence[str]) -> dict[str, str]:
    """Language to column among ``names``: what a pattern or a mapping asks for; columns that are missing are left
    out.
    """
    if isinstance(wanted, dict):
        return {language: column for language, column in wanted.items() if column in names}
    before, star, after = wanted.partition("*")
    if not star:
        return {wanted: wanted} if wanted in names else {}
    pattern = re.compile(re.escape(before) + "(.+)" + re.escape(after), re.DOTALL)
    found = {name: pattern.fullmatch(name) for name in names}
    return {match.group(1): name for name, match in found.items() if match}


def short_names(columns: Iterable[str]) -> dict[str, str]:
    """Column to name without the beginning and the end that all share: ``train_the_pile_arxiv`` is ``arxiv``.

    Only whole words go: what is cut ends, or begins, at one of ``_ / . -`` and blanks.
    """
    names = list(columns)
    if len(names) < 2:
        return {name: name for name in names}
    before = _shared_beginning(names)
    while before and before[-1] not in _EDGES:
        before = before[:-1]
    after = _shared_beginning([name[len(before) :][::-1] for name in names])[::-1]
    while after and after[0] not in _EDGES:
        after = after[1:]
    short = {name: name[len(before) : len(name) - len(after)] for name in names}
    return short if all(short.values()) else {name: name for name in names}


def _shared_beginning(names: Sequence[str]) -> str:
    first, last = min(names), max(names)
    same = (a == b for a, b in zip(first, last, strict=False))
    return first[: next((k for k, equal in enumerate(same) if not equal), min(len(first), len(last)))]
