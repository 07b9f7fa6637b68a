"""search.json: one schema that writer and readers share; its keys and their order are what docs/search-json.md says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from codescale.errors import UserError
from codescale.search.result import Incumbent, SearchResult
from tests.search.synthetic_trials import study
from tests.search.tune.by_hand import Hand

KEYS = [
    "space", "sampler", "weights", "metrics", "n_params", "n_tokens", "incumbent", "recommended", "incumbent_history",
    "tokens_trained", "tokens_saved_by_pruning", "pruned", "ended", "seconds", "overhead_seconds", "trials",
]  # fmt: skip
TRIAL = [
    "number", "run_id", "source", "proportions", "hyper", "state", "objective", "curve", "tokens_trained", "flops",
    "seconds", "to_beat", "organisation",
]  # fmt: skip


@pytest.fixture
def hand(tmp_path: Path) -> Hand:
    done = Hand(tmp_path, study(trials=6, sampler="random"))
    done.go()
    return done


def test_what_is_written_is_what_is_read(hand: Hand) -> None:
    found = SearchResult.read(hand.folder.search, "")
    assert found == hand.history.result()
    assert found.header == hand.history.header
    assert found.best == found.incumbent
    assert {trial.state for trial in found.ended_trials} <= {"COMPLETE", "PRUNED"}


def test_the_keys_and_their_order_stay(hand: Hand) -> None:
    written = json.loads(hand.folder.search.read_text())
    assert list(written) == KEYS
    assert [list(trial) for trial in written["trials"]] == [TRIAL] * 6
    assert list(written["incumbent"]) == ["run_id", "proportions", "hyper", "organisation", "objective", "number"]
    assert written["recommended"] is None
    hand.history.result().write(hand.folder.search)
    assert json.loads(hand.folder.search.read_text()) == written


def test_a_file_of_another_shape_is_named_and_an_unknown_key_is_no_mistake(hand: Hand) -> None:
    written = json.loads(hand.folder.search.read_text())
    hand.folder.search.write_text(json.dumps(written | {"later": 1}))
    assert SearchResult.read(hand.folder.search, "").content() == written
    hand.folder.search.write_text(json.dumps(written | {"trials": 3}))
    with pytest.raises(UserError, match=r"search\.json, trials: .*; make it again"):
        SearchResult.read(hand.folder.search, "make it again")
    with pytest.raises(ValidationError, match="later"):
        Incumbent(proportions={}, later=1)  # type: ignore[call-arg]
