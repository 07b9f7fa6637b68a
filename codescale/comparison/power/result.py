"""``power.json``: what was expected of the proof before it was paid, written and read by one schema (docs/power.md).

Gains are what a mixture's objective lies below a baseline's, in nats per token; tokens are of training.
"""

from __future__ import annotations

from typing import Literal

from codescale.artifact import Artifact, Interval

Outlook = Literal["an answer is expected", "it may go either way", "a null is expected", "unknown"]


class NoiseResult(Artifact):
    """The noise that was reckoned with: the ``deviation`` of a difference between two runs with one seed, the
    ``degrees_of_freedom`` that it is known by, that of one run ``between_seeds``, two mixtures' ``correlation`` under
    one seed where replicates tell it, and the ``source``. ``measured``: whether by this study. ``text_share``: what of
    the deviation's square the test text makes, where a proof has told.
    """

    deviation: float
    degrees_of_freedom: float
    between_seeds: float
    correlation: float | None = None
    measured: bool
    source: str
    text_share: float | None = None


class BaselinePower(Artifact):
    """Against one baseline: the gain that the law expects (None without a law), the ``chance`` that the proof says
    *beats*, and the seeds that would resolve the expected gain (None: no gain is expected, or 1,000 do not).
    ``same_as``: the word of another baseline that is the same mixture.
    """

    gain: Interval | None = None
    chance: float | None = None
    seeds_needed: int | None = None
    same_as: str | None = None


class QuestionPower(Artifact):
    """One question: its ``weights``, the mixture that the law thinks best, the gain that its tests ``resolve``, and
    what is expected against each baseline. ``against``: the baseline that the ``outlook`` and the ``statement`` are of.
    """

    name: str
    searched: bool
    weights: dict[str, float]
    mixture: dict[str, float] | None = None
    resolves: float
    against: str
    outlook: Outlook
    statement: str
    baselines: dict[str, BaselinePower]


class Change(Artifact):
    """One thing that would have the proof resolve the gain that is expected of the searched question: ``to`` is its new
    value, None where none does; ``tokens`` are those of the whole proof then, an ``evaluated`` one counting as a third.

    ``test_text``: tokens of each language's test split. ``pairs``: what runs of one seed have in common, which every
    proof makes use of and which was not counted on; ``correlation``: from which on that does.
    """

    kind: Literal["seeds", "tokens", "test_text", "pairs"]
    to: int | None = None
    gain: float | None = None
    tokens: int | None = None
    evaluated: int | None = None
    correlation: float | None = None


class PowerResult(Artifact):
    """``power.json``. ``seeds_chosen``: whether the study chose the ``seeds`` (``seeds: auto``) within
    ``budget_tokens``; they then stay as they are here. ``cheapest``: the kind of the cheapest of ``changes``;
    None where none is needed, or none helps. ``missing``: what has to be there to say more; ``caution``: why the law's
    gains are to be doubted.
    """

    n_params: int
    n_tokens: int
    seeds: int
    seeds_chosen: bool = False
    budget_tokens: int | None = None
    level: float
    power: float
    law: str | None = None
    missing: str | None = None
    caution: str | None = None
    noise: NoiseResult
    questions: tuple[QuestionPower, ...]
    changes: tuple[Change, ...] = ()
    cheapest: str | None = None
    advice: str

    @property
    def own(self) -> QuestionPower:
        """The question that is searched."""
        return next(one for one in self.questions if one.searched)
