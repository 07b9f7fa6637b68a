"""From records to documents: cleaned, deduplicated, capped and split, language by language but for programs' splits.

The order matters: near-duplicates are looked for after the split, test and validation first, so that of two files that
resemble each other across splits it is the training part's that goes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from codescale.corpus.capping import take_evenly
from codescale.corpus.document import AnyDocument
from codescale.corpus.near_duplicates import Signatures, near_duplicates, signatures_of_texts
from codescale.corpus.programs import merge_programs, program_splits, rename_programs
from codescale.corpus.reader import SPLITS
from codescale.corpus.splits import plan_splits
from codescale.errors import UserError
from codescale.progress import Advance
from codescale.study.corpus import CorpusSection

Sign = Callable[[Sequence[AnyDocument], float], Signatures]
"""Tells the signatures of documents of one language, for a similarity."""


@dataclass
class Candidates:
    """The cleaned files of one language, and how many were left out for which reason."""

    documents: list[AnyDocument] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Selection:
    """The documents of one language by split, each split in order of repository and path. ``split_by``: package,
    folder, or program where all documents are of programs; ``units``: of the documents without one.
    """

    documents: Mapping[str, tuple[AnyDocument, ...]]
    dropped: Mapping[str, int]
    split_by: str
    units: Mapping[str, tuple[str, ...]]

    def size(self, split: str) -> int:
        """Bytes of UTF-8 in a split."""
        return sum(document.size for document in self.documents[split])


@dataclass(frozen=True)
class _Shortlist:
    """What is left of one language before it is split. ``same``: programs that have one text; ``over``: documents of
    programs that the cap left out.
    """

    documents: list[AnyDocument]
    over: list[AnyDocument]
    dropped: Counter[str]
    same: list[tuple[str, ...]]


def _distinct(documents: Iterable[AnyDocument]) -> tuple[list[AnyDocument], list[tuple[str, ...]]]:
    """One of each text, the first by repository and path; and the programs that share a text."""
    alike: dict[bytes, list[AnyDocument]] = defaultdict(list)
    for document in sorted(documents, key=lambda document: (document.repository, document.path)):
        alike[document.digest].append(document)
    kept, same = [], []
    for first, *others in alike.values():
        programs = {document.program for document in (first, *others) if document.program is not None}
        if len(programs) > 1:
            same.append(tuple(sorted(programs)))
        kept.append(first if first.program or not programs else replace(first, program=min(programs)))
    return kept, same


_MEND = "add code in this language to corpus.sources, loosen the limits under corpus, or leave it out of languages"


def _left_out(dropped: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {reason}" for reason, number in sorted(dropped.items())) or "none left out"


def _check(language: str, dropped: Mapping[str, int], count: int) -> None:
    if count >= len(SPLITS):
        return
    problem = "has no documents" if count == 0 else f"has only {count} documents for three splits"
    raise UserError(f"corpus, {language}", f"{problem} after cleaning ({_left_out(dropped)})", _MEND)


def _check_splits(language: str, selection: Selection) -> None:
    """Raises :class:`UserError` for a split without documents."""
    documents = [document for split in SPLITS for document in selection.documents[split]]
    _check(language, selection.dropped, len(documents))
    empty = [split for split in SPLITS if not selection.documents[split]]
    programs = {document.program for document in documents}
    if empty and None not in programs and len(programs) < len(SPLITS):
        raise UserError(
            f"corpus, {language}",
            f"has only {len(programs)} programs for three splits, in {len(documents)} documents: a program lies in one",
            "correct program_column or translations in corpus.sources if these are more programs, or add code",
        )
    if empty:
        problem = f"has {len(documents)} documents and none for {empty[0]} ({_left_out(selection.dropped)})"
        raise UserError(f"corpus, {language}", problem, _MEND)


def select(
    candidates: dict[str, Candidates], section: CorpusSection, advance: Advance, sign: Sign = signatures_of_texts
) -> dict[str, Selection]:
    """The documents of every language of ``candidates``, which is emptied. ``advance`` is told the bytes of what was
    compared.

    Raises :class:`UserError` for a language that has too little for three splits.
    """
    shortlists = {}
    for language in list(candidates):
        shortlists[language] = _shortlist(language, candidates.pop(language), section)
    documents = {language: shortlist.documents for language, shortlist in shortlists.items()}
    same = [group for one in shortlists.values() for group in one.same]
    unseen = rename_programs({language: shortlist.over for language, shortlist in shortlists.items()}, same)
    documents = merge_programs(documents, same)
    shares = {"test": section.test_share, "validation": section.validation_share}
    splits = program_splits(documents, shares)
    selections, leaking = {}, set()
    for language, shortlist in shortlists.items():
        chosen, repeating = _divided(
            documents[language], unseen[language], shortlist.dropped, shares, splits, section, sign
        )
        advance(sum(document.size for document in documents[language]))
        selections[language] = chosen
        leaking |= repeating
    selections = {language: _without(leaking, selection) for language, selection in selections.items()}
    for language, selection in selections.items():
        _check_splits(language, selection)
    return selections


def _shortlist(language: str, candidates: Candidates, section: CorpusSection) -> _Shortlist:
    dropped = Counter(candidates.dropped)
    distinct, same = _distinct(candidates.documents)
    dropped["exact_duplicate"] = len(candidates.documents) - len(distinct)
    taken = take_evenly(distinct, section.max_bytes_per_language)
    dropped["over_the_cap"] = len(distinct) - len(taken)
    _check(language, +dropped, len(taken))
    digests = {document.digest for document in taken}
    over = [d for d in distinct if d.program is not None and d.digest not in digests]
    return _Shortlist(taken, over, dropped, same)


def _divided(
    documents: list[AnyDocument],
    unseen: list[AnyDocument],
    dropped: Counter[str],
    shares: Mapping[str, float],
    splits: Mapping[str, str],
    section: CorpusSection,
    sign: Sign,
) -> tuple[Selection, set[str]]:
    """The selection of one language, and the programs in training of which a document resembles a held-out one.

    ``splits``: of programs. What resembles a held-out program's document does not train, though that document itself
    was ``unseen``, over the cap, or nearly repeats another one: its translations are held out.
    """
    others = [document for document in documents if document.program is None]
    plan = plan_splits(others, shares)
    planned = iter(plan.split)
    split = [next(planned) if document.program is None else splits[document.program] for document in documents]
    hidden = [(splits[d.program], d) for d in unseen if d.program and splits.get(d.program, "training") != "training"]
    ordered = sorted([*zip(split, documents, strict=True), *hidden], key=lambda pair: -SPLITS.index(pair[0]))
    held = {k for k, (name, document) in enumerate(ordered) if name != "training" and document.program is not None}
    similarity = section.near_duplicate_similarity
    repeated = near_duplicates(sign([document for _, document in ordered], similarity), similarity, remembered=held)
    leaking = {
        document.program
        for (name, document), (first, _) in ((ordered[here], ordered[there]) for here, there in repeated.items())
        if document.program is not None and name == "training" and first != "training"
    }
    digests = {document.digest for _, document in hidden}
    kept = [
        (name, document)
        for position, (name, document) in enumerate(ordered)
        if position not in repeated and document.digest not in digests
    ]
    found = {name: tuple(document for part, document in kept if part == name) for name in SPLITS}
    counted = dropped + Counter(near_duplicate=len(documents) - len(kept))
    split_by = plan.split_by if others else "program"
    return Selection(found, dict(sorted(counted.items())), split_by, plan.units), leaking


def _without(leaking: set[str], selection: Selection) -> Selection:
    """``selection`` whose training part has no document of the programs ``leaking``."""
    training = tuple(d for d in selection.documents["training"] if d.program is None or d.program not in leaking)
    gone = len(selection.documents["training"]) - len(training)
    if not gone:
        return selection
    dropped = Counter(selection.dropped) + Counter(near_duplicate=gone)
    documents = {**selection.documents, "training": training}
    return replace(selection, documents=documents, dropped=dict(sorted(dropped.items())))
