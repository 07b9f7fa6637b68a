"""A rule that no language may get worse: by how much at most, and beside which mixture."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from codescale.arrays import Array
from codescale.errors import UserError
from codescale.mixtures.files import read_mixture
from codescale.mixtures.mixture import Mixture, MixtureError

NATURAL, UNIFORM = "natural", "uniform"
_ENDINGS = (".yaml", ".yml")


@dataclass(frozen=True)
class NoHarmRule:
    """No language's loss may be above its loss under a reference mixture by more than a margin, set beforehand.

    Parameters
    ----------
    reference
        The mixture: a name, or the path of its file.
    margin
        In the losses' unit (nats per token), or a part of the reference's loss where ``relative``; at least 0.
    relative
        Whether the margin is a part of each loss: 0.02 for 2 %.
    """

    reference: str
    margin: float
    relative: bool

    def ceilings(self, losses: Array) -> Array:
        """The most that losses may be where those under the reference are ``losses``, of any shape."""
        return losses * (1.0 + self.margin) if self.relative else losses + self.margin

    def __str__(self) -> str:
        by = f"{100 * self.margin:g} %" if self.relative else f"{self.margin:g}"
        return f"above its loss under {self.reference} by more than {by}"


@dataclass(frozen=True)
class ResolvedNoHarm:
    """``rule`` with the mixture that its reference names."""

    rule: NoHarmRule
    reference: Mixture

    def excess(self, losses: Mapping[str, float], at_reference: Mapping[str, float]) -> list[float]:
        """By how much each of ``losses`` is above what the rule allows where those under the reference are
        ``at_reference``, in their unit and order; 0 or below where it is kept.
        """
        own, beside = (np.array([one[name] for name in at_reference]) for one in (losses, at_reference))
        return [float(value) for value in own - self.rule.ceilings(beside)]


def read_margin(given: Any) -> tuple[float, bool]:
    """A margin as written: ``0.01`` is in the losses' unit, ``2%`` a part of each loss.

    Returns
    -------
    tuple
        The margin, and whether it is a part of each loss: then 2 % is 0.02.

    Raises
    ------
    ValueError
        For what is neither, and a margin below 0 or of 100 % and more.
    """
    text = str(given).strip()
    relative = text.endswith("%")
    number = text.removesuffix("%").strip()
    if isinstance(given, bool) or not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", number):
        raise ValueError(f"{given!r} is no margin: write nats per token such as 0.01, or a part such as 2%")
    margin = float(number) / 100 if relative else float(number)
    if not 0 <= margin < (1 if relative else math.inf):
        raise ValueError(f"a margin of {text} cannot be: write 0 or more, below 100%")
    return margin, relative


def reference_mixture(
    name: str, languages: Sequence[str], tokens: Mapping[str, float] | None, where: str, folder: Path = Path()
) -> Mixture:
    """The mixture of ``languages`` called ``name``: ``uniform``, ``natural`` (as the tokens are) or a mixture's file.

    Parameters
    ----------
    tokens
        Language to the tokens available; None where nobody named any.
    where
        Field or option, for errors.
    folder
        Where a relative path begins.

    Raises
    ------
    UserError
        For another name, a file that is wrong or names another language, and tokens that are needed and not named.
    """
    if name == UNIFORM:
        return Mixture.uniform(languages)
    if name == NATURAL:
        return _natural(languages, tokens or {}, where)
    if Path(name).suffix not in _ENDINGS:
        raise UserError(where, f"{name!r} is no mixture", f"use {UNIFORM}, {NATURAL} or the path of a mixture (YAML)")
    mixture = read_mixture(folder / name)
    try:
        return Mixture.from_array(languages, mixture.array(languages))
    except MixtureError as error:
        raise UserError(f"{where}, {name}", str(error), "leave it out of the mixture") from None


def _natural(languages: Sequence[str], tokens: Mapping[str, float], where: str) -> Mixture:
    missing = [language for language in languages if language not in tokens]
    if missing:
        problem = f"{NATURAL} is as the tokens available are, and nobody named those of {', '.join(missing)}"
        raise UserError(where, problem, f"name them under available, or use {UNIFORM} or a mixture's file")
    total = sum(tokens[language] for language in languages)
    if total <= 0:
        raise UserError(where, "of no language are there tokens", f"name some, or use {UNIFORM}")
    return Mixture({language: tokens[language] / total for language in languages})
