"""``comparison.json``: the verdict and what it rests on, written and read by one schema (docs/comparison.md).

The order of the fields is that of the file's keys. Losses are in nats per token.
"""

from __future__ import annotations

from typing import Literal

from codescale.artifact import Artifact, Interval
from codescale.organisation import SHUFFLED, Organisation


class SeedMean(Artifact):
    """A mean over seeds, its standard error (None for one seed), and the values themselves, one a seed."""

    mean: float
    standard_error: float | None = None
    values: tuple[float, ...] | None = None


class JudgedSplit(Artifact):
    """The objective, each language's loss and that of each direction of translation on one split; ``bits_per_byte`` on
    the test split alone.
    """

    objective: SeedMean
    losses: dict[str, SeedMean] = {}
    translations: dict[str, SeedMean] = {}
    bits_per_byte: dict[str, SeedMean] | None = None


class PredictedLosses(Artifact):
    """What the law said before, with 90 % intervals."""

    objective: Interval | None = None
    losses: dict[str, Interval] = {}


class MixtureCost(Artifact):
    """What a mixture's runs took; ``seconds`` of training and evaluation."""

    tokens: int
    flops: float
    seconds: float


class ComparedMixture(Artifact):
    """One of the mixtures: its shares, what was predicted (validation) and measured (validation, test)."""

    proportions: dict[str, float]
    hyper: dict[str, float] = {}
    organisation: Organisation = SHUFFLED
    predicted: PredictedLosses | None = None
    validation: JudgedSplit | None = None
    measured: JudgedSplit
    cost: MixtureCost | None = None


class PairedDifference(Artifact):
    """A mixture minus another, paired by seed, with Student's t interval; negative is better."""

    mean: float
    standard_error: float | None = None
    low: float | None = None
    high: float | None = None


class CrossedDifference(Artifact):
    """A mixture minus another over other seeds and other documents of the same source, with its interval.

    The square of the ``standard_error`` is the sum of what is the seeds' (``of_seeds``), what is the documents'
    whatever the seed (``of_documents``), and the ``residual``, which more of either lowers; with the test text as it
    is, seeds and residual alone make the paired difference's. ``documents``: how many there are.
    """

    mean: float
    standard_error: float
    low: float
    high: float
    degrees_of_freedom: float
    documents: int
    of_seeds: float
    of_documents: float
    residual: float


class CrossedDifferences(Artifact):
    """As :class:`MixtureDifference` over other seeds and other documents too."""

    objective: CrossedDifference
    losses: dict[str, CrossedDifference] = {}


class TextShare(Artifact):
    """How the difference between two runs with one seed varies between seeds: by a ``deviation`` (nats per token) with
    the ``documents`` and ``tokens`` of the test split that were read, of whose square the text makes the ``share``;
    ``without``: the deviation if there were text without end.
    """

    deviation: float
    share: float
    without: float
    documents: int
    tokens: int


class TextShares(Artifact):
    """Over all mixtures of a comparison, by so many ``degrees_of_freedom`` between seeds: of the objective, and of each
    language's loss.
    """

    degrees_of_freedom: int
    objective: TextShare
    losses: dict[str, TextShare] = {}


class MixtureDifference(Artifact):
    """All differences of one mixture from another, of directions of translation those that both measured."""

    objective: PairedDifference
    losses: dict[str, PairedDifference] = {}
    translations: dict[str, PairedDifference] = {}


class ForetoldDifference(Artifact):
    """A mixture's objective minus uniform's as the law ``predicted`` it, and as it was ``measured`` on the same split,
    the validation one.

    ``inside``: whether they lie no further apart than both intervals allow; None where that cannot be told.
    """

    predicted: Interval
    measured: PairedDifference
    inside: bool | None = None


class Worth(Artifact):
    """The share of its tokens that a mixture may do without and still reach what another reaches; negative: the share
    that it needs more.

    ``objective`` and ``languages`` by the ``measured`` differences at the comparison's N and D; ``forecast``: of the
    objective, by the law at the study's target.
    """

    objective: Interval
    languages: dict[str, Interval] = {}
    forecast: Interval | None = None


