"""Batches of a run whose translations stand in one document: shares, counts, and what they are a function of."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codescale.corpus.reader import Documents
from codescale.errors import UserError
from codescale.mixtures.mixture import Mixture
from codescale.training.data.batches import Batches
from codescale.training.data.paired_batches import PairedBatches, paired_batches
from codescale.training.data.paired_streams import PairedStream
from tests.memory_corpus import MemoryCorpus
from tests.training.data.corpus_of_programs import CONTEXT, CORPUS, EVEN, LANGUAGES
from tests.translated_corpus import STRIDE, TranslatedCorpus

SHUFFLED = "82702e2df89c9ea31d70ba0eef87e1c2ad3a91b71193b6afd1c67273480a80d7"


def batches(corpus: TranslatedCorpus, shares: Mapping[str, float], **changes: object) -> PairedBatches | Batches:
    keys: dict = {"pivot": "python", "seed": 3, "batch": 4, "context": CONTEXT, "steps": 200} | changes
    made = paired_batches(corpus, Mixture(shares), **keys)
    assert isinstance(made, PairedBatches | Batches)
    return made


def deviations(made: PairedBatches, mixture: Mixture, sequences: int) -> np.ndarray:
    """(sequences, languages): tokens so far less the share of them, in sequences."""
    languages = list(mixture.support)
    tokens = np.zeros((sequences, len(languages)))
    for k, number in enumerate(made._order[:sequences]):
        stream = made.streams[number]
        epoch, position = divmod(int(made._occurrence[k]), stream.count)
        of_pivot = int(stream.pivot_counts(epoch)[position])
        tokens[k, languages.index(stream.language)] += CONTEXT - of_pivot
        tokens[k, languages.index("python")] += of_pivot
    due = np.outer(np.arange(1, sequences + 1) * CONTEXT, mixture.array(languages))
    return (np.cumsum(tokens, axis=0) - due) / CONTEXT


SHARES = st.lists(st.floats(0.01, 1.0), min_size=4, max_size=4)


@settings(max_examples=30, deadline=None)
@given(SHARES, st.integers(0, 1000))
def test_every_language_is_at_its_share_at_every_prefix(weights: list[float], seed: int) -> None:
    mixture = Mixture({name: weight / sum(weights) for name, weight in zip(LANGUAGES, weights, strict=True)})
    made = batches(CORPUS, mixture, seed=seed)
    if isinstance(made, PairedBatches):
        assert np.abs(deviations(made, mixture, 800)).max() < 2


@settings(max_examples=20, deadline=None)
@given(st.floats(0.02, 0.98), st.integers(0, 1000))
def test_shares_hold_where_all_is_translated(share: float, seed: int) -> None:
    """Little or nothing stands alone to make up with."""
    names = [f"p{n}" for n in range(300)]
    corpus = TranslatedCorpus({"python": names, "java": names[::-1]})
    mixture = Mixture({"python": share, "java": 1 - share})
    made = batches(corpus, mixture, seed=seed)
    assert not isinstance(made, PairedBatches) or np.abs(deviations(made, mixture, 800)).max() < 4


class Numbered(TranslatedCorpus):
    """Every token is its language's number, so that tokens are counted without the module's word."""

    def documents(self, language: str, split: str) -> Documents:
        found = super().documents(language, split)
        return replace(found, tokens=np.full(len(found.tokens), self.languages.index(language), dtype=np.uint16))


def programs(count: int, alone: int = 0) -> list[str | None]:
    return [f"p{n}" for n in range(count)] + [None] * alone


SMALL: list[tuple[dict[str, list[str | None]], dict[str, float], dict[str, int] | None]] = [
    (  # what is left of go beside its pairs fills no sequence
        {"rust": programs(0, 30), "python": programs(20), "java": programs(0, 30), "go": programs(20)},
        {"rust": 0.343, "python": 0.343, "java": 0.004, "go": 0.31},
        None,
    ),
    (  # what rust is held to beyond its pairs fills none
        {"python": programs(100), "rust": programs(100, 1), "java": programs(44, 300)},
        {"python": 0.285, "rust": 0.506, "java": 0.209},
        {"python": 640, "rust": 128, "java": 640},
    ),
]


@pytest.mark.parametrize(("found", "shares", "held"), SMALL)
def test_shares_hold_where_a_language_has_hardly_more_than_its_pairs(
    found: dict[str, list[str | None]], shares: dict[str, float], held: dict[str, int] | None
) -> None:
    corpus = Numbered(found, shortest=2, longest=12)
    for seed in range(12):
        made = batches(corpus, shares, seed=seed, context=128, unique_tokens=held)
        rows = np.concatenate([made[step][:, :-1] for step in range(200)])
        for k, language in enumerate(found):
            assert abs((rows == k).sum() - shares[language] * rows.size) < 4 * 128, (seed, language)


def test_a_pivot_that_its_pairs_leave_less_than_a_sequence_of_is_held_all_the_same() -> None:
    """Of the tokens that it is held to pairs take some, and what is left fills no sequence."""
    corpus = TranslatedCorpus({"python": [f"p{n}" for n in range(300)], "java": [f"p{n}" for n in range(300)]})
    shares = {"python": 0.5, "java": 0.5}
    for seed in range(8):
        made = batches(corpus, shares, seed=seed, steps=100, unique_tokens={"python": CONTEXT + 30})
        assert made.unique_tokens(100)["python"] <= CONTEXT + 30
        rows = np.concatenate([made[step][:, :-1] for step in range(100)])
        python = rows[rows // STRIDE == 1].size
        assert made.epochs(100)["python"] >= python / (CONTEXT + 30)


def test_the_tokens_counted_are_those_that_stand_in_the_batches() -> None:
    shares = {"python": 0.4, "java": 0.3, "rust": 0.2, "go": 0.1}
    made = batches(CORPUS, shares)
    assert isinstance(made, PairedBatches)
    rows = np.concatenate([made[step][:, :-1] for step in range(200)])
    told = made.tokens(200)
    assert sum(told.values()) == rows.size
    ends = int((rows == 0).sum())
    for k, language in enumerate(LANGUAGES):
        found = int((rows // STRIDE == k + 1).sum())
        assert found <= told[language] <= found + ends
        assert told[language] / rows.size == pytest.approx(shares[language], abs=0.003)


def test_a_batch_depends_on_nothing_that_came_before() -> None:
    one, other = batches(CORPUS, EVEN), batches(CORPUS, EVEN)
    for step in (3, 9, 100):
        one[step]
    assert np.array_equal(one[150], other[150])
    assert np.array_equal(one[7], batches(CORPUS, EVEN, steps=8)[7])
    assert not np.array_equal(one[7], batches(CORPUS, EVEN, seed=4)[7])


def test_workers_see_the_same_batch_in_parts() -> None:
    made = batches(CORPUS, EVEN)
    assert np.array_equal(np.concatenate([made.rows(5, range(3)), made.rows(5, range(3, 4))]), made[5])


def test_batch_size_does_not_change_the_order_of_sequences() -> None:
    wide, narrow = batches(CORPUS, EVEN), batches(CORPUS, EVEN, batch=2, steps=400)
    first = np.concatenate([wide[step] for step in range(4)])
    assert np.array_equal(first, np.concatenate([narrow[step] for step in range(8)]))


@pytest.mark.parametrize(
    "shares", [{"java": 0.5, "rust": 0.5}, {"java": 1.0}, {"python": 1.0}, {"python": 0.0, "go": 1.0}]
)
def test_where_the_mixture_leaves_nothing_to_pair_it_equals_shuffled(shares: dict[str, float]) -> None:
    made = batches(CORPUS, shares)
    plain = Batches(CORPUS, Mixture(shares), seed=3, batch=4, context=CONTEXT, steps=200)
    assert all(np.array_equal(made[step], plain[step]) for step in range(0, 200, 20))


@pytest.mark.parametrize("pivot", ["cobol", "python"])
def test_a_corpus_without_translations_is_refused(memory_corpus: MemoryCorpus, pivot: str) -> None:
    with pytest.raises(
        UserError, match=f"organisation: paired needs .* the pivot, {pivot}, .* training.pivot"
    ) as refused:
        paired_batches(
            memory_corpus, Mixture({"python": 0.5, "java": 0.5}), pivot=pivot, seed=0, batch=2, context=16, steps=3
        )  # type: ignore[arg-type]
    assert "\n" not in str(refused.value)


def test_a_language_that_does_not_fill_a_sequence_is_refused_as_ever() -> None:
    with pytest.raises(UserError, match="corpus, java: 50 training tokens do not fill one sequence of 64; add code"):
        batches(CORPUS, EVEN, unique_tokens={"java": 50, "python": 5000, "rust": 5000, "go": 5000})


@settings(max_examples=30, deadline=None)
@given(SHARES, st.one_of(st.none(), st.integers(200, 20_000)))
def test_no_language_shows_more_distinct_tokens_than_it_is_held_to(weights: list[float], held: int | None) -> None:
    mixture = Mixture({name: weight / sum(weights) for name, weight in zip(LANGUAGES, weights, strict=True)})
    made = batches(CORPUS, mixture, unique_tokens=held, steps=400)
    if isinstance(made, Batches):
        return
    seen: dict[str, set[int]] = {language: set() for language in LANGUAGES}
    for number, occurrence in zip(made._order, made._occurrence, strict=True):
        stream = made.streams[number]
        epoch, position = divmod(int(occurrence), stream.count)
        start = int(stream._starts[stream._order(epoch)[position]])
        for piece, place in places(stream, start):
            seen["python" if stream.pieces.is_pivot[piece] else stream.language].add(place)
    told = made.unique_tokens(400)
    for language in LANGUAGES:
        limit = held if held is not None else CORPUS.count_tokens(language, "training")
        assert len(seen[language]) <= told[language] <= limit
        if language != "python":
            assert len(seen[language]) == told[language]


def places(stream: PairedStream, start: int) -> list[tuple[int, int]]:
    """The piece and the place in its shard of each token of the sequence at ``start``."""
    found = []
    for k in range(start, start + CONTEXT):
        piece = int(np.searchsorted(stream.pieces.ends, k, side="right"))
        opened = int(stream.pieces.ends[piece] - stream.pieces.length[piece])
        found.append((piece, int(stream.pieces.begin[piece]) + k - opened))
    return found


def test_epochs_count_passes_over_what_is_in_use() -> None:
    made = batches(CORPUS, EVEN, steps=3000)
    assert isinstance(made, PairedBatches)
    passes = made.epochs(3000)
    for language in LANGUAGES:
        assert passes[language] == pytest.approx(
            0.25 * 3000 * 4 * CONTEXT / CORPUS.count_tokens(language, "training"), rel=0.05
        )
    java = {stream.name: count / stream.count for stream, count in made._counts(3000) if stream.language == "java"}
    assert java["java/alone"] == pytest.approx(java["java/paired"], rel=0.1)


def test_shuffled_batches_are_those_of_before(memory_corpus: MemoryCorpus) -> None:
    """A finished run's record stands for these very batches."""
    made = Batches(memory_corpus, Mixture({"python": 0.6, "java": 0.4}), seed=3, batch=4, context=16, steps=40)
    digest = hashlib.sha256(b"".join(made[step].astype("<i8").tobytes() for step in range(40))).hexdigest()
    assert digest == SHUFFLED


