"""A batch is a pure function of (seed, step, batch size, schedule)."""

import numpy as np
import pytest

from codescale.errors import UserError
from codescale.mixtures.mixture import Mixture
from codescale.mixtures.schedule import Phase, Schedule
from codescale.training.data.batches import Batches, LanguageStream
from tests.memory_corpus import MemoryCorpus


def batches(corpus: MemoryCorpus, shares: dict[str, float], **changes: object) -> Batches:
    settings: dict = {"seed": 3, "batch": 4, "context": 16, "steps": 40} | changes
    return Batches(corpus, Mixture(shares), **settings)


def stream(corpus: MemoryCorpus, seed: int = 0, unique_tokens: int | None = None) -> LanguageStream:
    return LanguageStream(corpus.documents("python", "training"), "python", seed, 16, unique_tokens)


def test_the_same_step_gives_the_same_batch_whatever_came_before(memory_corpus: MemoryCorpus) -> None:
    first, second = (batches(memory_corpus, {"python": 0.6, "java": 0.4}) for _ in range(2))
    for step in (0, 1, 2):
        first[step]
    assert np.array_equal(first[17], second[17])


def test_seeds_see_other_batches(memory_corpus: MemoryCorpus) -> None:
    one, other = batches(memory_corpus, {"python": 1}), batches(memory_corpus, {"python": 1}, seed=4)
    assert not np.array_equal(one[0], other[0])


def test_two_mixtures_with_one_seed_are_paired(memory_corpus: MemoryCorpus) -> None:
    alone = batches(memory_corpus, {"python": 1.0})
    mixed = batches(memory_corpus, {"python": 0.5, "rust": 0.5})
    all_alone = {row.tobytes() for step in range(20) for row in alone[step]}
    of_python = [row for step in range(10) for row in mixed[step] if row.tobytes() in all_alone]
    assert len(of_python) == 20


def test_batch_size_does_not_change_the_order_of_sequences(memory_corpus: MemoryCorpus) -> None:
    shares = {"python": 0.7, "java": 0.3}
    wide = np.concatenate([batches(memory_corpus, shares)[step] for step in range(4)])
    narrow = np.concatenate([batches(memory_corpus, shares, batch=2)[step] for step in range(8)])
    assert np.array_equal(wide, narrow)


def test_a_schedule_changes_shares_and_no_language_begins_anew(memory_corpus: MemoryCorpus) -> None:
    early, late = Mixture({"python": 0.75, "java": 0.25}), Mixture({"python": 0.25, "rust": 0.75})
    changing = Schedule([Phase(0.5, early), Phase(1.0, late)])
    run = Batches(memory_corpus, changing, seed=3, batch=4, context=16, steps=40)
    static = Batches(memory_corpus, early, seed=3, batch=4, context=16, steps=40)
    assert all(np.array_equal(run[step], static[step]) for step in range(20))
    assert run.counts(20) == [60, 20, 0]
    assert run.counts(40) == [80, 20, 60]
    of_python = [row for step in range(40) for row, k in zip(run[step], run._order[4 * step :], strict=False) if k == 0]
    opened = LanguageStream(memory_corpus.documents("python", "training"), "python", 3, 16)
    assert all(np.array_equal(row, opened.sequence(n)) for n, row in enumerate(of_python))
    assert run.epochs(40)["python"] == 80 / opened.unique_sequences
    assert np.array_equal(np.concatenate([run.rows(30, range(2)), run.rows(30, range(2, 4))]), run[30])


def test_targets_are_the_next_tokens_of_the_documents_in_this_seeds_order(memory_corpus: MemoryCorpus) -> None:
    documents = memory_corpus.documents("python", "training")
    opened = stream(memory_corpus)
    pieces = [documents.tokens[documents.offsets[k] : documents.offsets[k + 1]] for k in opened._order]
    joined = np.concatenate(pieces)
    seen = set()
    for n in range(opened.unique_sequences):
        start = int(opened._sequences[n]) * 16
        seen.add(start)
        assert np.array_equal(opened.sequence(n), joined[start : start + 17])
    assert seen == set(range(0, len(joined) - 16, 16))


def test_a_short_run_sees_a_little_of_many_documents(memory_corpus: MemoryCorpus) -> None:
    opened = stream(memory_corpus, unique_tokens=320)
    places = [int(opened._sequences[n]) * 16 // memory_corpus.document for n in range(20)]
    assert len(set(places)) > 15


def test_unique_tokens_hold_a_language_and_a_second_epoch_repeats_them_in_another_order(
    memory_corpus: MemoryCorpus,
) -> None:
    held = stream(memory_corpus, unique_tokens=320)
    assert held.unique_sequences == 20
    first = [held.sequence(n).tobytes() for n in range(20)]
    second = [held.sequence(n).tobytes() for n in range(20, 40)]
    assert set(first) == set(second)
    assert first != second
    assert held.unique_tokens_after(7) == 112
    assert held.unique_tokens_after(33) == 320


def test_a_language_that_does_not_fill_a_sequence_is_refused(memory_corpus: MemoryCorpus) -> None:
    with pytest.raises(UserError, match=r"corpus, python: 10 training tokens do not fill one sequence of 16; add code"):
        batches(memory_corpus, {"python": 1.0}, unique_tokens=10)[0]


def test_a_language_outside_the_corpus_is_refused(memory_corpus: MemoryCorpus) -> None:
    with pytest.raises(UserError, match="cobol is not in the corpus"):
        batches(memory_corpus, {"cobol": 1.0})
