"""How much of the test split the proof reads: all of it where that is cheap, and one amount in a comparison."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

from codescale.comparison.losses import read_test_losses
from codescale.errors import UserError
from codescale.runs.records import RunSpec
from codescale.study.comparison import ALL, Scale
from codescale.study.config import StudyConfig
from codescale.training.flops import EVALUATED_OF_TRAINED

CHEAP = 0.05
"""All of the test split is read where that costs at most this share of the FLOPs that a run trains."""


class Counts(Protocol):
    """What is asked of a corpus."""

    def count_tokens(self, language: str, split: str) -> int: ...


def tokens_read(config: StudyConfig, scale: Scale, corpus: Counts) -> int:
    """About how many tokens of each language's test split a run of the proof at ``scale`` reads; a language that has
    fewer is read whole.

    What ``comparison.test_tokens`` says; else all there are where that costs :data:`CHEAP` of a run's training FLOPs or
    less, else :attr:`~codescale.study.training.TrainingSection.test_tokens`.
    """
    asked, longest = config.comparison.test_tokens, _longest(config, corpus)
    if asked == ALL:
        return longest
    if asked is not None:
        return min(asked, longest)
    whole = sum(corpus.count_tokens(language, "test") for language in config.languages)
    cheap = EVALUATED_OF_TRAINED * whole <= CHEAP * scale.tokens
    return longest if cheap else min(config.training.test_tokens, longest)


def tokens_to_test(config: StudyConfig, spec: RunSpec, corpus: Counts | None) -> float:
    """Tokens of the test split, all languages together, that the run ``spec`` to come reads; none outside of the proof.
    Before there is a ``corpus`` it counts as large enough.
    """
    if spec.stage != "comparison":
        return 0.0
    if corpus is None:
        asked = config.comparison.test_tokens
        each = config.training.test_tokens if asked is None or asked == ALL else asked
        return float(each * len(config.languages))
    scales = config.comparison.scales
    scale = next((one for one in scales if (one.size, (one.tokens,)) == (spec.size, spec.token_points)), scales[0])
    return _of_all(config, corpus, tokens_read(config, scale, corpus))


def tokens_tested(config: StudyConfig, corpus: Counts | None, folder: Path, run_ids: Iterable[str]) -> dict[str, float]:
    """What :func:`tokens_to_test` says of runs that are done, by run id, as their test losses in ``folder`` tell; those
    that have none there are left out.
    """
    if corpus is None:
        return {}
    return {
        run_id: _of_all(config, corpus, _read_by(config, folder, run_id))
        for run_id in run_ids
        if (folder / f"{run_id}.json").exists()
    }


def tokens_by_run(
    config: StudyConfig,
    plans: Mapping[Scale, Iterable[RunSpec]],
    corpus: Counts,
    folder: Path,
    done: Iterable[str],
) -> dict[str, int]:
    """By run id: about how many tokens of each language's test split it reads.

    Runs that are ``done`` were judged on some text, which those to come at their scale are judged on too.

    Parameters
    ----------
    config, corpus
        The study and its corpus.
    plans
        The runs at each scale.
    folder
        The test losses of runs that are done.
    done
        Their ids, and maybe others.

    Raises
    ------
    UserError
        Where those that are done were judged on several amounts, or on another one than ``comparison.test_tokens``.
    """
    finished, found = set(done), dict[str, int]()
    longest = _longest(config, corpus)
    for scale, specs in plans.items():
        listed = list(specs)
        tokens = tokens_read(config, scale, corpus)
        judged = [spec.run_id for spec in listed if spec.run_id in finished]
        earlier = {run_id: min(_read_by(config, folder, run_id), longest) for run_id in judged}
        wanted = tokens if config.comparison.test_tokens is not None else next(iter(earlier.values()), tokens)
        other = next((run_id for run_id, read in earlier.items() if read != wanted), None)
        if other is not None:
            raise UserError(
                folder / f"{other}.json",
                f"was judged on {earlier[other]:,} tokens of each language's test split, the proof's others on "
                f"{wanted:,}",
                f"set comparison.test_tokens to {earlier[other]}, or delete runs/comparison-* to have all done again",
            )
        found |= dict.fromkeys((spec.run_id for spec in listed), wanted)
    return found


def _of_all(config: StudyConfig, corpus: Counts, tokens: int) -> float:
    """Tokens of all languages together where about ``tokens`` of each are read, and one that has fewer whole."""
    return float(sum(min(tokens, corpus.count_tokens(language, "test")) for language in config.languages))


def _longest(config: StudyConfig, corpus: Counts) -> int:
    """Tokens of the longest test split of a language."""
    return max(corpus.count_tokens(language, "test") for language in config.languages)


def _read_by(config: StudyConfig, folder: Path, run_id: str) -> int:
    tokens = read_test_losses(folder, run_id).tokens
    return config.training.test_tokens if tokens is None else tokens
