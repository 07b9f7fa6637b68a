"""Python is the pivot: of the 42 directions between seven languages a paired run shows 12, and 30 are never seen."""

from __future__ import annotations

import numpy as np

from codescale.mixtures.mixture import Mixture
from codescale.parallel_programs.languages import LANGUAGES
from codescale.training.data.paired_batches import paired_batches
from tests.training.data.corpus_of_programs import corpus_of
from tests.translated_corpus import STRIDE

_STEPS, _BATCH, _CONTEXT = 400, 4, 64


def test_documents_hold_python_and_one_other_language_in_both_orders_and_no_other_pair() -> None:
    corpus = corpus_of(programs=700, alone=40, languages=LANGUAGES)
    mixture = Mixture(dict.fromkeys(LANGUAGES, 1 / len(LANGUAGES)))
    batches = paired_batches(corpus, mixture, pivot="python", seed=1, batch=_BATCH, context=_CONTEXT, steps=_STEPS)
    seen = set()
    for step in range(_STEPS):
        for sequence in batches.rows(step, range(_BATCH)):
            for document in np.split(sequence, np.flatnonzero(sequence == 0) + 1):
                spoken = [LANGUAGES[token // STRIDE - 1] for token in document[document > 0]]
                order = [one for k, one in enumerate(spoken) if k == 0 or one != spoken[k - 1]]
                assert len(order) <= 2
                if len(order) == 2:
                    seen.add((order[0], order[1]))
    others = set(LANGUAGES) - {"python"}
    assert seen == {("python", one) for one in others} | {(one, "python") for one in others}
    assert len(seen) == 12
    assert len(LANGUAGES) * (len(LANGUAGES) - 1) - len(seen) == 30
