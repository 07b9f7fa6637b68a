"""The search space: what a search may vary, checked before anything is trained (docs/search.md shows a file).

A language of the study that is not named gets no tokens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

import codescale
from codescale.directions import sides
from codescale.errors import UserError
from codescale.mixtures.bounds import AvailableTokens, Ties
from codescale.mixtures.coordinates import Coordinates
from codescale.mixtures.feasible import TOLERANCE, FeasibleSet, group_bounds
from codescale.mixtures.mixture import SUM_TOLERANCE, Mixture
from codescale.mixtures.no_harm import NoHarmRule
from codescale.organisation import ORGANISATION, Organisation, number_of
from codescale.runs.records import RunSpec
from codescale.search.space.schema import (
    HyperparameterRange,
    ObjectiveSpec,
    Proxy,
    ShareRule,
    SpaceFile,
    Target,
    Tie,
    read_space_file,
)
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder

SHARE = "share_"
"""What the names of the mixture's coordinates begin with, where they stand beside hyperparameters."""

_ENDINGS = (".yaml", ".yml")

ShareBounds = dict[str, tuple[float, float]]
"""Language to its lowest and highest share."""


@dataclass(frozen=True)
class SearchPoint:
    """One choice from a space: a mixture and the hyperparameters that the space frees, the data's organisation by its
    number.
    """

    mixture: Mixture
    hyper: dict[str, float]

    def same(self, other: SearchPoint) -> bool:
        """Whether both name the same trial: shares and hyperparameters equal to 1e-9."""
        names = {*self.mixture, *other.mixture}
        if set(self.hyper) != set(other.hyper):
            return False
        shares = all(abs(self.mixture.get(name, 0.0) - other.mixture.get(name, 0.0)) < 1e-9 for name in names)
        return shares and all(np.isclose(value, other.hyper[name], rtol=1e-9) for name, value in self.hyper.items())


@dataclass(frozen=True)
class SearchSpace:
    """What a search may vary.

    Parameters
    ----------
    bounds
        The least and the largest share of each language.
    hyperparameters
        Their ranges, in the order in which points hold them.
    ties
        Groups of languages in fixed ratios.
    aims
        The objectives; none: the study's weights.
    target, proxy
        What the file says of scales.
    path
        The file, for errors.
    no_harm
        A rule that no language may get worse.
    tokens
        Language to the tokens available, where the file names them.
    """

    name: str
    bounds: ShareBounds
    hyperparameters: dict[str, HyperparameterRange]
    ties: tuple[dict[str, float], ...] = ()
    aims: tuple[ObjectiveSpec, ...] = ()
    target: Target = field(default_factory=Target)
    proxy: Proxy = field(default_factory=Proxy)
    path: str = "search space"
    no_harm: NoHarmRule | None = None
    tokens: Mapping[str, float] | None = None

    @cached_property
    def feasible(self) -> FeasibleSet:
        """The mixtures."""
        return FeasibleSet.of(self.bounds, self.ties)

    @cached_property
    def coordinates(self) -> Coordinates:
        """The cube that stands for the mixtures."""
        return Coordinates(self.feasible)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the numbers that a sampler chooses: the mixture's coordinates, then the hyperparameters."""
        return (*(f"{SHARE}{k}" for k in range(self.coordinates.size)), *self.hyperparameters)

    def inside(self, mixture: Mixture) -> Mixture:
        """``mixture`` where it keeps the space's rules, else the nearest mixture that does."""
        return mixture if self.feasible.contains(mixture) else self.feasible.nearest(mixture)

    @property
    def frees_organisation(self) -> bool:
        """Whether the data's organisation is one of the hyperparameters."""
        return ORGANISATION in self.hyperparameters

    def point(self, parameters: Mapping[str, Any]) -> SearchPoint:
        """The point at ``parameters``, a number for each of ``names``; the data's organisation by number or name."""
        cube = np.array([parameters[f"{SHARE}{k}"] for k in range(self.coordinates.size)])
        hyper = {name: _number(parameters[name]) for name in self.hyperparameters}
        return SearchPoint(self.coordinates.mixture(cube), hyper)

    def chosen(self, mixture: Mixture, hyper: Mapping[str, float], organisation: Organisation) -> SearchPoint:
        """The point at which a run was trained so."""
        own = {ORGANISATION: number_of(organisation)} if self.frees_organisation else {}
        return SearchPoint(mixture, {**hyper, **own})

    def point_of(self, spec: RunSpec) -> SearchPoint:
        """The point that ``spec`` tries."""
        return self.chosen(spec.mixture, spec.hyper, spec.organisation)

    def holds(self, point: SearchPoint) -> bool:
        """Whether ``point`` lies inside."""
        try:
            self.parameters(point)
        except ValueError:
            return False
        return True

    def parameters(self, point: SearchPoint) -> dict[str, float]:
        """The numbers that name ``point``, by name.

        Raises
        ------
        ValueError
            Where it lies outside the space.
        """
        cube = self.coordinates.coordinates(point.mixture)
        if set(point.hyper) != set(self.hyperparameters):
            raise ValueError("the point has other hyperparameters")
        for name, limits in self.hyperparameters.items():
            if not limits.low <= point.hyper[name] <= limits.high:
                raise ValueError(f"{name} lies outside its range")
        return {f"{SHARE}{k}": float(value) for k, value in enumerate(cube)} | point.hyper


