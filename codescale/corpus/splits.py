"""Which part of a language is trained on, which steers the search, and which proves it: whole packages or folders.

A unit (a package where a language has five or more, else a folder) lies in one split only, so that no model is judged
on a file whose neighbours it was trained on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from codescale.corpus.document import AnyDocument, stable_order
from codescale.corpus.reader import SPLITS

MIN_PACKAGES = 5
_SMALL = 0.25
"""Units up to this part of a split's target are taken first, so that a split is made of several."""
_MOST = 0.2
"""The part of all bytes that a held-out split may take where packages are few and large."""
_ENOUGH = 0.5
"""The part of its target that a held-out split has to reach."""


@dataclass(frozen=True)
class SplitPlan:
    """``split`` by position of the document; ``units`` by split, sorted."""

    split: tuple[str, ...]
    split_by: Literal["package", "folder"]
    units: Mapping[str, tuple[str, ...]]


def assign(sizes: Mapping[str, int], shares: Mapping[str, float]) -> dict[str, str]:
    """The split of every unit. ``sizes`` in bytes; ``shares`` of the held-out splits, as parts of the total.

    Greedy: small units first, in an order by hash, each to the split that lacks most; then, for a split that still
    lacks much, the largest unit that brings it nearer to its target. All others train, which keeps most.
    """
    total = sum(sizes.values())
    lacking = {split: share * total for split, share in shares.items()}
    chosen: dict[str, str] = {}

    def give(unit: str, split: str) -> None:
        chosen[unit] = split
        lacking[split] -= sizes[unit]

    for unit in sorted(sizes, key=stable_order):
        split = max(lacking, key=lambda name: lacking[name])
        if sizes[unit] <= min(_SMALL * shares[split] * total, lacking[split]):
            give(unit, split)
    for unit in sorted(sizes, key=lambda unit: (-sizes[unit], unit)):
        split = max(lacking, key=lambda name: lacking[name])
        if unit not in chosen and lacking[split] > _SMALL * shares[split] * total and sizes[unit] < 2 * lacking[split]:
            give(unit, split)
    return {unit: chosen.get(unit, "training") for unit in sizes}


def _is_enough(sizes: Mapping[str, int], assigned: Mapping[str, str], shares: Mapping[str, float]) -> bool:
    total = sum(sizes.values())
    filled: Counter[str] = Counter()
    for unit, split in assigned.items():
        filled[split] += sizes[unit]
    return filled["training"] > 0 and all(filled[split] >= _ENOUGH * share * total for split, share in shares.items())


def _with_whole_packages(
    sizes: Mapping[str, int], assigned: dict[str, str], shares: Mapping[str, float]
) -> dict[str, str]:
    """``assigned`` where a split that has too little gets the smallest package that is enough, up to a fifth of all.

    Five packages of one size cannot be split 84 to 8 to 8; 60 to 20 to 20 is still better than splitting one.
    """
    total = sum(sizes.values())
    for split, share in shares.items():
        filled = sum(sizes[unit] for unit in assigned if assigned[unit] == split)
        enough = [
            unit
            for unit in assigned
            if assigned[unit] == "training" and _ENOUGH * share <= (filled + sizes[unit]) / total <= _MOST
        ]
        if filled < _ENOUGH * share * total and enough:
            assigned[min(enough, key=lambda unit: (sizes[unit], unit))] = split
    return assigned


def filled(sizes: Mapping[str, int], assigned: dict[str, str], shares: Mapping[str, float]) -> dict[str, str]:
    """``assigned`` with the smallest training unit moved into each split that has none."""
    for split in shares:
        training = [unit for unit in assigned if assigned[unit] == "training"]
        if split not in assigned.values() and len(training) > 1:
            assigned[min(training, key=lambda unit: (sizes[unit], unit))] = split
    return assigned


class _Units:
    """Documents grouped by the first parts of their path; a group can be opened one folder deeper."""

    def __init__(self, documents: Sequence[AnyDocument], depth: int) -> None:
        self._documents = documents
        self._depths = [depth] * len(documents)

    def names(self) -> Iterator[str]:
        """The unit of every document."""
        return map(_unit, self._documents, self._depths)

    def sizes(self) -> dict[str, int]:
        """Bytes by unit."""
        sizes: Counter[str] = Counter()
        for name, document in zip(self.names(), self._documents, strict=True):
            sizes[name] += document.size
        return dict(sizes)

    def open_largest(self, limit: float) -> bool:
        """Opens every unit above ``limit`` bytes, or the largest one that can be; false where all are single files."""
        sizes = self.sizes()
        deep = zip(self._documents, self._depths, strict=True)
        can = {_unit(document, depth) for document, depth in deep if depth < document.path.count("/") + 2}
        if not can:
            return False
        chosen = {name for name in can if sizes[name] > limit} or {max(can, key=lambda name: (sizes[name], name))}
        for position, name in enumerate(self.names()):
            if name in chosen:
                self._depths[position] += 1
        return True


def _unit(document: AnyDocument, depth: int) -> str:
    """The first ``depth`` parts of the repository and path of ``document``."""
    return "/".join([document.repository, *document.path.split("/", depth - 1)[: depth - 1]])


def _plan(units: _Units, assigned: Mapping[str, str], split_by: Literal["package", "folder"]) -> SplitPlan:
    by_split = {split: tuple(sorted(u for u, s in assigned.items() if s == split)) for split in SPLITS}
    return SplitPlan(tuple(assigned[name] for name in units.names()), split_by, by_split)


def plan_splits(documents: Sequence[AnyDocument], shares: Mapping[str, float]) -> SplitPlan:
    """The splits of one language. ``shares``: validation and test, as parts of all bytes.

    By package where there are five or more and their sizes allow each held-out split half of its share; else by
    folder, opening the largest folders until they do. With fewer than three documents a split stays empty.
    """
    packages = _Units(documents, depth=1)
    sizes = packages.sizes()
    if len(sizes) >= MIN_PACKAGES:
        assigned = _with_whole_packages(sizes, assign(sizes, shares), shares)
        if _is_enough(sizes, assigned, shares):
            return _plan(packages, assigned, "package")
    folders = _Units(documents, depth=2)
    while True:
        sizes = folders.sizes()
        assigned = assign(sizes, shares)
        if _is_enough(sizes, assigned, shares):
            return _plan(folders, assigned, "folder")
        if not folders.open_largest(limit=sum(sizes.values()) * min(shares.values())):
            return _plan(folders, filled(sizes, assigned, shares), "folder")
