"""``scaling.json`` and ``synergy.json``, what ``fit`` measures beside a law: one schema for writer and reader."""

from __future__ import annotations

from pydantic import field_validator

from codescale.artifact import Artifact, Interval


class ScalingPoint(Artifact):
    """A measured loss (nats per token) at N and D, and what the fit says there."""

    n_params: float
    n_tokens: float
    loss: float
    fitted: float

    @field_validator("n_params", "n_tokens")
    @classmethod
    def _is_a_count(cls, value: float) -> float:
        """Counts that went through a logarithm come back a hair off; equal ones have to compare equal."""
        return float(round(value))


class LanguageScaling(Artifact):
    """L = E + A N^-alpha + B D^-beta of one language; ``unidentified`` names parameters that the runs cannot tell."""

    parameters: dict[str, Interval]
    unidentified: tuple[str, ...] = ()
    points: tuple[ScalingPoint, ...] = ()
    rmse: float | None = None
    n_runs: int | None = None


class Scaling(Artifact):
    """``scaling.json``; ``level`` is the intervals' coverage, ``noise`` the standard deviation of a run's log loss."""

    level: float = 0.9
    noise: float | None = None
    languages: dict[str, LanguageScaling]
    skipped: dict[str, str] = {}


class SynergyGain(Interval):
    """The relative gain of a source on a target (0.01 is 1 % lower loss)."""

    differs_from_zero: bool | None = None


class AloneLosses(Artifact):
    """Losses (nats per token) of one language: D/2 tokens once, the same D/2 twice, D fresh tokens."""

    half: float | None = None
    twice: float | None = None
    fresh: float | None = None


class Synergy(Artifact):
    """``synergy.json``: ``gain[target][source]`` at N and D; ``reason`` says why there are no gains.

    ``degrees_of_freedom`` are those of the noise between seeds; 0 means that it is unknown, and with it all intervals.
    """

    level: float = 0.9
    n_params: float | None = None
    n_tokens: float | None = None
    languages: tuple[str, ...] = ()
    gain: dict[str, dict[str, SynergyGain | None]]
    reason: str = ""
    degrees_of_freedom: int | None = None
    alone: dict[str, AloneLosses] = {}