def _number(value: float | Organisation) -> float:
    return number_of(value) if isinstance(value, str) else float(value)


def space_names() -> list[str]:
    """The search spaces that come with CodeScale."""
    return sorted(path.stem for path in _folder().glob("*.yaml"))


def named_space(config: StudyConfig, folder: StudyFolder) -> str | Path:
    """What ``search.space`` names: one of :func:`space_names`, or a path, which begins at the study."""
    named = config.search.space
    return folder.root / named if Path(named).suffix in _ENDINGS else named


def space_path(name_or_path: str | Path) -> Path:
    """The file of a space. Raises :class:`UserError` for a name that is none of :func:`space_names`."""
    path = Path(name_or_path)
    if path.suffix in _ENDINGS:
        return path
    if str(name_or_path) not in space_names():
        hint = f"use one of {', '.join(space_names())}, or the path of a .yaml file"
        raise UserError("search.space", f"{str(name_or_path)!r} is not a search space", hint)
    return _folder() / f"{name_or_path}.yaml"


def load_space(
    name_or_path: str | Path,
    languages: Sequence[str],
    n_tokens: float | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
) -> SearchSpace:
    """The search space of a built-in name or a YAML file.

    Parameters
    ----------
    name_or_path
        One of :func:`space_names`, or the path of a ``.yaml`` file.
    languages
        The study's: one that the space does not name gets no tokens.
    n_tokens
        The target's D, for a space that says how many tokens are available without naming its own.
    bounds
        The target's, lower and upper by language: they hold for shares that the space leaves free (and for tied ones
        without bounds of their own).

    Raises
    ------
    UserError
        Naming file and field: for an unknown name, key or language, for bounds whose lower one is above the upper, that
        contradict a tie or allow no sum of 1, and for a space with nothing to vary.
    """
    path = space_path(name_or_path)
    return _checked(read_space_file(path), path, languages, n_tokens, bounds or {})


def _folder() -> Path:
    """``search_spaces/`` inside an installed package, else beside it in a checkout."""
    installed = Path(str(files("codescale"))) / "search_spaces"
    return installed if installed.is_dir() else Path(codescale.__file__).parent.parent / "search_spaces"


