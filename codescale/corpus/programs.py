"""Programs: documents of several languages that are translations of each other lie in one split, all of them.

Else a model would be judged on code whose translation it was trained on. So the splits of programs are decided for all
languages at once, by their bytes in all of them; documents without a program are split by language as
:mod:`~codescale.corpus.splits` says. Two programs that have one text in a language are one program, and where a
program in training nearly repeats one that is held out, its translations leave training with it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from codescale.corpus.document import AnyDocument, stable_order
from codescale.corpus.reader import SPLITS
from codescale.corpus.splits import assign, filled

_ENOUGH = 0.5
"""The part of a split's share that a language's own programs have to reach."""

DocumentsByLanguage = Mapping[str, Sequence[AnyDocument]]
"""By language."""


def merge_programs(documents: DocumentsByLanguage, same: Iterable[tuple[str, ...]]) -> dict[str, list[AnyDocument]]:
    """``documents`` where programs of which one text is the ``same`` have one name, and a program with one document is
    none: nothing translates it.
    """
    renamed = rename_programs(documents, same)
    counts = Counter(document.program for found in renamed.values() for document in found)
    return {
        language: [replace(one, program=None) if one.program and counts[one.program] < 2 else one for one in found]
        for language, found in renamed.items()
    }


def rename_programs(documents: DocumentsByLanguage, same: Iterable[tuple[str, ...]]) -> dict[str, list[AnyDocument]]:
    """``documents`` where programs of which one text is the ``same`` have one name."""
    names = _joined(same)
    return {
        language: [
            replace(one, program=names[one.program]) if one.program and one.program in names else one for one in found
        ]
        for language, found in documents.items()
    }


def _joined(same: Iterable[tuple[str, ...]]) -> dict[str, str]:
    """Program to the first name of all that are the same one, directly or over others."""
    first: dict[str, str] = {}

    def find(name: str) -> str:
        while first.get(name, name) != name:
            name = first[name]
        return name

    for group in same:
        roots = sorted(find(name) for name in group)
        first |= dict.fromkeys(roots, roots[0])
    return {name: find(name) for name in first}


def program_splits(documents: DocumentsByLanguage, shares: Mapping[str, float]) -> dict[str, str]:
    """The split of every program. ``shares``: validation and test, as parts of all bytes.

    A language with three programs or more has one in training, and half of the held-out splits' shares of the bytes
    that it has in programs, as far as that leaves every language one in training.
    """
    sizes: dict[str, Counter[str]] = defaultdict(Counter)
    for language, found in documents.items():
        for document in found:
            if document.program is not None:
                sizes[language][document.program] += document.size
    together: Counter[str] = sum(sizes.values(), Counter())
    chosen = filled(together, assign(together, shares), shares)
    wanting = {language: own for language, own in sizes.items() if len(own) >= len(SPLITS)}
    for own in wanting.values():
        if all(chosen[name] != "training" for name in own):
            chosen[min(own, key=stable_order)] = "training"
    for own in wanting.values():
        for split, share in shares.items():
            _hold_out_enough(own, split, share * sum(own.values()), chosen, sizes)
    return chosen


def _hold_out_enough(
    own: Mapping[str, int],
    split: str,
    wanted: float,
    chosen: dict[str, str],
    sizes: Mapping[str, Mapping[str, int]],
) -> None:
    """Moves programs of one language, with sizes ``own``, out of training until ``split`` has half of the bytes that
    are ``wanted``.
    """
    left = {language: sum(chosen[name] == "training" for name in found) for language, found in sizes.items()}
    held = sum(size for name, size in own.items() if chosen[name] == split)
    for name in sorted(own, key=stable_order):
        if held >= _ENOUGH * wanted:
            return
        speakers = [language for language, found in sizes.items() if name in found]
        if chosen[name] == "training" and all(left[language] > 1 for language in speakers):
            chosen[name] = split
            held += own[name]
            for language in speakers:
                left[language] -= 1
