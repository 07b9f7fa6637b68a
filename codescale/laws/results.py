"""``scaling.json`` and ``synergy.json``, what ``fit`` measures beside a law: one schema for writer and reader."""

from __future__ import annotations

from codescale.artifact import Artifact, Interval
from codescale.runs.units import LossUnit


class ScalingPoint(Artifact):
    """A measured loss at N and D, and what the fit says there."""

    n_params: float
    n_tokens: float
    loss: float
    fitted: float

    @property
    def scale(self) -> tuple[float, float]:
        """N and D as whole numbers: they went through a logarithm and came back a hair off, and equal ones have to
        compare equal.
        """
        return float(round(self.n_params)), float(round(self.n_tokens))


class LanguageScaling(Artifact):
    """L = E + A N^-alpha + B D^-beta of one language.

    ``unidentified`` names parameters that the runs cannot tell, ``rmse`` is in the losses' unit, and ``intervals_from``
    says what the samples were drawn from: ``trunks``, ``noise`` where these are few, ``nothing`` where the noise is not
    known either: then there are no intervals. ``noise`` is the standard deviation of a run's log loss of this language,
    shrunk to that of all, with the ``degrees_of_freedom`` of Student's t.
    """

    parameters: dict[str, Interval]
    unidentified: tuple[str, ...] = ()
    points: tuple[ScalingPoint, ...] = ()
    rmse: float | None = None
    n_runs: int | None = None
    intervals_from: str = ""
    noise: float | None = None
    degrees_of_freedom: float | None = None


class Scaling(Artifact):
    """``scaling.json``; ``level`` is the intervals' coverage, ``noise`` the standard deviation of a run's log loss,
    pooled over languages; None where it is not known. ``skipped`` says why a language has no fit. ``loss_unit``:
    files of before have none and are in nats per token.
    """

    level: float = 0.9
    loss_unit: LossUnit = LossUnit.NATS_PER_TOKEN
    noise: float | None = None
    languages: dict[str, LanguageScaling]
    skipped: dict[str, str] = {}


class SynergyGain(Interval):
    """The relative gain of a source on a target (0.01 is 1 % lower loss)."""

    differs_from_zero: bool | None = None


class AloneLosses(Artifact):
    """Losses of one language: D/2 tokens once, the same D/2 twice, D fresh tokens."""

    half: float | None = None
    twice: float | None = None
    fresh: float | None = None


class Synergy(Artifact):
    """``synergy.json``: ``gain[target][source]`` at N and D; ``reason`` says why there are no gains.

    ``noise`` is the standard deviation of each language's log loss between seeds where it is known, ``seeds`` the most
    runs of one pair, and ``degrees_of_freedom`` are those of the noise: 0 means that it is unknown, and with it all
    intervals. ``target_degrees_of_freedom`` are those of Student's t in each target's row, whose noise is its own,
    shrunk to that of all. ``repetition`` is ``unknown`` where the table does not say how many distinct tokens a run
    saw. ``loss_unit`` as in :class:`Scaling`.
    """

    level: float = 0.9
    loss_unit: LossUnit = LossUnit.NATS_PER_TOKEN
    n_params: float | None = None
    n_tokens: float | None = None
    languages: tuple[str, ...] = ()
    gain: dict[str, dict[str, SynergyGain | None]]
    alone: dict[str, AloneLosses] = {}
    noise: dict[str, float] = {}
    degrees_of_freedom: int | None = None
    target_degrees_of_freedom: dict[str, float] = {}
    seeds: int | None = None
    reason: str = ""
    repetition: str = ""
