"""A fitted law: its parameters by name, where it was fitted, how sure it is, and what it predicts.

Laws as JSON files: written atomically, read back with every mistake named. No pickle.

Symbols and shapes: N (n,), non-embedding parameters; D (n,), training tokens; p (n, d), shares of the d domains; L
(n, t), losses of the t targets in the law's unit; values (t, k), the k parameters of each target's form; samples
(s, t, k), those of the bootstrap. Deviations and residuals are of log L.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from codescale.arrays import Array, Mask
from codescale.errors import UserError
from codescale.files import read_json, write_json
from codescale.laws.earlier_files import with_kappa
from codescale.laws.fitted_range import FittedRange
from codescale.laws.forms.base import Form
from codescale.laws.forms.registry import find_form
from codescale.laws.forms.stack import Stack
from codescale.laws.gp.gaussian_process import GaussianProcess
from codescale.laws.gp.law_correction import LawCorrection, sampled_correction
from codescale.laws.intervals import NORMAL_90, half_width, noise_factor, sampled_log_losses, unsampled_spread
from codescale.laws.repetition import ExcessParameters, Repetition
from codescale.laws.surface import FixedTokens, GrowingTokens, RepeatingSurface, Surface
from codescale.runs.units import LossUnit
from codescale.validation import first_mistake

_ROWS_AT_ONCE = 4_000
_DRAWS = 3
"""Sets the seed of the process's draws apart from that of hold-outs and bootstrap."""