def in_pairs(made: PairedBatches | Batches) -> set[tuple[str, int]]:
    """By language and place in its text, the documents that stand in pairs."""
    assert isinstance(made, PairedBatches)
    found = set()
    for stream in made.streams:
        pieces = stream.pieces
        if stream.language != "python" and pieces.is_pivot.any():
            found |= {(stream.language, begin) for begin in pieces.begin[~pieces.is_pivot].tolist()}
    return found


def test_a_share_of_the_programs_is_paired_and_of_a_larger_one_the_same_and_more() -> None:
    mixture = {"python": 0.5, "java": 0.2, "rust": 0.15, "go": 0.15}
    few, half, whole = (in_pairs(batches(CORPUS, mixture, paired_share=share)) for share in (0.25, 0.5, 1.0))
    assert few < half < whole
    assert whole == in_pairs(batches(CORPUS, mixture))
    assert 0.35 < len(half) / len(whole) < 0.65
    assert 0.15 < len(few) / len(whole) < 0.4


def test_a_share_of_nothing_is_shuffled() -> None:
    made, plain = (
        batches(CORPUS, EVEN, paired_share=0.0),
        Batches(CORPUS, Mixture(EVEN), seed=3, batch=4, context=CONTEXT, steps=200),
    )
    assert not isinstance(made, PairedBatches)
    assert all(np.array_equal(made[step], plain[step]) for step in range(0, 200, 20))