def _checked(
    given: SpaceFile,
    path: Path,
    languages: Sequence[str],
    n_tokens: float | None,
    targets: Mapping[str, tuple[float, float]],
) -> SearchSpace:
    if given.languages == "all":
        shares: dict[str, ShareRule] = dict.fromkeys(languages, "free")
    elif given.languages == "uniform":
        shares = dict.fromkeys(languages, 1.0 / len(languages))
    else:
        shares = given.languages
    bounds: ShareBounds = dict.fromkeys(languages, (0.0, 0.0))
    for language, share in shares.items():
        _check_language(language, languages, f"{path}, languages.{language}")
        if _is_open(share) and language in targets:
            bounds[language] = targets[language]
        else:
            bounds[language] = _bounds(share, f"{path}, languages.{language}")
    if given.available is not None:
        bounds = _available(bounds, given.available, given.target.n_tokens or n_tokens, path)
    ties = _ties(shares, bounds, path)
    bounds = _summing(bounds, ties, path)
    hyperparameters = {str(name): limits for name, limits in given.hyperparameters.items()}
    _check_whole_numbers(hyperparameters, path)
    _check_aims(given.objective, languages, path)
    _check_protects_losses(given, path)
    space = SearchSpace(
        path.stem,
        bounds,
        hyperparameters,
        ties,
        given.objective,
        given.target,
        given.proxy,
        str(path),
        given.no_harm,
        given.available.tokens if given.available else None,
    )
    if not space.coordinates.size and not hyperparameters:
        raise UserError(path, "leaves nothing to search", "free two languages or a hyperparameter")
    return space


def _check_language(name: str, languages: Sequence[str], where: str) -> None:
    if name not in languages:
        raise UserError(where, "is not a language of the study", f"use {', '.join(languages)}, or add it there")


def _is_open(share: ShareRule) -> bool:
    """Whether the space says nothing of how large ``share`` may be."""
    return share == "free" or (isinstance(share, Tie) and "bounds" not in share.model_fields_set)


def _bounds(share: ShareRule, where: str) -> tuple[float, float]:
    if share == "free":
        return 0.0, 1.0
    if isinstance(share, Tie):
        low, high = share.bounds
    else:
        low, high = share if isinstance(share, tuple) else (float(share), float(share))
    if not (0 <= low <= 1 and 0 <= high <= 1):
        raise UserError(where, f"[{low:g}, {high:g}] is not within 0 and 1", "a share is a part of 1")
    if low > high:
        raise UserError(where, f"the lower bound {low:g} is above the upper bound {high:g}", "swap or correct them")
    return low, high


def _available(bounds: ShareBounds, available: AvailableTokens, n_tokens: float | None, path: Path) -> ShareBounds:
    """``bounds`` with no share above what the tokens available can fill at the target's D."""
    if n_tokens is None:
        raise UserError(f"{path}, available", "needs the target's D", "add target: {n_tokens: …}")
    found = dict(bounds)
    for language in available.tokens:
        where = f"{path}, available.tokens.{language}"
        _check_language(language, list(bounds), where)
        (low, high), most = bounds[language], available.largest_share(language, n_tokens)
        if low > most + TOLERANCE:
            problem = (
                f"{available.max_epochs:g} epochs of them fill {most:.3g} of {n_tokens:.3g} tokens, and the share is "
            )
            raise UserError(where, problem + f"bound to be at least {low:.3g}", "lower the bound or add epochs")
        found[language] = (min(low, most), min(high, most))
    return found