class BaselineVerdict(Artifact):
    """The search's choice against a baseline: its ``difference`` from it, ``better`` and ``worse``, the p values of
    either, adjusted for the number of baselines (Holm), and whether it ``beats`` the baseline; None: it cannot be told.
    ``worth``: what that is in tokens, where there is a law. ``crossed``: the difference over other seeds and other
    documents of the same source, where each document's losses were kept.
    """

    difference: MixtureDifference
    better: float
    worse: float
    beats: bool | None = None
    worth: Worth | None = None
    crossed: CrossedDifferences | None = None


HarmWord = Literal["harmed", "not harmed within the margin", "cannot be told"]


class LanguageHarm(Artifact):
    """A language under the search's choice: its loss less that under the reference, and less the ``margin`` too
    (``beyond``), both in nats per token; the p values that it is harmed and that it is not, adjusted for the number of
    languages (Holm), and what they say.
    """

    difference: PairedDifference
    margin: float
    beyond: PairedDifference
    harmed: float
    not_harmed: float
    verdict: HarmWord


class Harm(Artifact):
    """Whether the search's choice harms a language: against ``reference``, by more than ``margin``, which is a fraction
    of the loss under the reference where it is ``relative``, else in nats per token. ``written``: whether somebody
    wrote the rule, or it is the usual one: any harm at all, against uniform; None in files of before.
    """

    reference: str
    margin: float
    relative: bool = False
    written: bool | None = None
    languages: dict[str, LanguageHarm] = {}

    @property
    def by_rule(self) -> bool:
        """Whether it is by a rule that somebody wrote, also where it reads as the usual one does; of files of before,
        whether it is another one than that.
        """
        if self.written is None:
            return self.margin > 0 or self.reference != "uniform"
        return self.written

    def told(self, word: HarmWord) -> tuple[str, ...]:
        """The languages of which the verdict is ``word``."""
        return tuple(name for name, one in self.languages.items() if one.verdict == word)


class ComparisonVerdict(Artifact):
    """What the comparison concluded.

    Whether the search's choice, and the law's, beats uniform: None where it cannot be told. ``harmed``: the languages
    of which the comparison's :class:`Harm` says so (earlier files: whose own interval says so).
    """

    statement: str
    beats_uniform: bool | None = None
    predicted_beats_uniform: bool | None = None
    harmed: tuple[str, ...] = ()


class LargerVerdict(ComparisonVerdict):
    """The verdict at ``times_the_search`` the N of the search's trials; ``holds``: whether the search's choice beats
    the yardstick there too.
    """

    holds: bool | None = None
    times_the_search: float | None = None
    rank_correlation: float | None = None


class ScaleComparison(Artifact):
    """The comparison at one N and D.

    ``foretold``: by role, where there is a law. ``test_text``: the text's part of the noise, where each document's
    losses were kept. ``baselines``: the verdict against each, by its word (earlier files: no
    such key); ``yardstick``: the one that the first sentence is about.
    """

    n_params: int | None = None
    n_tokens: int | None = None
    split: str = "test"
    level: float = 0.9
    seeds: tuple[int, ...] = ()
    weights: dict[str, float] = {}
    corpus_id: str = ""
    mixtures: dict[str, ComparedMixture]
    differences: dict[str, MixtureDifference] = {}
    measured_minus_predicted: MixtureDifference | None = None
    foretold: dict[str, ForetoldDifference] = {}
    baselines: dict[str, BaselineVerdict] = {}
    yardstick: str = "uniform"
    harm: Harm | None = None
    test_text: TextShares | None = None
    verdict: ComparisonVerdict | None = None


class LargerComparison(ScaleComparison):
    """The same mixtures at a larger scale."""

    verdict: LargerVerdict | None = None


class ComparisonResult(ScaleComparison):
    """``comparison.json``: the proof, and the same at a ``larger`` scale where the study has one."""

    larger: LargerComparison | None = None
