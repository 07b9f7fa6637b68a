"""What of a difference's noise lies in the text that models are tested on, and what reading more of it would change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

TEXT_VARIANCE = 0.0
"""Of the difference between two runs with one seed on one token of test text, what is neither the seed's nor the
text's alone, in nats² (neighbouring tokens taken together: variance between sequences times their tokens).
"""


@dataclass(frozen=True)
class EvaluationTokens:
    """Tokens of each language that the proof ``read`` s of the test split at most, what the splits ``hold``, and the
    objective's ``weights``, which sum to 1.
    """

    read: int
    hold: Mapping[str, int]
    weights: Mapping[str, float]

    @property
    def all_there_is(self) -> int:
        """Of the language that has the most."""
        return max(self.hold.values(), default=0)

    @property
    def of_a_run(self) -> int:
        """Tokens that one run is tested on, all languages together."""
        return sum(min(self.read, there) for there in self.hold.values())

    def variance(self, read: int) -> float:
        """What the text adds to the variance of a difference (nats² per token squared) where so much is ``read``."""
        parts = (weight**2 / min(read, self.hold[name]) for name, weight in self.weights.items() if weight)
        return TEXT_VARIANCE * sum(parts)

    def deviation_with(self, deviation: float, read: int) -> float:
        """A difference's ``deviation`` where so much is ``read`` instead; at least half of it is training's."""
        saved = self.variance(self.read) - self.variance(read)
        return float(np.sqrt(max(deviation**2 - saved, deviation**2 / 2.0)))
