"""The geometric mean of several laws: log L_i = sum_m w_m log L_i^(m), their weights found on held-out runs.

Laws err differently, so their mean errs less than each (stacking: Wolpert, 1992; Breiman, 1996).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from codescale.arrays import Array
from codescale.laws.forms.base import Form
from codescale.laws.observations import Observations


class Stack(Form):
    """``members`` and their ``weights``, which sum to 1.

    <member>/weight: the weight, the same for every target. <member>/<name>: the member's own parameters.
    """

    name = "stack"
    formula = "log L_i = sum_m w_m log L_i^(m)"

    def __init__(self, members: tuple[Form, ...], weights: Array) -> None:
        self.members, self.weights = members, weights

    @property
    def member_names(self) -> tuple[str, ...]:
        """The members' names, in order."""
        return tuple(member.name for member in self.members)

    def parameter_names(self, domains: tuple[str, ...], target: str) -> tuple[str, ...]:
        return tuple(
            f"{member.name}/{name}"
            for member in self.members
            for name in ("weight", *member.parameter_names(domains, target))
        )

    def free_parameters(self, data: Observations) -> int:
        return max(member.free_parameters(data) for member in self.members)

    def effective_parameters(self, data: Observations, values: Array) -> Array:
        counts = [member.effective_parameters(data, own) for member, own in self.split(values, data.domains)]
        return np.asarray(self.weights @ np.array(counts))

    def exponents_at_ends(self, data: Observations, values: Array) -> list[str]:
        return [
            f"{member.name}/{name}"
            for member, own in self.split(values, data.domains)
            for name in member.exponents_at_ends(data, own)
        ]

    def unidentified(self, data: Observations) -> dict[str, str]:
        return {
            f"{member.name}/{name}": reason
            for member in self.members
            for name, reason in member.unidentified(data).items()
        }

    def fit(
        self, data: Observations, weights: Array, workers: int | None = None, simpler: Mapping[str, Array] | None = None
    ) -> Array:
        fits: dict[str, Array] = dict(simpler or {})
        for member in self.members:
            if member.name not in fits:
                fits[member.name] = member.fit(data, weights, workers, fits)
        return self.join([fits[name] for name in self.member_names])

    def join(self, values: list[Array]) -> Array:
        """(…, targets, parameters) of the stack from its members' own."""
        parts = []
        for weight, own in zip(self.weights, values, strict=True):
            parts += [np.full((*own.shape[:-1], 1), weight), own]
        return np.concatenate(parts, axis=-1)

    def split(self, values: Array, domains: tuple[str, ...]) -> list[tuple[Form, Array]]:
        """Each member and its own parameters (…, parameters): the inverse of :meth:`join`."""
        parts = self._parts(values.shape[-1], domains)
        return [(member, values[..., first : first + count]) for member, first, count in parts]

    def near(self, data: Observations, values: Array, weights: Array, workers: int | None = None) -> Array:
        return self.join([member.near(data, own, weights, workers) for member, own in self.split(values, data.domains)])

    def resample(
        self,
        data: Observations,
        values: Array,
        weights: Array,
        generator: np.random.Generator,
        workers: int | None = None,
    ) -> Array:
        return self.join(
            [
                member.resample(data, own, weights, generator, workers)
                for member, own in self.split(values, data.domains)
            ]
        )

    def log_losses(
        self, values: Array, domains: tuple[str, ...], log_params: Array, log_tokens: Array, shares: Array
    ) -> Array:
        total = np.zeros((len(values), len(log_params)))
        for member, first, count in self._parts(values.shape[-1], domains):
            own = member.log_losses(values[:, first : first + count], domains, log_params, log_tokens, shares)
            total += values[:, first - 1 : first] * own
        return total

    def share_gradient(
        self, values: Array, domains: tuple[str, ...], log_params: float, log_tokens: float, shares: Array
    ) -> tuple[float, Array]:
        log_loss, slope = 0.0, np.zeros(len(shares))
        for member, first, count in self._parts(len(values), domains):
            loss, own = member.share_gradient(values[first : first + count], domains, log_params, log_tokens, shares)
            log_loss += values[first - 1] * np.log(loss)
            slope = slope + values[first - 1] / loss * own
        loss = float(np.exp(log_loss))
        return loss, loss * slope

    def _parts(self, total: int, domains: tuple[str, ...]) -> list[tuple[Form, int, int]]:
        """Each member, where its own parameters begin among the ``total``, and how many they are."""
        parts, first = [], 1
        for member in self.members:
            count = len(member.parameter_names(domains, ""))
            parts.append((member, first, count))
            first += count + 1
        assert first == total + 1
        return parts
