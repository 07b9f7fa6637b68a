"""Losses by document: every target counts for the document that it stands in, and together they are the plain loss."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from codescale.corpus.reader import Documents
from codescale.training.metrics.document_losses import DocumentEvaluator
from codescale.training.metrics.evaluation import held_out_sequences
from codescale.training.parallel import SingleProcess
from tests.memory_corpus import MemoryCorpus

CONTEXT = 32
ALONE = SingleProcess(torch.device("cpu"))


class OwnId(nn.Module):
    """The loss of a token is its id."""

    def token_losses(self, sequences: Tensor) -> Tensor:
        assert not self.training
        return sequences[:, 1:].float()


@pytest.mark.parametrize("tokens", [5 * CONTEXT, 10**9])
def test_nats_and_tokens_are_those_of_the_document_that_a_token_stands_in(
    memory_corpus: MemoryCorpus, tokens: int
) -> None:
    text = memory_corpus.documents("java", "test")
    found = DocumentEvaluator(memory_corpus, ("java",), "test", tokens=tokens, context=CONTEXT).losses(OwnId(), ALONE)
    sequences = held_out_sequences(memory_corpus, "java", "test", tokens=tokens, context=CONTEXT)
    assert found["java"].mean == pytest.approx(float(sequences[:, 1:].double().mean()))
    assert found["java"].tokens.sum() == len(sequences) * CONTEXT
    one = found["java"]
    assert (np.diff(one.documents) > 0).all()
    if tokens == 10**9:  # all of the split: whole documents, but for the first token and what fills no sequence
        whole = one.documents[1:-1]
        assert np.array_equal(one.tokens[1:-1], np.diff(text.offsets)[whole])
        expected = [text.tokens[text.offsets[k] : text.offsets[k + 1]].sum() for k in whole]
        assert one.nats[1:-1] == pytest.approx(expected)
    else:
        assert len(one.documents) < len(text.offsets) - 1


def test_a_document_without_tokens_gets_none(memory_corpus: MemoryCorpus) -> None:
    text = memory_corpus.documents("java", "test")
    offsets = np.insert(text.offsets, 3, text.offsets[3])
    memory_corpus._documents["java", "test"] = Documents(text.tokens, offsets)
    found = DocumentEvaluator(memory_corpus, ("java",), "test", tokens=10**9, context=CONTEXT).losses(OwnId(), ALONE)
    assert 3 not in found["java"].documents
    assert {2, 4} <= set(found["java"].documents.tolist())


def test_a_model_goes_on_training_afterwards(memory_corpus: MemoryCorpus) -> None:
    model = OwnId()
    DocumentEvaluator(memory_corpus, ("java",), "test", tokens=64, context=CONTEXT).losses(model, ALONE)
    assert model.training
