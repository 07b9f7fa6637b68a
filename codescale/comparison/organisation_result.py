"""``organisation.json``: what pairing translations did, target by target, written and read by one schema.

Losses are in nats per token, of the validation split: the runs were planned, and nothing was chosen by it.
"""

from __future__ import annotations

from typing import Literal

from codescale.artifact import Artifact
from codescale.comparison.result import PairedDifference, SeedMean
from codescale.laws.results import Scaling

ArmWord = Literal["improved", "harmed", "cannot be told"]
Family = Literal["languages", "seen", "unseen"]


class ArmDifference(Artifact):
    """A target's loss in the paired arm minus that in the shuffled one, over the same seeds; the p values that it is
    lower and that it is higher, adjusted for the number of targets of its family (Holm), and what they say.
    """

    shuffled: SeedMean
    paired: SeedMean
    difference: PairedDifference
    lower: float
    higher: float
    verdict: ArmWord


class FamilyDifference(Artifact):
    """The mean over the targets of a family: one figure a seed, so one test. ``targets``: how many they are."""

    targets: int
    shuffled: SeedMean
    paired: SeedMean
    difference: PairedDifference


class ArmsAtScale(Artifact):
    """One paired arm beside the shuffled one at one N and D, with ``paired_share`` of the programs paired.

    ``families``: ``languages``, and directions of translation that paired training shows (``seen``) and does not
    (``unseen``); one without targets is left out. ``targets`` by family.
    """

    n_params: int
    n_tokens: int
    paired_share: float
    seeds: tuple[int, ...]
    families: dict[Family, FamilyDifference] = {}
    targets: dict[Family, dict[str, ArmDifference]] = {}


class OrganisationResult(Artifact):
    """The arms at every scale, by N, D and share; ``scaling``: L = E + A N^-alpha + B D^-beta of every target by arm,
    where several N or D were trained. ``proportions``: the mixture of all runs. ``left_out``: runs that did not end
    well, whose seed is then left out of both arms.
    """

    level: float = 0.9
    pivot: str
    proportions: dict[str, float]
    corpus_id: str
    scales: tuple[ArmsAtScale, ...] = ()
    scaling: dict[str, Scaling] = {}
    left_out: tuple[str, ...] = ()
