"""Paired batches: what stands beside what, that shares are kept at every prefix, and that nothing else has changed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from codescale.mixtures.mixture import Mixture
from codescale.training.data.paired_streams import Pieces
from codescale.training.data.pairing import Pairs, candidate_pairs, select_pairs
from tests.training.data.corpus_of_programs import CONTEXT, CORPUS, EVEN
from tests.translated_corpus import TranslatedCorpus


def documents_of(corpus: TranslatedCorpus, pairs: Pairs, language: str) -> Pieces:
    own, pivot = corpus.documents(language, "training"), corpus.documents("python", "training")
    return pairs.pieces(own, pivot, np.arange(len(own.offsets) - 1))


def chosen(
    corpus: TranslatedCorpus, shares: Mapping[str, float], seed: int = 3, held: int | None = None
) -> dict[str, Pairs]:
    mixture = Mixture(shares)
    documents = {language: corpus.documents(language, "training") for language in mixture.support}
    programs = {language: corpus.programs(language, "training") for language in mixture.support}
    found = candidate_pairs(programs, "python", seed)
    return select_pairs(found, documents, mixture, "python", dict.fromkeys(documents, held), CONTEXT)


def test_a_pair_is_one_document_with_one_end() -> None:
    pairs = chosen(CORPUS, EVEN)["java"]
    own, pivot = CORPUS.documents("java", "training"), CORPUS.documents("python", "training")
    pieces = documents_of(CORPUS, pairs, "java")
    text = pieces.cut(0, pieces.size)
    ends = np.flatnonzero(text == 0)
    assert len(ends) == len(pairs)
    assert ends[-1] == len(text) - 1
    order = np.argsort(pairs.own)
    begin = 0
    for k, end in zip(order, ends, strict=True):
        mine = own.tokens[own.offsets[pairs.own[k]] : own.offsets[pairs.own[k] + 1] - 1]
        theirs = pivot.tokens[pivot.offsets[pairs.pivot[k]] : pivot.offsets[pairs.pivot[k] + 1] - 1]
        both = (theirs, mine) if pairs.pivot_first[k] else (mine, theirs)
        assert np.array_equal(text[begin:end], np.concatenate(both))
        begin = end + 1


def test_what_is_paired_is_a_translation_and_stands_nowhere_twice() -> None:
    found = chosen(CORPUS, {"python": 0.7, "java": 0.1, "rust": 0.1, "go": 0.1})
    assert set(found) == {"java", "rust", "go"}
    theirs = CORPUS.programs("python", "training")
    used: list[int] = []
    for language, pairs in found.items():
        own = CORPUS.programs(language, "training")
        assert all(own[a] == theirs[b] is not None for a, b in zip(pairs.own, pairs.pivot, strict=True))
        used += pairs.pivot.tolist()
    assert len(used) == len(set(used))
    assert len(used) == sum(program is not None for program in theirs)  # there is room for all of them


def test_which_side_goes_first_is_drawn() -> None:
    first = np.concatenate([pairs.pivot_first for pairs in chosen(CORPUS, EVEN).values()])
    assert 0.35 < first.mean() < 0.65
    other = np.concatenate([pairs.pivot_first for pairs in chosen(CORPUS, EVEN, seed=4).values()])
    assert len(first) != len(other) or not np.array_equal(first, other)


def test_the_first_document_of_a_program_goes_with_the_first() -> None:
    programs = {"python": ["a", "a", None, "b"], "java": [None, "a", "b", "b", "a", "a"]}
    pairs = candidate_pairs(programs, "python", 0)["java"]
    assert sorted(zip(pairs.pivot.tolist(), pairs.own.tolist(), strict=True)) == [(0, 1), (1, 4), (3, 2)]


def test_what_is_paired_for_little_of_the_pivot_is_paired_for_more_of_it() -> None:
    counts, before = [], set()
    for share in (0.02, 0.08, 0.15, 0.6):
        rest = (1 - share) / 3
        found = chosen(CORPUS, {"python": share, "java": rest, "rust": rest, "go": rest})
        now = {
            (name, *both)
            for name, pairs in found.items()
            for both in zip(pairs.own.tolist(), pairs.pivot.tolist(), strict=True)
        }
        assert before <= now
        counts.append(len(now))
        before = now
    assert counts == sorted(set(counts))
    assert counts[0] < 20


def programs(count: int, alone: int = 0) -> list[str | None]:
    return [f"p{n}" for n in range(count)] + [None] * alone
