"""A commented ``search_space.yaml`` to begin with: the space that a study searches now, and what else it may say."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import yaml
from pydantic import BaseModel

from codescale.errors import UserError, visible
from codescale.files import write_text
from codescale.mixtures.bounds import interval_of
from codescale.organisation import ORGANISATION, ORGANISATIONS
from codescale.search.space.schema import OrganisationChoice, ShareRule, SpaceFile, read_space_file
from codescale.search.space.space import load_space, named_space, space_path
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder

RANGES = {
    "learning_rate_factor": ("{low: 0.5, high: 2.0, scale: log}", "on all learning rates"),
    "batch": ("{low: 2, high: 8, scale: log}", "whole numbers of sequences"),
    "warmup_share": ("{low: 0.0, high: 0.1}", "of a run's steps"),
    "cooldown_share": ("{low: 0.1, high: 0.4}", "of a run's steps"),
    "weight_decay": ("{low: 0.0, high: 0.2}", ""),
    "paired_share": ("{low: 0.0, high: 1.0}", "of the programs with a translation, where translations are paired"),
    ORGANISATION: (f"[{', '.join(ORGANISATIONS)}]", "translations apart, or in one document"),
}


def write_starting_space(config: StudyConfig, folder: StudyFolder) -> None:
    """Writes the study's own space, which searches what ``search.space`` does until somebody edits it.

    Raises :class:`UserError` where there is one already, and where ``search.space`` is none.
    """
    if folder.space_file.exists():
        raise UserError(folder.space_file, "exists already", "edit it, or delete it to have a new one written")
    named = space_path(named_space(config, folder))
    bounds = {language: interval_of(bound) for language, bound in config.target.bounds.items()}
    load_space(named, config.languages, config.target.n_tokens, bounds)
    write_text(folder.space_file, starting_space(config, read_space_file(named)))


def starting_space(config: StudyConfig, given: SpaceFile) -> str:
    """The text of a space that says what ``given`` says for the languages of ``config``; the rest is commented."""
    named = visible(config.search.space)
    lines = [
        f"# What `codescale search` may vary in {config.name}: made from {named}, over which it wins.",
        "# Every key is explained in docs/search.md; remove a # to use what stands behind it.",
        "",
        *_languages(config, given),
        "",
        "# No share may ask for more tokens at the target's D than there are, each seen so many times.",
        _said("available", given.available)
        or f"# available: {{max_epochs: {config.target.max_epochs:g}, tokens: {{{config.languages[0]}: 30e9}}}}",
        "",
        "# How trials are trained; what is not named is as study.yaml says.",
        *_hyperparameters(given),
        "",
        "# What is minimised: weighted losses, and metric.* columns (a negative weight: the more, the better).",
        "# Several objectives, as a list of {name, weights, metrics}, ask for their Pareto front.",
        *_objective(config, given),
        "",
        "# No language's loss above that under another mixture (uniform, natural, a file) by more than the margin,",
        "# in nats per token or in % of each loss.",
        f"no_harm: {_flow(given.no_harm.written)}" if given.no_harm else "# no_harm: {reference: natural, margin: 2%}",
        "",
        "# The scale that the mixture is for, and the smaller one at which trials run.",
        *_scales(config, given),
    ]
    return "\n".join(lines) + "\n"


def _languages(config: StudyConfig, given: SpaceFile) -> Iterator[str]:
    yield "# Shares of training tokens: free (0 to 1), two bounds, one number (fixed), or tied to another language."
    yield "# A language that is not named gets no tokens."
    first, last = config.languages[0], config.languages[-1]
    shares: dict[str, ShareRule] = {}
    if given.languages == "uniform":
        yield "languages: uniform # each fixed at an equal share; or name them:"
    else:
        yield "languages:"
        shares = dict.fromkeys(config.languages, "free") if given.languages == "all" else given.languages
    width = max(map(len, config.languages)) + 1
    for name in [*shares, *(name for name in config.languages if name not in shares)]:
        share = _share(config, name, shares[name]) if name in shares else "free"
        yield ("  " if name in shares else "#   ") + f"{f'{name}:':<{width}} {share}"
    yield f"  # {last}: [0.05, 0.4]"
    yield f"  # {last}: {{tied_to: {first}, ratio: 0.5}} # half as much of it as of {first}, whatever that is"


def _share(config: StudyConfig, name: str, share: ShareRule) -> str:
    """A share as written; a free one with the bounds that the study has for it."""
    bound = config.target.bounds.get(name)
    return _flow(bound if share == "free" and bound is not None else share)


def _hyperparameters(given: SpaceFile) -> Iterator[str]:
    yield "hyperparameters:" if given.hyperparameters else "# hyperparameters:"
    for given_name, value in given.hyperparameters.items():
        yield f"  {given_name}: {_flow(value)}"
    for name, (limits, note) in RANGES.items():
        if name not in given.hyperparameters:
            yield f"#   {name}: {limits}" + (f" # {note}" if note else "")


def _objective(config: StudyConfig, given: SpaceFile) -> Iterator[str]:
    weights = ", ".join(f"{name}: {weight:g}" for name, weight in config.weights().items() if weight)
    if not given.objective:
        yield f"# objective: {{weights: {{{weights}}}}}"
    elif len(given.objective) == 1:
        yield f"objective: {_flow(given.objective[0])}"
    else:
        yield "objective:"
        for aim in given.objective:
            yield f"  - {_flow(aim)}"


def _scales(config: StudyConfig, given: SpaceFile) -> Iterator[str]:
    search, target = config.search, config.target
    size = f"size: {target.size}" if target.size else f"n_params: {target.n_params}"
    yield _said("target", given.target) or f"# target: {{{size}, n_tokens: {target.n_tokens}}}"
    yield _said("proxy", given.proxy) or f"# proxy: {{size: {search.size}, tokens: {search.tokens}}}"


def _said(key: str, part: BaseModel | None) -> str:
    """The line of a key that the space has; empty where it says nothing."""
    return f"{key}: {_flow(part)}" if part is not None and part.model_fields_set else ""


def _flow(value: Any) -> str:
    """``value`` as YAML on one line."""
    if isinstance(value, OrganisationChoice):
        value = list(ORGANISATIONS)
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json", exclude_unset=True)
    if isinstance(value, tuple):
        value = list(value)
    text: str = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=math.inf)
    return text.removesuffix("...\n").strip()
