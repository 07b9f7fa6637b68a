"""What documents cost, written and read back: nothing is lost, and a file that is not one is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from codescale.errors import UserError
from codescale.runs.document_losses import (
    DocumentLosses,
    document_losses_file,
    read_document_losses,
    write_document_losses,
)


def losses(*documents: int) -> DocumentLosses:
    places = np.array(documents)
    return DocumentLosses(places, places * 1.5 + 0.1, places + 3)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = document_losses_file(tmp_path / "test_losses", "run-1.retry")
    write_document_losses(path, {"python": losses(0, 4, 5), "rust": losses(2)})
    found = read_document_losses(path)
    assert list(found) == ["python", "rust"]
    for name, one in {"python": losses(0, 4, 5), "rust": losses(2)}.items():
        for field in ("documents", "nats", "tokens"):
            assert np.array_equal(getattr(found[name], field), getattr(one, field))
    assert path.name == "run-1.retry.parquet"
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_the_mean_counts_tokens_not_documents() -> None:
    assert DocumentLosses(np.array([0, 1]), np.array([10.0, 10.0]), np.array([1, 9])).mean == 2.0


def test_a_file_that_is_broken_or_foreign_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1 no more")
    with pytest.raises(UserError, match=r"a\.parquet.*not readable as Parquet"):
        read_document_losses(path)
    parquet.write_table(pa.table({"nats": [1.0]}), path)
    with pytest.raises(UserError, match="has not the columns language, document, nats, tokens"):
        read_document_losses(path)
    write_document_losses(path, {"python": DocumentLosses(np.array([0]), np.array([np.nan]), np.array([1]))})
    with pytest.raises(UserError, match="without a finite loss"):
        read_document_losses(path)
