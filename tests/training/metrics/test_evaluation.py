"""Held-out losses: which sequences are read, and that their mean does not depend on how they are batched."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from codescale.errors import UserError
from codescale.training.metrics.evaluation import (
    EVALUATION_BATCH,
    EVALUATION_LOGITS,
    Evaluator,
    evaluation_rows,
    held_out_sequences,
)
from codescale.training.parallel import SingleProcess
from tests.memory_corpus import LANGUAGES, MemoryCorpus

CONTEXT = 32


class MeanToken(nn.Module):
    """Its loss of a batch is the mean of the token ids; of a pack of two, that and twice that."""

    def __init__(self, count: int = 1) -> None:
        super().__init__()
        self.count = count

    def forward(self, sequences: Tensor) -> Tensor:
        mean = sequences.double().mean()
        return mean if self.count == 1 else mean * torch.arange(1, self.count + 1)


def test_sequences_are_spread_evenly_and_overlap_by_the_last_target(memory_corpus: MemoryCorpus) -> None:
    text = memory_corpus.documents("java", "validation").tokens
    found = held_out_sequences(memory_corpus, "java", "validation", tokens=10 * CONTEXT, context=CONTEXT)
    assert found.shape == (10, CONTEXT + 1)
    last = (len(text) - 1) // CONTEXT - 1
    assert found[0].tolist() == text[: CONTEXT + 1].tolist()
    assert found[-1].tolist() == text[last * CONTEXT : (last + 1) * CONTEXT + 1].tolist()


def test_more_tokens_than_there_are_mean_all_of_them(memory_corpus: MemoryCorpus) -> None:
    found = held_out_sequences(memory_corpus, "java", "test", tokens=10**9, context=CONTEXT)
    assert len(found) == (memory_corpus.tokens - 1) // CONTEXT


def test_a_split_of_less_than_one_sequence_is_refused() -> None:
    with pytest.raises(UserError, match=r"corpus, rust: the test split has 20 tokens, less than one sequence of 32"):
        held_out_sequences(MemoryCorpus(tokens=20), "rust", "test", tokens=100, context=CONTEXT)


@pytest.mark.parametrize("vocabulary", [100, 50_000, 500_000])
def test_a_forward_pass_has_few_logits(vocabulary: int) -> None:
    rows = evaluation_rows(vocabulary, 2048)
    assert 1 <= rows <= EVALUATION_BATCH
    assert rows == 1 or rows * vocabulary * 2048 <= EVALUATION_LOGITS


def test_the_loss_is_the_mean_over_sequences_however_they_are_batched(memory_corpus: MemoryCorpus) -> None:
    evaluator = Evaluator(memory_corpus, LANGUAGES, "validation", tokens=37 * CONTEXT, context=CONTEXT)
    parallel = SingleProcess(torch.device("cpu"))
    losses = evaluator.losses(MeanToken(), parallel)
    for language in LANGUAGES:
        text = held_out_sequences(memory_corpus, language, "validation", tokens=37 * CONTEXT, context=CONTEXT)
        assert losses[language] == pytest.approx(float(text.double().mean()))
    pack = evaluator.mean_losses(MeanToken(2), parallel)
    assert {name: values.tolist() for name, values in pack.items()} == {
        name: pytest.approx([loss, 2 * loss]) for name, loss in losses.items()
    }


def test_a_model_goes_on_training_after_its_evaluation(memory_corpus: MemoryCorpus) -> None:
    model = MeanToken()
    Evaluator(memory_corpus, ("java",), "test", tokens=64, context=CONTEXT).losses(model, SingleProcess())
    assert model.training
