"""Losses of translation: of the second half's tokens alone, the halves as paired training writes them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from codescale.errors import UserError
from codescale.mixtures.mixture import Mixture
from codescale.study.training import Shape
from codescale.training.data.paired_batches import PairedBatches, paired_batches
from codescale.training.metrics.translation import TranslationEvaluator, translation_pairs
from codescale.training.model.llama import LanguageModel, initialise
from codescale.training.packed.model import PackedModel
from codescale.training.parallel import SingleProcess
from tests.memory_corpus import MemoryCorpus
from tests.training.data.corpus_of_programs import EVEN
from tests.translated_corpus import STRIDE, TranslatedCorpus

CONTEXT = 128
ALONE = SingleProcess(torch.device("cpu"))
PROGRAMS = {
    "python": ["p0", "p1", None, "p2", "p3"],
    "java": [None, "p3", "p1", "p0"],
    "rust": ["p2", "p9"],
    "go": [None, "p9"],
}


@pytest.fixture
def corpus() -> TranslatedCorpus:
    return TranslatedCorpus(PROGRAMS, shortest=5, longest=60)


def small_model(vocabulary: int, seed: int) -> LanguageModel:
    model = LanguageModel(Shape(hidden=16, layers=2, heads=2, intermediate=32), vocabulary, CONTEXT)
    initialise(model, 0.3, seed)
    return model


class OwnId(nn.Module):
    """The loss of a token is its id."""

    def token_losses(self, sequences: Tensor) -> Tensor:
        assert not self.training
        return sequences[:, 1:].float()


def document(corpus: TranslatedCorpus, language: str, program: str) -> list[int]:
    text, place = corpus.documents(language, "test"), PROGRAMS[language].index(program)
    return text.tokens[text.offsets[place] : text.offsets[place + 1]].astype(int).tolist()


def test_a_pair_is_the_first_half_without_its_end_and_then_the_second(corpus: TranslatedCorpus) -> None:
    pairs = translation_pairs(corpus, "python->java", "test", pairs=9, context=CONTEXT)
    assert pairs is not None
    expected = {
        tuple(document(corpus, "python", name)[:-1] + document(corpus, "java", name)): len(
            document(corpus, "java", name)
        )
        for name in ("p0", "p1", "p3")
    }
    found = [
        tuple(row[: int(counted.nonzero().max()) + 2].tolist())
        for row, counted in zip(pairs.sequences, pairs.counted, strict=True)
    ]
    assert set(found) == set(expected)
    for row, counted in zip(pairs.sequences, pairs.counted, strict=True):
        own = row[1:][counted]
        assert tuple(own.tolist()) in {tuple(document(corpus, "java", name)) for name in ("p0", "p1", "p3")}
        assert own[-1] == corpus.end_of_document


def test_it_is_the_mean_over_the_second_halves_tokens(corpus: TranslatedCorpus) -> None:
    directions = ("python->java", "java->python", "rust->python", "java->rust", "rust->go")
    evaluator = TranslationEvaluator(corpus, directions, "test", pairs=9, context=CONTEXT)
    assert evaluator.counts == {
        "python->java": 3,
        "java->python": 3,
        "rust->python": 1,
        "rust->go": 1,
    }  # not java->rust
    model = OwnId()
    losses = evaluator.losses(model, ALONE)
    assert model.training
    asked = {"python->java": ("p0", "p1", "p3"), "java->python": ("p0", "p1", "p3"), "rust->python": ("p2",)}
    for name, programs in asked.items():
        tokens = [token for program in programs for token in document(corpus, name.split("->")[1], program)]
        assert losses[name] == pytest.approx(np.mean(tokens))


def test_pairs_that_do_not_fit_are_left_out_and_so_is_a_direction_without_any(corpus: TranslatedCorpus) -> None:
    size = len(document(corpus, "rust", "p2")) + len(document(corpus, "python", "p2")) - 1
    assert translation_pairs(corpus, "rust->python", "test", pairs=9, context=size - 1) is not None
    assert translation_pairs(corpus, "rust->python", "test", pairs=9, context=size - 2) is None
    with pytest.raises(UserError, match="no program of the test split has two of the languages and fits"):
        TranslationEvaluator(corpus, ("rust->python", "java->rust"), "test", pairs=9, context=size - 2)


def test_of_many_pairs_all_directions_read_the_same_programs() -> None:
    names: list[str | None] = [f"p{k}" for k in range(60)]
    corpus = TranslatedCorpus({"python": names, "java": names[::-1], "go": names}, shortest=20, longest=20)
    first = [translation_pairs(corpus, one, "test", pairs=7, context=CONTEXT) for one in ("python->java", "go->java")]
    targets = [
        {
            tuple(row[counted.nonzero().min() + 1 :].tolist())
            for row, counted in zip(pairs.sequences, pairs.counted, strict=True)
        }
        for pairs in first
        if pairs
    ]
    assert len(targets[0]) == 7
    assert targets[0] == targets[1]


def test_paired_training_shows_what_is_evaluated() -> None:
    names: list[str | None] = [f"p{k}" for k in range(200)]
    corpus = TranslatedCorpus(dict.fromkeys(EVEN, names), shortest=12, longest=12)
    batches = paired_batches(corpus, Mixture(EVEN), pivot="python", seed=0, batch=8, context=CONTEXT, steps=12)
    assert isinstance(batches, PairedBatches)
    shown = " ".join(" ".join(map(str, row)) for step in range(12) for row in batches[step])
    found = 0
    for name in ("python->java", "java->python", "python->go", "rust->python"):
        pairs = translation_pairs(corpus, name, "training", pairs=200, context=CONTEXT)
        assert pairs is not None
        found += sum(" ".join(map(str, row.tolist())) in shown for row in pairs.sequences)
    assert found > 20
    unseen = translation_pairs(corpus, "java->go", "training", pairs=200, context=CONTEXT)
    assert unseen is not None
    assert not any(" ".join(map(str, row.tolist())) in shown for row in unseen.sequences)
    assert corpus.vocabulary == STRIDE * 5


def test_a_pack_has_the_losses_of_its_members(corpus: TranslatedCorpus) -> None:
    models = [small_model(corpus.vocabulary, seed) for seed in range(3)]
    evaluator = TranslationEvaluator(corpus, ("python->java", "rust->python"), "test", pairs=9, context=CONTEXT)
    packed = evaluator.mean_losses(PackedModel(models), ALONE)
    for name, losses in packed.items():
        assert losses.shape == (3,)
        alone = [evaluator.losses(model, ALONE)[name] for model in models]
        assert losses.tolist() == pytest.approx(alone, abs=1e-5)
        assert len(set(alone)) == 3


def test_padding_changes_nothing(corpus: TranslatedCorpus) -> None:
    model: LanguageModel = small_model(corpus.vocabulary, 0)
    together = TranslationEvaluator(corpus, ("python->java",), "test", pairs=9, context=CONTEXT)
    pairs = translation_pairs(corpus, "python->java", "test", pairs=9, context=CONTEXT)
    assert pairs is not None
    nats, tokens = 0.0, 0
    with torch.no_grad():
        for row, counted in zip(pairs.sequences, pairs.counted, strict=True):
            last = int(counted.nonzero().max()) + 2
            own = model.token_losses(row[None, :last])[0][counted[: last - 1]]
            nats, tokens = nats + float(own.double().sum()), tokens + len(own)
    assert together.losses(model, ALONE)["python->java"] == pytest.approx(nats / tokens, abs=1e-5)


def test_a_corpus_without_programs_is_refused(memory_corpus: MemoryCorpus) -> None:
    with pytest.raises(UserError, match=r"training\.translation_evaluation: no program of the validation split"):
        TranslationEvaluator(memory_corpus, ("python->java",), "validation", pairs=4, context=64)
