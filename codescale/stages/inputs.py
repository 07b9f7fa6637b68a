"""What stages read of each other in a study's folder; where an artifact is missing, which command makes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from codescale.errors import UserError
from codescale.laws.warning import DefaultWeightWarning, warn
from codescale.mixtures.baselines import UNIFORM
from codescale.mixtures.mixture import Mixture
from codescale.progress import Progress
from codescale.runs.units import LossUnit
from codescale.stages.timings import Timings
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder
from codescale.study.languages import weightless_line
from codescale.study.trainer import TRAINERS_CORPUS

if TYPE_CHECKING:
    from codescale.corpus.reader import Corpus
    from codescale.laws.law import Law
    from codescale.mixtures.bounds import AvailableTokens
    from codescale.runs.table import RunsTable
    from codescale.search.objective.problem import SearchProblem
    from codescale.search.result import SearchResult

_BASELINES = "study.yaml, comparison.baselines"


class StageContext:
    """What every stage of a study is given.

    It also holds the opened corpus, which is verified once for all stages that share a context: a large one takes long
    to read.

    Parameters
    ----------
    config
        ``study.yaml``, with what a pretrained start decides.
    folder
        Where the study's artifacts are.
    progress
        Where stages tell how far they are.
    """

    def __init__(self, config: StudyConfig, folder: StudyFolder, progress: Progress) -> None:
        self.config, self.folder, self.progress = config, folder, progress
        self.timings = Timings(folder.timings)
        self._opened: Corpus | None = None

    def corpus(self) -> Corpus:
        """The corpus, every shard verified.

        Raises :class:`~codescale.errors.UserError` where there is none yet, or a shard is not as it was written.
        """
        from codescale.corpus.fetch import fetch_corpus
        from codescale.corpus.reader import open_corpus

        if self._opened is None:
            fetch_corpus(self.folder)
            self._opened = open_corpus(self.folder.corpus)
        return self._opened

    @property
    def corpus_id(self) -> str:
        """What the study's runs are trained on: its corpus, verified; where a command trains, what that is called.

        Raises as :meth:`corpus`.
        """
        return self.corpus().corpus_id if self.config.trainer is None else TRAINERS_CORPUS

    def forget_corpus(self) -> None:
        """The corpus was made anew: the next who asks has it verified again."""
        self._opened = None


def refuse_trainer(context: StageContext, problem: str, hint: str) -> None:
    """Raises :class:`~codescale.errors.UserError` where the study's runs are trained by a command of the user's."""
    if context.config.trainer is not None:
        raise UserError(f"{context.folder.config_file}, trainer", problem, hint)


def fitted_law(folder: StudyFolder) -> Law:
    """The study's mixture law. Raises :class:`~codescale.errors.UserError` where ``codescale fit`` has not run."""
    from codescale.laws.law import load_law

    return load_law(needed(folder, folder.law, "codescale fit"))


def comparable_law(context: StageContext) -> Law:
    """The study's mixture law, for what is held beside the study's own runs: their losses are nats per token, and they
    have as few distinct tokens as the target will where they repeat as it does.

    Raises as :func:`fitted_law`, and for a law in another unit.
    """
    config, folder = context.config, context.folder
    law = fitted_law(folder)
    if law.loss_unit is not LossUnit.NATS_PER_TOKEN:
        raise UserError(
            f"{folder.law}, loss_unit",
            f"the law is of {law.loss_unit}, what the study trains is measured in {LossUnit.NATS_PER_TOKEN}",
            f"fit one to the study's own runs: codescale fit {folder.name}",
        )
    if config.sweep.repetition == "target":
        at_target = target_availability(context).tokens
        return law.as_scarce({name: tokens / config.target.n_tokens for name, tokens in at_target.items()})
    return law


def say_weightless(context: StageContext) -> None:
    """Says which of the study's languages weigh nothing though nobody said so; to Python as a warning."""
    names = context.config.weightless()
    if names:
        line = weightless_line(names, "target.weights in study.yaml")
        context.progress.say(line)
        warn(line, DefaultWeightWarning)


