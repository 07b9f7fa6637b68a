"""The search space of a study, checked against what the study is for, and the scales that it may name: the proxy at
which trials run, and the target that the mixture is for.
"""

from __future__ import annotations

from typing import Any

from codescale.directions import is_direction
from codescale.errors import UserError
from codescale.mixtures.bounds import interval_of
from codescale.mixtures.feasible import TOLERANCE
from codescale.organisation import ORGANISATION
from codescale.search.objective.weights import search_weights
from codescale.search.space.space import SearchSpace, load_space, named_space
from codescale.study.comparison import ComparisonSection
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder


def with_space_scales(config: StudyConfig, space: SearchSpace) -> StudyConfig:
    """``config`` with the proxy, the target and the weights that ``space`` names in place of its own, and its rule of
    no harm where the comparison has none: what is searched and what is judged are then the same
    (:mod:`~codescale.search.objective.weights`; metrics are not judged).

    Raises :class:`UserError` that names the field for an unknown size, for a D of less than a batch, and for a proxy
    that is larger than the target in N or D: a proxy stands for a model that is too dear to try.
    """
    target, proxy = space.target, space.proxy
    for field, size in (("target.size", target.size), ("proxy.size", proxy.size)):
        if size is not None and size not in config.sizes:
            known = ", ".join(config.sizes)
            raise UserError(f"{space.path}, {field}", f"{size!r} is not a size of the study", f"use one of {known}")
    changed: dict[str, Any] = {}
    if target.size is not None or target.n_params is not None:
        changed |= {"size": target.size, "n_params": None if target.n_params is None else round(target.n_params)}
    if target.n_tokens is not None:
        changed["n_tokens"] = round(target.n_tokens)
    if space.aims:
        changed["weights"] = search_weights(config, space)
    search = {name: value for name, value in (("size", proxy.size), ("tokens", proxy.tokens)) if value is not None}
    if "tokens" in search:
        search["tokens"] = round(float(search["tokens"]))
    result = config.model_copy(
        update={
            "target": config.target.model_copy(update=changed),
            "search": config.search.model_copy(update=search),
            "comparison": _comparison(config, space),
        }
    )
    _check_proxy(result, space)
    return result


def _comparison(config: StudyConfig, space: SearchSpace) -> ComparisonSection:
    """The study's comparison; without a rule of no harm of its own that of ``space``, whose reference is then one of
    the baselines.
    """
    comparison, rule = config.comparison, space.no_harm
    if rule is None or comparison.no_harm is not None:
        return comparison
    words = dict.fromkeys((*comparison.baselines, *([] if rule.reference in comparison.compared else [rule.reference])))
    return comparison.model_copy(update={"no_harm": rule, "baselines": tuple(words)})


def conflicting_rules(config: StudyConfig, space: SearchSpace) -> str:
    """One line where search and proof of the study are held to different rules of no harm; else empty."""
    searched, judged = space.no_harm, config.comparison.no_harm
    if searched is None or judged is None or searched == judged:
        return ""
    return (
        f"{space.path} searches by no_harm {searched.written}, the proof goes by comparison.no_harm of study.yaml, "
        f"{judged.written}: leave that out to prove the rule that was searched by"
    )


def _check_proxy(config: StudyConfig, space: SearchSpace) -> None:
    def where(field: str, given: bool) -> str:
        return f"{space.path}, proxy.{field}" if given else f"study.yaml, search.{field}"

    search, training = config.search, config.training
    n_params = config.sizes[search.size].n_params
    size, tokens = where("size", space.proxy.size is not None), where("tokens", space.proxy.tokens is not None)
    if n_params > config.target_params():
        problem = f"a proxy of {n_params:,} parameters is larger than the target of {config.target_params():,}"
        raise UserError(size, problem, "choose a smaller size, or a larger target")
    if search.tokens > config.target.n_tokens:
        problem = f"a proxy of {search.tokens:,} tokens is longer than the target of {config.target.n_tokens:,}"
        raise UserError(tokens, problem, "give it fewer tokens, or the target more")
    if search.tokens < training.batch * training.context:
        problem = f"{search.tokens:,} tokens are less than one batch of {training.batch * training.context:,}"
        raise UserError(tokens, problem, "give it more tokens")


def study_space(config: StudyConfig, folder: StudyFolder) -> SearchSpace:
    """The space of the study: its own file where there is one, else what ``search.space`` names. What it leaves free
    keeps the study's ``target.bounds``.

    Raises :class:`UserError` where that is wrong, or frees the data's organisation where the pivot has no share, or
    all of it.
    """
    chosen = folder.space_file if folder.space_file.exists() else named_space(config, folder)
    bounds = {language: interval_of(bound) for language, bound in config.target.bounds.items()}
    space = load_space(chosen, config.languages, config.target.n_tokens, bounds)
    for name in {name for aim in space.aims for name, weight in aim.weights.items() if weight}:
        if is_direction(name) and name not in config.directions:
            raise UserError(
                f"{space.path}, objective.weights.{name}",
                "no run measures it",
                f"write training.translation_evaluation: {{}} in {folder.config_file.name}, or leave it out",
            )
    if space.frees_organisation:
        _refuse_nothing_to_pair(space, config.training.pivot)
    return space


def _refuse_nothing_to_pair(space: SearchSpace, pivot: str) -> None:
    """Raises :class:`UserError` where no mixture of ``space`` has both ``pivot`` and another language."""
    least, most = (dict(zip(space.feasible.domains, end, strict=True)) for end in space.feasible.reach)
    if most.get(pivot, 0.0) <= TOLERANCE:
        problem, hint = f"the space gives the pivot, {pivot}, no tokens", "free its share, name another training.pivot"
    elif least[pivot] >= 1 - TOLERANCE:
        problem, hint = f"the space gives the pivot, {pivot}, all tokens", "free the share of another language"
    else:
        return
    raise UserError(
        f"{space.path}, hyperparameters.{ORGANISATION}",
        f"{problem}, so nothing could be paired",
        f"{hint}, or leave it out",
    )