def _ties(shares: Mapping[str, ShareRule], bounds: ShareBounds, path: Path) -> tuple[dict[str, float], ...]:
    """The groups that ties make: the language tied to has part 1, the others their ratios."""
    groups: dict[str, dict[str, float]] = {}
    for language, share in shares.items():
        if not isinstance(share, Tie):
            continue
        where = f"{path}, languages.{language}"
        other = shares.get(share.tied_to)
        if share.tied_to == language:
            raise UserError(where, "is tied to itself", "tie it to another one")
        if other is None:
            raise UserError(where, f"is tied to {share.tied_to!r}, which the space does not name", "name it there")
        if isinstance(other, Tie):
            hint = f"tie both to {other.tied_to}" if other.tied_to != language else "tie one of them only"
            raise UserError(where, f"is tied to {share.tied_to}, which is itself tied", hint)
        group = groups.setdefault(share.tied_to, {share.tied_to: 1.0})
        group[language] = share.ratio
        low, high = _total(group, bounds)
        if low > high + TOLERANCE:
            (a, b), (c, d) = bounds[language], bounds[share.tied_to]
            problem = f"{share.ratio:g} times {share.tied_to}'s [{c:g}, {d:g}] cannot be within [{a:g}, {b:g}]"
            raise UserError(where, f"its tie contradicts a bound: {problem}", "widen a bound or change the ratio")
    return tuple(groups.values())


def _summing(bounds: ShareBounds, ties: Ties, path: Path) -> ShareBounds:
    """``bounds`` that shares which sum to 1 can keep; fixed shares that nearly do are scaled."""
    low, high = _sums(bounds, ties)
    if low == high and abs(low - 1) <= SUM_TOLERANCE:
        return {name: (share / low, share / low) for name, (share, _) in bounds.items()}
    if low > 1 + TOLERANCE or high < 1 - TOLERANCE:
        which, total = ("lower", low) if low > 1 else ("upper", high)
        hint = "lower some of them" if low > 1 else "raise some of them, or free a language"
        tied = ", ties counted," if ties else ""
        raise UserError(
            f"{path}, languages", f"the {which} bounds{tied} sum to {total:.6g}, so no shares sum to 1", hint
        )
    return bounds


def _sums(bounds: ShareBounds, ties: Ties) -> tuple[float, float]:
    """The least and the largest sum of shares that keep ``bounds`` and ``ties``."""
    tied = {name for group in ties for name in group}
    groups = [*ties, *({name: 1.0} for name in bounds if name not in tied)]
    ends = [[sum(group.values()) * end for end in _total(group, bounds)] for group in groups]
    return sum(low for low, _ in ends), sum(high for _, high in ends)


def _total(group: Mapping[str, float], bounds: ShareBounds) -> tuple[float, float]:
    """Between what a part of 1 of ``group`` lies where its languages keep ``bounds``."""
    low, high = np.array([bounds[name] for name in group]).T
    least, most = group_bounds(np.array([list(group.values())]), low, high)
    return float(least[0]), float(most[0])


def _check_whole_numbers(hyperparameters: Mapping[str, HyperparameterRange], path: Path) -> None:
    limits = hyperparameters.get("batch")
    if limits and not (limits.low.is_integer() and limits.high.is_integer() and limits.low >= 1):
        where = f"{path}, hyperparameters.batch"
        raise UserError(where, "a batch is a whole number of sequences", "give whole numbers of 1 or more")


def _check_aims(aims: Sequence[ObjectiveSpec], languages: Sequence[str], path: Path) -> None:
    names = [aim.name for aim in aims]
    for k, aim in enumerate(aims):
        where = f"{path}, objective" + (f".{k}" if len(aims) > 1 else "")
        for name in aim.weights:
            for language in sides(name) or (name,):
                _check_language(language, languages, f"{where}.weights.{name}")
        if len(aims) > 1 and (not aim.name or names.count(aim.name) > 1):
            raise UserError(f"{where}.name", "is missing or given twice", "name every objective of a Pareto front")


def _check_protects_losses(given: SpaceFile, path: Path) -> None:
    """Raises :class:`UserError` for a rule of no harm beside what no law of losses can foretell."""
    if given.no_harm is None:
        return
    if len(given.objective) > 1:
        problem, hint = "is one rule beside several objectives", "leave one objective, or search without the rule"
    elif any(aim.metrics for aim in given.objective):
        problem, hint = "is about losses, and the objective has metrics", "weigh losses alone, or leave the rule out"
    else:
        return
    raise UserError(f"{path}, no_harm", problem, hint)
