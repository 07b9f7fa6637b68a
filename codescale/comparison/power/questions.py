"""The questions that the law is asked before the proof: the search's own, and the further ones of study.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from codescale.allocation.expected_gains import ExpectedGains, expected_gains
from codescale.comparison.plan import same_sequences
from codescale.laws.law import Law
from codescale.mixtures.bounds import AvailableTokens, Ties, interval_of
from codescale.mixtures.mixture import Mixture
from codescale.mixtures.no_harm import ResolvedNoHarm
from codescale.search.law_optimum import law_rules, where_possible
from codescale.search.objective.problem import ModelScale, SearchProblem
from codescale.study.questions import OWN_QUESTION

_UNLIMITED = 1e12
"""Epochs: bounds say already what the tokens at the target allow."""


@dataclass(frozen=True)
class Question:
    """What is asked: ``weights`` of the losses, the ``baselines`` that the gain is over, by their words (None: not
    known before there is a corpus), and the ``bounds``, ``ties`` and rule of no harm that the mixture keeps.
    """

    name: str
    weights: Mapping[str, float]
    baselines: Mapping[str, Mixture | None]
    bounds: Mapping[str, tuple[float, float]]
    ties: Ties = ()
    no_harm: ResolvedNoHarm | None = None

    @property
    def searched(self) -> bool:
        """Whether it is the one that the study searches."""
        return self.name == OWN_QUESTION

    def within(self, available: AvailableTokens, n_tokens: float) -> Question:
        """The same with no share that asks for more than is ``available`` at a budget of ``n_tokens``, where that is
        possible.
        """
        known = where_possible(available, dict(self.bounds), self.ties, n_tokens)
        bounds = {
            name: (low, max(low, min(high, known.largest_share(name, n_tokens))))
            for name, (low, high) in self.bounds.items()
        }
        return replace(self, bounds=bounds)

    def twins(self, sequences: float) -> dict[str, str]:
        """Each baseline to the first that is the same mixture in a run of ``sequences`` sequences: they share their
        runs and are one test.
        """
        known = {word: mixture for word, mixture in self.baselines.items() if mixture is not None}
        first: dict[str, str] = {}
        for word in self.baselines:
            same = (
                one
                for one in first.values()
                if one in known and word in known and same_sequences(known[one], known[word], sequences)
            )
            first[word] = next(same, word)
        return first

    def most_read(
        self, unique_tokens: Mapping[str, float], n_tokens: float, epochs: float
    ) -> tuple[str, str, float] | None:
        """The baseline that reads a language most often in a run of ``n_tokens``, the language, and how often; None
        where none reads any more often than ``epochs``.
        """
        often = [
            (share * n_tokens / unique_tokens[language], word, language)
            for word, mixture in self.baselines.items()
            for language, share in (mixture or {}).items()
            if unique_tokens.get(language)
        ]
        most, word, language = max(often, default=(0.0, "", ""))
        return (word, language, most) if most > epochs else None

    def expected(
        self, law: Law, scale: ModelScale, unique_tokens: Mapping[str, float], words: tuple[str, ...], seed: int
    ) -> ExpectedGains:
        """What the best mixture at ``scale`` gains over each baseline of ``words``, as ``law`` has it.

        ``unique_tokens``: the distinct tokens of each language that a run there has, for a law that knows repetition.
        """
        return expected_gains(
            law,
            float(scale.n_params),
            float(scale.n_tokens),
            {word: mixture for word in words if (mixture := self.baselines[word]) is not None},
            dict(self.weights),
            dict(self.bounds),
            AvailableTokens(max_epochs=_UNLIMITED, tokens=dict(unique_tokens)) if unique_tokens else None,
            seed,
            self.ties,
            self.no_harm,
        )


def searched_question(problem: SearchProblem, law: Law | None, baselines: Mapping[str, Mixture | None]) -> Question:
    """The search's own; without a law nothing is asked of its bounds."""
    if law is None:
        return Question(OWN_QUESTION, problem.weights, baselines, {})
    rules = law_rules(law, problem)
    return Question(OWN_QUESTION, problem.weights, baselines, **rules)


def further_question(problem: SearchProblem, name: str, baselines: Mapping[str, Mixture | None]) -> Question:
    """One of ``questions`` in study.yaml, by its name."""
    config = problem.config
    given = config.questions[name].bounds
    bounds = {language: interval_of(given.get(language, (0.0, 1.0))) for language in config.languages}
    return Question(name, config.weights(name), baselines, bounds)