def predicted_mixture(folder: StudyFolder) -> Mixture:
    """The mixture that the law predicts to be best.

    Raises :class:`~codescale.errors.UserError` where ``codescale optimize`` has not run.
    """
    from codescale.mixtures.files import read_mixture

    return read_mixture(needed(folder, folder.mixture, "codescale optimize"))


def swept_runs(folder: StudyFolder) -> RunsTable:
    """The runs table. Raises :class:`~codescale.errors.UserError` where ``codescale sweep`` has not run."""
    from codescale.runs.table_reader import read_runs

    return read_runs(needed(folder, folder.runs_table, "codescale sweep"))


def search_result(folder: StudyFolder) -> SearchResult:
    """What the search found. Raises :class:`~codescale.errors.UserError` where ``codescale search`` has not run."""
    from codescale.search.result import SearchResult

    path = needed(folder, folder.search, "codescale search")
    return SearchResult.read(path, "make the file again with: codescale search")


def needed(folder: StudyFolder, path: Path, command: str) -> Path:
    """``path``, which ``command`` makes. Raises :class:`~codescale.errors.UserError` where it is missing."""
    if not path.exists():
        raise UserError(path, "no such file", f"run {command} {folder.name} first")
    return path


def available_tokens(context: StageContext) -> dict[str, int] | None:
    """Training tokens that the corpus has of each of the study's languages; None where a command trains, whose data
    only it knows.

    Raises :class:`~codescale.errors.UserError` where it lacks one of them, or there is no corpus.
    """
    if context.config.trainer is not None:
        return None
    corpus, languages = context.corpus(), context.config.languages
    missing = [language for language in languages if language not in corpus.languages]
    if missing:
        raise UserError(context.folder.manifest, f"{missing[0]} is not in the corpus", "run codescale corpus again")
    return {language: corpus.count_tokens(language, "training") for language in languages}


def known_tokens(context: StageContext) -> dict[str, int] | None:
    """As :func:`available_tokens`; None before there is a corpus."""
    return available_tokens(context) if context.folder.manifest.exists() else None


def target_availability(context: StageContext) -> AvailableTokens:
    """What the target model may train on: tokens of each language, and how often they may be read."""
    from codescale.sweeps.plan import target_tokens
    from codescale.sweeps.spread import target_available

    return target_available(context.config, target_tokens(context.config, available_tokens(context)))


def baseline_mixtures(
    context: StageContext,
    words: Sequence[str],
    weights: Mapping[str, float],
    available: AvailableTokens,
    known: Mapping[str, Mixture] | None = None,
) -> dict[str, Mixture]:
    """The baselines of ``words`` as they are at the target; those that are ``known`` already are taken as they are.

    Raises :class:`~codescale.errors.UserError` as :func:`~codescale.mixtures.baselines.baseline_mixture`.
    """
    from codescale.mixtures.baselines import baseline_mixture, parse_baseline

    config, found = context.config, {}
    for word in words:
        if known and word in known:
            found[word] = known[word]
            continue
        baseline = parse_baseline(word).within(context.folder.root)
        found[word] = baseline_mixture(
            baseline, config.languages, available, weights, config.target.n_tokens, _BASELINES
        )
    return found


def searched_reference(problem: SearchProblem) -> dict[str, Mixture]:
    """The reference that the search was held to, by its word, where the proof goes by the same rule: a space may have
    tokens and languages of its own. Uniform stays that of all languages, which every picture is drawn against.
    """
    found, rule = problem.no_harm, problem.config.comparison.no_harm
    if found is None or found.rule != rule or found.rule.reference == str(UNIFORM):
        return {}
    return {found.rule.reference: found.reference}


def unique_tokens(context: StageContext, tokens: int) -> int | dict[str, int] | None:
    """The distinct tokens of each language that a run of ``tokens`` tokens is held to; None where it has them all."""
    from codescale.sweeps.plan import unique_tokens_of

    return unique_tokens_of(context.config, available_tokens(context), tokens)
