"""The mixtures that a team would take without a study, by name: equal shares, as the data lies, and rules between."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator

from codescale.errors import UserError
from codescale.mixtures.bounds import AvailableTokens
from codescale.mixtures.files import read_mixture
from codescale.mixtures.mixture import Mixture, MixtureError

Kind = Literal["uniform", "natural", "temperature", "unimax", "weights", "file"]
KNOWN = "uniform, natural, temperature:0.3, unimax, unimax:4, weights or file:mixture.yaml"
"""The words of baselines, for what a person is told to write."""


@dataclass(frozen=True)
class Baseline:
    """A baseline by its kind.

    Attributes
    ----------
    kind
        ``uniform``: equal shares. ``natural``: as the tokens available are. ``temperature``: as their power ``number``.
        ``unimax``: as equal as a cap on epochs allows. ``weights``: as the objective's weights. ``file``: ``path``.
    number
        The exponent of ``temperature``; the epochs of ``unimax``, None: those that the tokens may be read for.
    path
        Of a mixture file.
    """

    kind: Kind
    number: float | None = None
    path: str | None = None

    def __str__(self) -> str:
        """The word that :func:`parse_baseline` reads, such as ``temperature:0.3``."""
        more = self.path if self.number is None else f"{self.number:.12g}"
        return self.kind if more is None else f"{self.kind}:{more}"

    def within(self, folder: Path) -> Baseline:
        """The same, with the path of its file taken from ``folder``."""
        return self if self.path is None else replace(self, path=str(folder / Path(self.path).expanduser()))


UNIFORM = Baseline("uniform")


def parse_baseline(given: str | Mapping[str, Any], where: str | Path = "--baseline") -> Baseline:
    """The baseline that a word names (``temperature:0.3``), or a mapping of one key (``{temperature: 0.3}``).

    Raises :class:`UserError` that names ``where``.
    """
    try:
        return baseline_of(given)
    except ValueError as error:
        raise UserError(where, str(error), f"write {KNOWN}") from None


def parse_baselines(given: Iterable[str | Mapping[str, Any]], where: str | Path = "--baseline") -> list[Baseline]:
    """As :func:`parse_baseline`; a baseline that is named twice is refused."""
    found: list[Baseline] = []
    for one in given:
        baseline = parse_baseline(one, where)
        if baseline in found:
            raise UserError(where, f"{baseline} is named twice", "name each baseline once")
        found.append(baseline)
    return found


def baseline_of(given: Any) -> Baseline:
    """As :func:`parse_baseline`, for the schemas of files: raises :class:`ValueError`."""
    if isinstance(given, Mapping) and len(given) == 1:
        ((kind, value),) = given.items()
    elif isinstance(given, str):
        kind, colon, value = given.partition(":")
        value = value.strip() if colon else None
    else:
        raise ValueError(f"{str(given)[:60]!r} is no baseline")
    if kind not in get_args(Kind):
        raise ValueError(f"{str(kind)[:60]!r} is no baseline")
    if kind == "file":
        if not isinstance(value, str) or not value:
            raise ValueError("file names no file: write file:mixture.yaml")
        return Baseline("file", path=value)
    if kind == "temperature":
        return Baseline("temperature", _number(kind, value, "an exponent from 0 to 1 (T = 5 is 0.2)", 0.0, 1.0))
    if kind == "unimax" and value is not None:
        return Baseline("unimax", _number(kind, value, "a number of epochs above 0", 1e-9, 1e9))
    if value is not None:
        raise ValueError(f"{kind} takes no number or file, {str(value)[:60]!r} was given")
    return Baseline(kind)


def _number(kind: str, value: Any, wanted: str, low: float, high: float) -> float:
    try:
        number = math.nan if value is None or isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if value is None:
        raise ValueError(f"{kind} names no number: {wanted} is wanted, such as {kind}:0.3")
    if not low <= number <= high:
        raise ValueError(f"{kind} is {str(value)[:60]!r}, where {wanted} is wanted")
    return number


def _word(given: Any) -> str:
    try:
        return str(baseline_of(given))
    except ValueError as error:
        raise ValueError(f"{error}: write {KNOWN}") from None


BaselineWord = Annotated[str, BeforeValidator(_word)]
"""A baseline in a file that a person writes, as word or mapping; kept as its word."""


def baseline_mixture(
    baseline: Baseline,
    domains: Sequence[str],
    available: AvailableTokens | None = None,
    weights: Mapping[str, float] | None = None,
    n_tokens: float | None = None,
    where: str | Path = "--baseline",
) -> Mixture:
    """The mixture of ``domains`` that ``baseline`` names.

    Parameters
    ----------
    baseline
        What is wanted.
    domains
        The languages that may have a share.
    available
        The tokens that there are of each, and how often they may be read; for ``natural``, ``temperature`` and
        ``unimax``.
    weights
        The objective's weights by language, for ``weights``; absent ones are 0.
    n_tokens
        D: the budget in tokens, for ``unimax``.
    where
        What named the baseline, for errors.

    Raises
    ------
    UserError
        Where tokens are needed that nobody named, or none are there; where the weights leave every language at 0 or
        weigh what no tokens are of; where a file is no mixture of ``domains``.

    References
    ----------
    The exponent: Xue et al. 2021, "mT5", arXiv 2010.11934 (0.3). UniMax: :func:`unimax`.
    """
    field = f"{where}, {baseline}"
    if baseline.kind == "uniform":
        return Mixture.uniform(domains)
    if baseline.kind == "weights":
        return _by_weights(domains, weights, field)
    if baseline.kind == "file":
        assert baseline.path is not None
        return _of_file(Path(baseline.path).expanduser(), domains)
    tokens = _tokens(domains, available, field)
    if baseline.kind == "unimax":
        if n_tokens is None:
            raise UserError(field, "needs the budget in tokens", "give D (--tokens)")
        assert available is not None
        epochs = available.max_epochs if baseline.number is None else baseline.number
        return Mixture.from_array(domains, unimax(tokens, n_tokens, epochs))
    exponent = 1.0 if baseline.number is None else baseline.number
    shares = np.where(tokens > 0, (tokens / tokens.max()) ** exponent, 0.0)
    return Mixture.from_array(domains, shares / shares.sum())


def baseline_mixtures(
    baselines: Iterable[Baseline],
    domains: Sequence[str],
    available: AvailableTokens | None = None,
    weights: Mapping[str, float] | None = None,
    n_tokens: float | None = None,
    where: str | Path = "--baseline",
) -> dict[str, Mixture]:
    """Several by their words; parameters and errors as in :func:`baseline_mixture`."""
    return {str(one): baseline_mixture(one, domains, available, weights, n_tokens, where) for one in baselines}


def unimax(tokens: NDArray[np.float64], budget: float, epochs: float) -> NDArray[np.float64]:
    """The shares of UniMax: every language the same, but none more than ``epochs`` over what there is of it; what a
    small one cannot take the larger ones share alike. Where the budget is more than all epochs over everything, the
    published rule leaves the rest of it unspent and normalises what it gave out: shares are as the tokens are, and
    training on all of the budget would read everything more often than the cap.

    Parameters
    ----------
    tokens
        (languages,) what there is of each, not all 0.
    budget
        D in tokens, above 0.
    epochs
        The cap, above 0.

    Returns
    -------
    array
        (languages,) summing to 1.

    References
    ----------
    Chung et al. 2023, "UniMax: Fairer and more effective language sampling for large-scale multilingual pretraining",
    arXiv 2304.09151, algorithm 1: languages from the smallest on, each an equal part of the budget that is left or its
    epochs, whichever is less; then normalised. Theirs counts characters, here it is tokens.
    """
    given = np.zeros(len(tokens))
    left = float(budget)
    for done, k in enumerate(np.argsort(tokens, kind="stable")):
        given[k] = min(left / (len(tokens) - done), tokens[k] * epochs)
        left -= given[k]
    return np.asarray(given / given.sum())


def _tokens(domains: Sequence[str], available: AvailableTokens | None, field: str) -> NDArray[np.float64]:
    """(domains,): tokens that there are of each, scaled by nothing. Raises where one is not named, or all are 0."""
    known = {} if available is None else available.tokens
    if missing := [name for name in domains if name not in known]:
        raise UserError(
            field,
            f"needs the tokens that there are of {', '.join(missing)}, which nobody named",
            "name them in available.yaml (--available), in a study under target.available",
        )
    tokens = np.array([float(known[name]) for name in domains])
    if tokens.max() <= 0:
        raise UserError(field, "there are no tokens of any language", "name what there is in available.yaml")
    return tokens


def _by_weights(domains: Sequence[str], weights: Mapping[str, float] | None, field: str) -> Mixture:
    weighed = {name: float(weight) for name, weight in (weights or {}).items() if weight > 0}
    if strange := [name for name in weighed if name not in domains]:
        raise UserError(
            field,
            f"{strange[0]} weighs and is no language that tokens could be of",
            f"weigh some of {', '.join(domains)}, or take another baseline",
        )
    if not weighed:
        raise UserError(field, "the weights leave every language at 0", "give a language a weight above 0")
    total = math.fsum(weighed.values())
    return Mixture({name: weighed.get(name, 0.0) / total for name in domains})


def _of_file(path: Path, domains: Sequence[str]) -> Mixture:
    mixture = read_mixture(path)
    try:
        return Mixture.from_array(domains, mixture.array(domains))
    except MixtureError as error:
        raise UserError(path, str(error), f"leave out what is none of {', '.join(domains)}") from None
