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
_EDGES = "_/.- "


def _unit(written: object) -> object:
    try:
        return written if written is None or isinstance(written, LossUnit) else parse_unit(str(written), "loss_unit")
    except UserError as error:
        raise ValueError(f"{error.problem}; {error.hint}") from None


class Columns(BaseModel):
    """Where an export keeps what a runs table needs.

    ``run_id``, ``n_params``, ``n_tokens``: a column; the last two may be a number that holds for every run. ``step``
    and ``tokens_per_step`` stand for ``n_tokens`` where an export counts steps. ``proportions``, ``losses``,
    ``metrics``: a pattern with one ``*`` for the language, such as ``eval/loss/*``, or a mapping of language to column.
    ``weights_are_scaled``: whether shares are weights, to be scaled to sum 1. ``loss_unit``: of the losses; what the
    columns' names say (``bpb``, ``perplexity``), else nats per token. ``bytes_per_token``: one number, or by target;
    losses per byte are then converted to nats per token.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    run_id: str = "Name"
    n_params: _ColumnOrNumber = None
    n_tokens: _ColumnOrNumber = None
    step: str = "_step"
    tokens_per_step: _PositiveNumber | None = None
    proportions: str | dict[str, str] = "proportion.*"
    losses: str | dict[str, str] = "loss.*"
    metrics: str | dict[str, str] = "metric.*"
    weights_are_scaled: bool = False
    loss_unit: Annotated[LossUnit, BeforeValidator(_unit)] | None = None
    bytes_per_token: _PositiveNumber | dict[str, _PositiveNumber] | None = None

    def with_loss_unit(self, unit: LossUnit) -> Columns:
        """The same with losses in ``unit``. Raises :class:`UserError` where the file says another one."""
        if self.loss_unit not in (None, unit):
            raise UserError("--loss-unit", f"says {unit}, columns.yaml {self.loss_unit}", "leave one of them out")
        return self.model_copy(update={"loss_unit": unit})


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
    return {name: name[len(before) : len(name) - len(after)] or name for name in names}


def _shared_beginning(names: Sequence[str]) -> str:
    first, last = min(names), max(names)
    same = (a == b for a, b in zip(first, last, strict=False))
    return first[: next((k for k, equal in enumerate(same) if not equal), min(len(first), len(last)))]
