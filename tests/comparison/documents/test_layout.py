"""Runs side by side on documents: read back as they were kept, and not at all where they were not on one text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codescale.comparison.documents.layout import DocumentLayout, distinct, document_layout
from codescale.runs.document_losses import document_losses_file, read_document_losses, write_document_losses
from tests.comparison.documents.kept import keep
from tests.comparison.documents.planted import Effects, layout


@pytest.fixture
def made() -> DocumentLayout:
    return layout(Effects(0.1, 0.1, 0.1), 3, 4, {"python": 5, "java": 7}, np.random.default_rng(0))


def test_what_runs_kept_is_laid_out_by_mixture_seed_and_document(made: DocumentLayout, tmp_path: Path) -> None:
    found = document_layout(keep(made, tmp_path), tmp_path)
    assert found
    assert found.mixtures == ("0", "1", "2")
    for name, one in made.languages.items():
        assert np.array_equal(found.languages[name].nats, one.nats)
        assert np.array_equal(found.languages[name].tokens, one.tokens)
    only = found.only({"0", "2"})
    assert only.mixtures == ("0", "2")
    assert np.array_equal(only.languages["java"].nats, made.languages["java"].nats[[0, 2]])


def test_a_difference_is_that_of_the_losses(made: DocumentLayout) -> None:
    found = made.difference("2", "1", {"python": 0.25, "java": 0.75})
    assert found
    losses = {
        name: (one.nats[2] - one.nats[1]).sum(axis=1).mean() / one.tokens.sum() for name, one in made.languages.items()
    }
    assert {name: one.mean for name, one in found.losses.items()} == pytest.approx(losses)
    assert found.objective.mean == pytest.approx(0.25 * losses["python"] + 0.75 * losses["java"])


def test_runs_that_kept_nothing_or_read_another_text_are_not_laid_out(made: DocumentLayout, tmp_path: Path) -> None:
    records = keep(made, tmp_path)
    path = document_losses_file(tmp_path, records["1"][2].spec.run_id)
    kept = read_document_losses(path)
    path.unlink()
    assert document_layout(records, tmp_path) is None
    one = kept["java"]
    write_document_losses(path, kept | {"java": type(one)(one.documents + 1, one.nats, one.tokens)})
    assert document_layout(records, tmp_path) is None
    write_document_losses(path, {"java": one})
    assert document_layout(records, tmp_path) is None
    write_document_losses(path, kept)
    assert document_layout(records, tmp_path) is not None
    assert document_layout({}, tmp_path) is None


def test_roles_that_share_their_runs_are_one_mixture(made: DocumentLayout, tmp_path: Path) -> None:
    records = keep(made, tmp_path)
    assert list(distinct({"a": records["0"], "b": records["1"], "c": records["0"]})) == ["a", "b"]
