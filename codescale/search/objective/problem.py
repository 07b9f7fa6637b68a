"""What a search is asked: a space, the objective, the scales of trial and target, on one corpus; made once per search.

The search, its warm start, its price and its proof are handed the same problem, so that none of them asks again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from codescale.errors import UserError
from codescale.mixtures.no_harm import ResolvedNoHarm
from codescale.organisation import ORGANISATION, number_of
from codescale.search.objective.objective import Objective
from codescale.search.objective.study_space import study_space, with_space_scales
from codescale.search.objective.weights import equally_weighted, objective_of, scalarized, search_weights
from codescale.search.space.reference import resolved_no_harm
from codescale.search.space.space import SearchPoint, SearchSpace
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder


class ModelScale(NamedTuple):
    """N (parameters) and D (training tokens) of a model."""

    n_params: int
    n_tokens: int


@dataclass(frozen=True)
class SearchProblem:
    """The question of one search. All but its three fields follows from them, and is worked out once.

    Parameters
    ----------
    config
        The study, with the proxy, the target and the weights that ``space`` names in place of its own.
    space
        What may vary, and the objectives if it has its own.
    corpus_id
        The corpus that trials are trained on; empty where nothing is trained.
    no_harm
        The space's rule with its reference (:meth:`with_reference`); None without a rule.
    """

    config: StudyConfig
    space: SearchSpace
    corpus_id: str = ""
    no_harm: ResolvedNoHarm | None = None

    @classmethod
    def of(cls, config: StudyConfig, space: SearchSpace, corpus_id: str = "") -> SearchProblem:
        """The search of ``space`` in the study of ``config``.

        Raises
        ------
        UserError
            For an unknown size, a D of less than a batch, and a proxy that is larger than the target in N or D.
        """
        return cls(with_space_scales(config, space), space, corpus_id)

    @cached_property
    def objective(self) -> Objective:
        """What is minimised; several objectives count alike. Under a rule of no harm the losses that it protects are
        read beside those that weigh.
        """
        objective = objective_of(self.config, equally_weighted(self.space))
        return objective if self.no_harm is None else objective.protecting(self.no_harm.protected)

    @cached_property
    def weights(self) -> dict[str, float]:
        """Weight of each language's loss, by which a law is asked."""
        return search_weights(self.config, self.space)

    @cached_property
    def proxy(self) -> ModelScale:
        """The scale of a trial."""
        search = self.config.search
        return ModelScale(self.config.sizes[search.size].n_params, search.tokens)

    @cached_property
    def target(self) -> ModelScale:
        """The scale that the mixture is for."""
        return ModelScale(self.config.target_params(), self.config.target.n_tokens)

    @property
    def seed(self) -> int:
        """The study's."""
        return self.config.seed

    @cached_property
    def base_hyper(self) -> dict[str, float]:
        """What the study trains with, for each hyperparameter that the space frees."""
        training = self.config.training
        values = {"learning_rate_factor": 1.0, ORGANISATION: number_of(training.organisation)} | {
            name: float(getattr(training, name))
            for name in ("weight_decay", "warmup_share", "cooldown_share", "batch", "paired_share")
        }
        return {name: values[name] for name in self.space.hyperparameters}

    @cached_property
    def reference(self) -> SearchPoint | None:
        """The point at which the rule's reference is measured: trained as the study does. None without a rule."""
        return None if self.no_harm is None else SearchPoint(self.no_harm.reference, self.usual_hyper)

    @cached_property
    def usual_hyper(self) -> dict[str, float]:
        """``base_hyper`` moved into the ranges of the space."""
        ranges = self.space.hyperparameters
        return {name: min(max(value, ranges[name].low), ranges[name].high) for name, value in self.base_hyper.items()}

    def with_reference(self, tokens: Mapping[str, float] | None = None) -> SearchProblem:
        """The same with the reference of the space's rule of no harm, if it has one.

        ``tokens``: language to the tokens available, where the space does not name them. Raises :class:`UserError`
        as :func:`~codescale.search.space.reference.resolved_no_harm` does, and for a ``search.prune`` that would stop
        what keeps the rule for what does not.
        """
        target = self.config.target
        found = resolved_no_harm(
            self.space, tokens, weights=self.weights, n_tokens=target.n_tokens, max_epochs=target.max_epochs
        )
        if found is not None and self.config.search.prune == "asha":
            problem = "asha compares trials that keep the rule of no_harm with those that do not"
            raise UserError("study.yaml, search.prune", problem, "write curves or none, or leave no_harm out")
        return replace(self, no_harm=found)

    def scalarized(self, direction: Sequence[float]) -> SearchProblem:
        """The problem of one objective that weighs those of the space by ``direction``: one search of a front."""
        return replace(self, space=replace(self.space, aims=(scalarized(self.space.aims, direction),)))

    def with_unique_tokens(self, unique_tokens: int | dict[str, int] | None) -> SearchProblem:
        """The same with trials that are held to so many distinct tokens, as the sweep's runs are."""
        sweep = self.config.sweep.model_copy(update={"unique_tokens": unique_tokens})
        return replace(self, config=self.config.model_copy(update={"sweep": sweep}))


def study_problem(config: StudyConfig, folder: StudyFolder, corpus_id: str = "") -> SearchProblem:
    """The search of a study: its own space where it has one, else the one that ``search.space`` names.

    Raises
    ------
    UserError
        Where that space is wrong, names scales that are none (:meth:`SearchProblem.of`), or frees the data's
        organisation where the pivot has no share, or all of it.
    """
    return SearchProblem.of(config, study_space(config, folder), corpus_id)
