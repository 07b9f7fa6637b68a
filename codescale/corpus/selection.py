"""From one language's records to its documents: cleaned, deduplicated, capped and split.

The order matters: near-duplicates are looked for after the split, test and validation first, so that of two files that
resemble each other across splits it is the training part's that goes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from codescale.corpus.capping import take_evenly
from codescale.corpus.cleaning import clean
from codescale.corpus.document import Document
from codescale.corpus.near_duplicates import near_duplicates
from codescale.corpus.reader import SPLITS
from codescale.corpus.record import Record
from codescale.corpus.splits import plan_splits
from codescale.errors import UserError
from codescale.progress import Advance
from codescale.study import CorpusSection


@dataclass
class Candidates:
    """The cleaned files of one language as they come in, and how many were left out for which reason."""

    documents: list[Document] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)

    def add(self, record: Record, is_code: bool, section: CorpusSection) -> None:
        """Cleans ``record`` and keeps its text or counts the reason."""
        text, reason = clean(record, is_code, section)
        if text is None:
            self.dropped[str(reason)] += 1
        else:
            self.documents.append(Document(record.repository, record.path, record.licence, text))


@dataclass(frozen=True)
class Selection:
    """The documents of one language by split, each split in order of repository and path."""

    documents: Mapping[str, tuple[Document, ...]]
    dropped: Mapping[str, int]
    split_by: str
    units: Mapping[str, tuple[str, ...]]

    def size(self, split: str) -> int:
        """Bytes of UTF-8 in a split."""
        return sum(document.size for document in self.documents[split])


def _distinct(documents: Iterable[Document]) -> list[Document]:
    """One of each text, the first by repository and path."""
    ordered = sorted(documents, key=lambda document: (document.repository, document.path))
    return list({document.digest: document for document in reversed(ordered)}.values())[::-1]


def _check(language: str, dropped: Mapping[str, int], count: int) -> None:
    if count >= len(SPLITS):
        return
    left_out = ", ".join(f"{number} {reason}" for reason, number in sorted(dropped.items())) or "none left out"
    problem = "has no documents" if count == 0 else f"has only {count} documents for three splits"
    mend = "add code in this language to corpus.sources, loosen the limits under corpus, or leave it out of languages"
    raise UserError(f"corpus, {language}", f"{problem} after cleaning ({left_out})", mend)


def select(language: str, candidates: Candidates, section: CorpusSection, advance: Advance) -> Selection:
    """The documents of ``language``. ``advance`` is told the characters that are compared.

    Raises :class:`UserError` for a language that has too little for three splits.
    """
    dropped = Counter(candidates.dropped)
    distinct = _distinct(candidates.documents)
    dropped["exact_duplicate"] = len(candidates.documents) - len(distinct)
    taken = take_evenly(distinct, section.max_bytes_per_language)
    dropped["over_the_cap"] = len(distinct) - len(taken)
    _check(language, +dropped, len(taken))
    plan = plan_splits(taken, {"test": section.test_share, "validation": section.validation_share})
    ordered = sorted(zip(plan.split, taken, strict=True), key=lambda pair: -SPLITS.index(pair[0]))
    repeated = near_duplicates((d.text for _, d in ordered), section.near_duplicate_similarity, advance)
    dropped["near_duplicate"] = len(repeated)
    without = set(repeated)
    kept = [pair for position, pair in enumerate(ordered) if position not in without]
    documents = {name: tuple(document for split, document in kept if split == name) for name in SPLITS}
    _check(language, +dropped, len(kept) if all(documents.values()) else min(len(kept), 2))
    return Selection(documents, dict(sorted((+dropped).items())), plan.split_by, plan.units)
