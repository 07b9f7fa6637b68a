"""Holds a language to its most bytes, taking evenly from its repositories, the same files every time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from codescale.corpus.document import AnyDocument, stable_order


def even_shares(sizes: Mapping[str, int], limit: int) -> dict[str, int]:
    """Bytes for each repository: all of the small ones, and of the others equal shares of what is left.

    Sizes and limit in bytes; the shares add up to ``limit`` at the most.
    """
    shares: dict[str, int] = {}
    left = limit
    for position, name in enumerate(sorted(sizes, key=lambda name: (sizes[name], name))):
        shares[name] = min(sizes[name], left // (len(sizes) - position))
        left -= shares[name]
    return shares


def take_evenly(documents: Sequence[AnyDocument], limit: int) -> list[AnyDocument]:
    """At most ``limit`` bytes of ``documents``, spread over repositories; inside one, files in an order by hash,
    which is the same in every language for the programs that they have in common.
    """
    repositories: dict[str, list[AnyDocument]] = defaultdict(list)
    for document in documents:
        repositories[document.repository].append(document)
    shares = even_shares({name: sum(d.size for d in found) for name, found in repositories.items()}, limit)
    taken: list[AnyDocument] = []
    for name, found in repositories.items():
        left = shares[name]
        for document in sorted(found, key=lambda d: stable_order(d.program or f"{d.repository}/{d.path}")):
            if document.size <= left:
                taken.append(document)
                left -= document.size
    return sorted(taken, key=lambda d: (d.repository, d.path))
