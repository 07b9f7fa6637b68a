"""The search space of a study, checked against what the study is for."""

from __future__ import annotations

from codescale.allocation.files import interval_of
from codescale.errors import UserError
from codescale.organisation import ORGANISATION
from codescale.search.scale import settled
from codescale.search.space import SearchSpace, load_space, named_space
from codescale.study import StudyConfig, StudyFolder


def study_space(config: StudyConfig, folder: StudyFolder) -> SearchSpace:
    """The space of the study: its own file where there is one, else what ``search.space`` names. What it leaves free
    keeps the study's ``target.bounds``.

    Raises :class:`UserError` where that is wrong, asks for a proxy larger than the target, or frees the data's
    organisation where the pivot has no share.
    """
    chosen = folder.space_file if folder.space_file.exists() else named_space(config, folder)
    bounds = {language: interval_of(bound) for language, bound in config.target.bounds.items()}
    space = load_space(chosen, config.languages, config.target.n_tokens, bounds)
    pivot = config.training.pivot
    if space.frees_organisation and space.bounds.get(pivot, (0.0, 0.0))[1] <= 0:
        raise UserError(
            f"{space.path}, hyperparameters.{ORGANISATION}",
            f"the space gives the pivot, {pivot}, no tokens, so nothing could be paired",
            "free its share, name another training.pivot, or leave it out",
        )
    settled(config, space)
    return space
