"""The YAML files of an allocation: the best mixture, and the mixtures of a front (docs/allocation.md)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from codescale.allocation.optimize import Allocation
from codescale.allocation.pareto import Estimate, FrontPoint
from codescale.allocation.uncertainty import BaselineGain
from codescale.files import write_yaml
from codescale.organisation import ORGANISATION, SHUFFLED, Organisation
from codescale.runs.table import LOSS_UNIT
from codescale.runs.units import LossUnit


def write_mixture(
    path: str | Path, allocation: Allocation, law_path: str | Path, organisation: Organisation = SHUFFLED
) -> None:
    """Writes ``mixture.yaml`` atomically; an unknown end of an interval is null. Those of the shares and of the gain
    over equal shares are the law's bootstrap's, of 90 %. The unit of the objective is written
    where it is not nats per token, and gains over baselines where some were asked for.

    Parameters
    ----------
    path
        The file.
    allocation
        What is written of it: the mixture, its objective and interval, N and D.
    law_path
        The file of the law that it rests on.
    organisation
        Of the law's runs; written where it is not the usual one.
    """
    content: dict[str, Any] = {
        "proportions": {name: round(share, 12) for name, share in allocation.mixture.items()},
        "objective": allocation.objective,
        "interval": _ends(allocation.interval),
        "law": str(law_path),
        "n_params": float(allocation.n_params),
        "n_tokens": float(allocation.n_tokens),
    }
    if allocation.loss_unit is not LossUnit.NATS_PER_TOKEN:
        content[LOSS_UNIT] = allocation.loss_unit.value
    if organisation != SHUFFLED:
        content[ORGANISATION] = organisation
    if allocation.share_intervals:
        content["share_intervals"] = {name: _ends(ends) for name, ends in allocation.share_intervals.items()}
    content["gain_over_uniform"] = _ends(allocation.improvement)
    if allocation.gains:
        content["baselines"] = {word: _gain(one) for word, one in allocation.gains.items()}
    write_yaml(path, content)


def _gain(one: BaselineGain) -> dict[str, Any]:
    return {
        "proportions": {name: round(share, 12) for name, share in one.mixture.items()},
        "value": one.value,
        "gain": one.gain,
        "interval": _ends(one.interval),
    }


def _ends(values: Sequence[float]) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in values]


def write_front(path: str | Path, front: Sequence[FrontPoint]) -> None:
    """Writes the mixtures of a Pareto front atomically, in order; nulls, units and baselines as in
    :func:`write_mixture`.
    """
    write_yaml(
        path,
        [
            {
                "proportions": {name: round(share, 12) for name, share in one.mixture.items()},
                "first": one.first[0],
                "first_interval": _ends(one.first[1:]),
                "second": one.second[0],
                "second_interval": _ends(one.second[1:]),
            }
            | ({} if one.loss_unit is LossUnit.NATS_PER_TOKEN else {LOSS_UNIT: one.loss_unit.value})
            | ({"baselines": {word: _gains(*both) for word, both in one.gains.items()}} if one.gains else {})
            for one in front
        ],
    )


def _gains(first: Estimate, second: Estimate) -> dict[str, Any]:
    return {
        "first_gain": first[0],
        "first_interval": _ends(first[1:]),
        "second_gain": second[0],
        "second_interval": _ends(second[1:]),
    }