class HeldOut(BaseModel):
    """Mean relative error |predicted/measured - 1| of a form on rows it was not fitted to.

    ``error`` is the mean over ``splits``, a split per kind of hold-out (unseen mixtures, the longest D, the largest N);
    ``targets`` holds each target's error, averaged over splits.

    By kind of hold-out, of intervals made without the judged rows (codescale/laws/fitting/calibration.py):
    ``foretold``, the error that they foretell; ``inside``, the share of losses in the 90 % intervals; ``trunks``, of
    how many trunks. Law files hold them for the law that was taken, those of before for none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    error: float
    splits: dict[str, float]
    targets: dict[str, float]
    foretold: dict[str, float] = {}
    inside: dict[str, float] = {}
    trunks: dict[str, int] = {}


@dataclass(frozen=True)
class Prediction:
    """Losses in the law's unit: ``losses``, ``low`` and ``high`` (rows, targets), a 90 % prediction interval.

    ``extrapolated`` (rows,) is true outside the fitted range of N, D or a share. ``low`` and ``high`` are NaN where
    the law cannot say: N or D differs from the only one it was fitted at, or all its runs are branches of one trunk.
    """

    targets: tuple[str, ...]
    losses: Array
    low: Array
    high: Array
    extrapolated: Mask


class Law(BaseModel):
    """A law as it is stored: every number that a prediction needs, under its name.

    ``members`` names the forms of a stack (none: ``name`` is the form); ``process`` is a Gaussian process on what the
    form leaves over (none: the form stands alone); ``half_life`` is R* of codescale/laws/repetition.py (none: repeated
    tokens count like fresh ones), ``excess_parameters`` its second term (none, as in files of before: the first alone).
    ``parameters`` maps target to parameter name to value; ``bootstrap`` maps target to parameter name to one value per
    sample (samples are joint over targets). ``noise`` is the standard deviation of a new run's log loss around the law,
    per target, from held-out rows where there are any; ``correlation`` (targets, targets) that of the residuals;
    ``widening`` multiplies the distance outside the fitted range. ``trunks``: independent runs that were fitted to
    (none in files of before). ``noise_freedom``: per target the degrees of freedom of a noise that the fit's own
    residuals tell, 0 where they tell none; without it, as in files of before, held-out rows tell the noise.
    ``unidentified`` names what the data could not tell, and why. ``loss_unit`` is that of the runs, and of all that is
    predicted (files of before: nats per token); ``bytes_per_token`` turns nats per token into bits per byte.
    ``unique_per_token``: :meth:`as_scarce`; in no file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    format: Literal["codescale-law-1"] = "codescale-law-1"
    name: str
    members: tuple[str, ...] = ()
    formula: str
    domains: tuple[str, ...] = Field(min_length=1)
    targets: tuple[str, ...] = Field(min_length=1)
    parameters: dict[str, dict[str, float]]
    fitted_range: FittedRange
    noise: dict[str, float]
    correlation: list[list[float]]
    widening: float = Field(default=1.0, ge=0)
    held_out: dict[str, HeldOut] = {}
    unidentified: dict[str, str] = {}
    loss_unit: LossUnit = LossUnit.NATS_PER_TOKEN
    bytes_per_token: dict[str, float] | None = None
    seed: int
    fitted_rows: int
    trunks: int | None = Field(default=None, gt=0)
    noise_freedom: dict[str, float] = {}
    runs: str
    bootstrap: dict[str, dict[str, list[float]]] = {}
    process: GaussianProcess | None = None
    half_life: float | None = Field(default=None, gt=0)
    excess_parameters: ExcessParameters | None = None
    unique_per_token: dict[str, float] = Field(default={}, exclude=True)

    @model_validator(mode="before")
    @classmethod
    def _had_no_kappa(cls, content: Any) -> Any:
        """Laws of before knew sums only: their kappa is 1."""
        return with_kappa(content) if isinstance(content, dict) else content

    @model_validator(mode="after")
    def _is_complete(self) -> Law:
        for target in self.targets:
            wanted = self.form.parameter_names(self.domains, target)
            if set(self.parameters.get(target, {})) != set(wanted):
                raise ValueError(f"parameters.{target} does not hold {', '.join(wanted)}")
            if self.bootstrap and set(self.bootstrap.get(target, {})) != set(wanted):
                raise ValueError(f"bootstrap.{target} does not hold {', '.join(wanted)}")
            if self.noise.get(target, -1.0) < 0:
                raise ValueError(f"noise.{target} is missing or negative")
            if self.noise_freedom.get(target, 0.0) < 0:
                raise ValueError(f"noise_freedom.{target} is negative")
        if self.loss_unit.is_exponential:
            raise ValueError(f"loss_unit: laws are of {self.loss_unit.additive}, not of {self.loss_unit}")
        if tuple(self.fitted_range.proportions) != self.domains:
            raise ValueError("fitted_range.proportions does not hold every domain in order")
        if self.process and not set(self.process.targets) <= set(self.targets):
            raise ValueError("process.targets holds a target that the law does not have")
        if self.process and self.process.shares and len(self.process.shares[0]) != len(self.domains):
            raise ValueError("process.shares: has another number of domains than the law")
        if self.excess_parameters and self.half_life is None:
            raise ValueError("excess_parameters: stands without half_life")
        lengths = {len(column) for columns in self.bootstrap.values() for column in columns.values()}
        if len(lengths) > 1:
            raise ValueError("bootstrap: the columns have different lengths")
        if np.shape(self.correlation) != (len(self.targets), len(self.targets)):
            raise ValueError("correlation is not targets by targets")
        return self

    @cached_property
    def form(self) -> Form:
        """The form of this law, a stack where it has ``members``. Raises :class:`UserError` where one is not known."""
        if not self.members:
            return find_form(self.name, "the law's name")
        first = self.parameters.get(self.targets[0], {})
        weights = np.array([first.get(f"{name}/weight", np.nan) for name in self.members])
        return Stack(tuple(find_form(name, "the law's members") for name in self.members), weights)

    @cached_property
    def values(self) -> Array:
        """(targets, parameters), in the order of the form's parameter names."""
        return np.array(
            [
                [self.parameters[target][name] for name in self.form.parameter_names(self.domains, target)]
                for target in self.targets
            ]
        )

    @cached_property
    def samples(self) -> Array:
        """(samples, targets, parameters): the bootstrap; no samples where there are none."""
        if not self.bootstrap:
            return np.empty((0, *self.values.shape))
        columns = [
            [self.bootstrap[target][name] for name in self.form.parameter_names(self.domains, target)]
            for target in self.targets
        ]
        return np.moveaxis(np.array(columns), -1, 0)

    @cached_property
    def posteriors(self) -> tuple[LawCorrection | None, ...]:
        """Per target its process given the law's residuals, and a draw of it given those of every bootstrap sample;
        None where it has none.
        """
        if self.process is None:
            return (None,) * len(self.targets)
        process = self.process
        at = (np.array(process.log_params), np.array(process.log_tokens), np.array(process.shares))
        found: list[LawCorrection | None] = []
        for k, target in enumerate(self.targets):
            own = process.targets.get(target)
            if own is None:
                found.append(None)
                continue
            residuals = np.array(own.residuals)[:, None]
            if len(self.samples):
                middle = self.form.log_losses(self.values[k : k + 1], self.domains, *at)
                drawn = self.form.log_losses(self.samples[:, k], self.domains, *at)
                shift = (middle - drawn).T[np.array(own.rows)]
                residuals = np.hstack([residuals, residuals + shift])
            generator = np.random.default_rng((self.seed, _DRAWS, k))
            found.append(sampled_correction(process, own, residuals, generator))
        return tuple(found)

    def surface(self, sample: int | None = None, unique_tokens: Array | None = None) -> Surface:
        """The law as a function of N, D and the shares; under bootstrap sample ``sample`` where one is given.

        ``unique_tokens`` (domains,): distinct tokens there are, for a law that knows repetition (None: those that
        :meth:`as_scarce` says, else they never end).
        """
        inner, repetition = self.inner_surface(sample), self.repetition
        fresh = unique_tokens is None and not self.unique_per_token
        if repetition is None or (fresh and repetition.excess is None):
            return inner
        distinct = GrowingTokens(self._scarcity) if unique_tokens is None else FixedTokens(unique_tokens)
        return RepeatingSurface(self.form, self.domains, inner.values, inner.posteriors, repetition, distinct)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Law:
        """As pydantic's, without what the original had computed of its own fields."""
        copied = super().model_copy(update=update, deep=deep)
        for name in set(copied.__dict__) - set(type(self).model_fields):
            del copied.__dict__[name]
        return copied

    def as_scarce(self, unique_per_token: Mapping[str, float]) -> Law:
        """The same law, for which runs of D tokens have D times ``unique_per_token`` distinct ones of a domain where
        nobody says how many: proxies that repeat as a larger run will. Nothing changes for a law without repetition.
        """
        return self.model_copy(update={"unique_per_token": dict(unique_per_token)})

    def distinct_tokens(self, n_tokens: Array) -> Array:
        """(n, domains): distinct tokens of runs of ``n_tokens`` (n,) tokens where nobody says how many."""
        return GrowingTokens(self._scarcity).at(n_tokens)

    @property
    def _scarcity(self) -> Array:
        """(domains,): distinct tokens for each token of a run, infinite where tokens never end."""
        return np.array([self.unique_per_token.get(name, np.inf) for name in self.domains])

    def inner_surface(self, sample: int | None = None) -> Surface:
        """As :meth:`surface`, of the N', D' and shares that the law sees (codescale/laws/repetition.py)."""
        column = 0 if sample is None else 1 + sample
        posteriors = tuple(one and one.of_sample(column) for one in self.posteriors)
        return Surface(self.form, self.domains, self.values if sample is None else self.samples[sample], posteriors)

    @cached_property
    def repetition(self) -> Repetition | None:
        """What the law knows of repeated tokens; None where they count like fresh ones."""
        return None if self.half_life is None else Repetition(self.half_life, self.excess_parameters)

    @cached_property
    def noise_deviation(self) -> Array:
        """(targets,): ``noise`` as an array."""
        return np.array([self.noise[target] for target in self.targets])

    def predict(
        self, n_params: Array, n_tokens: Array, proportions: Array, unique_tokens: Array | None = None
    ) -> Prediction:
        """Losses of n runs, with the interval that holds a new run's loss with 90 %.

        The interval is of the bootstrap's spread and the noise around the law, widened outside the fitted range by the
        distance from it (docs/law-intervals.md).

        Parameters
        ----------
        n_params
            N (n,): non-embedding parameters.
        n_tokens
            D (n,): tokens.
        proportions
            Shares (n, d) in the order of ``domains``.
        unique_tokens
            Distinct tokens (n, d), for a law that knows repetition; None: they never end.

        Returns
        -------
        Prediction
            Losses (n, t) in ``loss_unit``, and which rows are extrapolated.
        """
        n_params, n_tokens = np.asarray(n_params, dtype=float), np.asarray(n_tokens, dtype=float)
        proportions = np.asarray(proportions, dtype=float)
        rows = len(n_params)
        slices = [slice(k, k + _ROWS_AT_ONCE) for k in range(0, max(rows, 1), _ROWS_AT_ONCE)]
        params, tokens, shares = self._as_seen(n_params, n_tokens, proportions, unique_tokens)
        distance, knowable = self.distance(n_params, n_tokens, proportions)
        parts = [self._predict(params[k], tokens[k], shares[k], distance[k], knowable[k]) for k in slices]
        return Prediction(
            self.targets,
            losses=np.concatenate([part.losses for part in parts]),
            low=np.concatenate([part.low for part in parts]),
            high=np.concatenate([part.high for part in parts]),
            extrapolated=np.concatenate([part.extrapolated for part in parts]),
        )

    def sampled_losses(
        self, n_params: Array, n_tokens: Array, proportions: Array, unique_tokens: Array | None = None
    ) -> Array:
        """(1 + samples, n, t): the losses of n runs under the law, then under each bootstrap sample, without a run's
        noise. Parameters as in :meth:`predict`.
        """
        n_params, n_tokens = np.asarray(n_params, dtype=float), np.asarray(n_tokens, dtype=float)
        seen = self._as_seen(n_params, n_tokens, np.asarray(proportions, dtype=float), unique_tokens)
        return np.exp(self._log_losses(*seen))

    def process_deviation(
        self, n_params: Array, n_tokens: Array, proportions: Array, unique_tokens: Array | None = None
    ) -> Array:
        """(n, t): the deviation of what the law's process does not know of each log loss, 0 without one. Bootstrap
        samples draw it; a law without them has it from here. Parameters as in :meth:`predict`.
        """
        return unsampled_spread(self.posteriors, *self._as_seen(n_params, n_tokens, proportions, unique_tokens))

    def _as_seen(
        self, n_params: Array, n_tokens: Array, proportions: Array, unique_tokens: Array | None
    ) -> tuple[Array, Array, Array]:
        """The N, D and shares that the law sees; without ``unique_tokens`` as :meth:`as_scarce` says."""
        fresh = unique_tokens is None and not self.unique_per_token
        if self.repetition is None or (fresh and self.repetition.excess is None):
            return n_params, n_tokens, proportions
        unique = self.distinct_tokens(n_tokens) if unique_tokens is None else unique_tokens
        return self.repetition.as_seen(n_params, n_tokens, proportions, unique)

    def _log_losses(self, n_params: Array, n_tokens: Array, proportions: Array) -> Array:
        return sampled_log_losses(
            self.form, self.values, self.samples, self.posteriors, self.domains, n_params, n_tokens, proportions
        )

    def _predict(
        self, n_params: Array, n_tokens: Array, proportions: Array, distance: Array, knowable: Mask
    ) -> Prediction:
        log_losses = self._log_losses(n_params, n_tokens, proportions)
        middle, drawn = log_losses[0], log_losses[1:]
        spread = half_width(drawn) if len(drawn) else unsampled_spread(self.posteriors, n_params, n_tokens, proportions)
        deviation = np.hypot(spread, self.new_run_deviation(distance))
        deviation[~knowable] = np.nan
        half = NORMAL_90 * deviation
        return Prediction(self.targets, np.exp(middle), np.exp(middle - half), np.exp(middle + half), distance > 0)

    def new_run_deviation(self, distance: Array) -> Array:
        """(rows, targets): the deviation of a new run's log loss around the law, as an interval has it, at a
        ``distance`` (rows,) from the fitted range: wider where few runs tell it (docs/law-intervals.md).
        """
        freedom = np.array([self.noise_freedom.get(target, np.inf) for target in self.targets])
        return np.asarray((1.0 + self.widening * distance)[:, None] * (noise_factor(freedom) * self.noise_deviation))

    def distance(self, n_params: Array, n_tokens: Array, proportions: Array) -> tuple[Array, Mask]:
        """As :meth:`FittedRange.distance`; ``proportions`` in the order of ``domains``."""
        return self.fitted_range.distance(n_params, n_tokens, proportions)

    def check_domains(self, domains: tuple[str, ...], where: str) -> None:
        """Raises :class:`UserError` where ``domains`` lack one of the law's or hold one that it does not know."""
        for name in self.domains:
            if name not in domains:
                raise UserError(
                    where, f"has no column proportion.{name}", "the law has this domain: add it, 0 if unused"
                )


def save_law(law: Law, path: str | Path) -> None:
    """Writes ``law`` to ``path``. Raises :class:`UserError` where the disk refuses."""
    write_json(path, law.model_dump(mode="json"))


def load_law(path: str | Path) -> Law:
    """The law in ``path``. Raises :class:`UserError` where the file is missing, broken or of an unknown law."""
    content = read_json(path)
    if not isinstance(content, dict) or "parameters" not in content:
        raise UserError(path, "is not a law file", "make one with: codescale fit RUNS --output law.json")
    try:
        return Law.model_validate(content)
    except UserError as error:
        raise UserError(f"{path}, name", error.problem, error.hint) from None
    except ValidationError as error:
        raise first_mistake(error, content).refusal(path, "fit the law again with: codescale fit") from None
