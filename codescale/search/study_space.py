"""The search space of a study, checked against what the study is for."""

from __future__ import annotations

from codescale.allocation.files import interval_of
from codescale.errors import UserError
from codescale.organisation import ORGANISATION
from codescale.search.coordinates import TOLERANCE
from codescale.search.scale import settled
from codescale.search.space import SearchSpace, load_space, named_space
from codescale.study import StudyConfig, StudyFolder


def study_space(config: StudyConfig, folder: StudyFolder) -> SearchSpace:
    """The space of the study: its own file where there is one, else what ``search.space`` names. What it leaves free
    keeps the study's ``target.bounds``.

    Raises :class:`UserError` where that is wrong, asks for a proxy larger than the target, or frees the data's
    organisation where the pivot has no share, or all of it.
    """
    chosen = folder.space_file if folder.space_file.exists() else named_space(config, folder)
    bounds = {language: interval_of(bound) for language, bound in config.target.bounds.items()}
    space = load_space(chosen, config.languages, config.target.n_tokens, bounds)
    if space.frees_organisation:
        _refuse_nothing_to_pair(space, config.training.pivot)
    settled(config, space)
    return space


def _refuse_nothing_to_pair(space: SearchSpace, pivot: str) -> None:
    """Raises :class:`UserError` where no mixture of ``space`` has both ``pivot`` and another language."""
    most = dict(zip(space.coordinates.languages, space.coordinates.reach[1], strict=True))
    least = dict(zip(space.coordinates.languages, space.coordinates.reach[0], strict=True))
    if most.get(pivot, 0.0) <= TOLERANCE:
        problem, mend = f"the space gives the pivot, {pivot}, no tokens", "free its share, name another training.pivot"
    elif least[pivot] >= 1 - TOLERANCE:
        problem, mend = f"the space gives the pivot, {pivot}, all tokens", "free the share of another language"
    else:
        return
    raise UserError(
        f"{space.path}, hyperparameters.{ORGANISATION}",
        f"{problem}, so nothing could be paired",
        f"{mend}, or leave it out",
    )
