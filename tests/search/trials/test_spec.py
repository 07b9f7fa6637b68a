"""What a trial is and costs: its id, and the budget that ends a search."""

from __future__ import annotations

from pathlib import Path

import pytest

from codescale.errors import UserError
from codescale.mixtures.mixture import Mixture
from codescale.search.space.space import SearchPoint
from codescale.search.trials.spec import TrialSpecs, run_cost
from codescale.study.config import parse_study
from tests.search.synthetic_trials import LANGUAGES, TOKENS, problem, study
from tests.search.tune.by_hand import Hand


@pytest.mark.parametrize("budget", [{"trials": 3}, {"tokens": 3 * TOKENS + 1}, {"flops": 3.5}])
def test_each_budget_ends_the_search(tmp_path: Path, budget: dict[str, float]) -> None:
    """A trial that ends counts its own FLOPs (1 in the synthetic records), one under way what it may take."""
    config = study(prune="none", budget=budget)
    hand = Hand(tmp_path, config)
    if "flops" in budget:
        each = TrialSpecs(problem(config)).flops
        assert each == run_cost(config, "tiny", TOKENS)
        hand = Hand(tmp_path, study(prune="none", budget={"flops": 3.5 * each}))
        end = hand.end

        def counted(trial_id: str) -> None:
            spec = hand.live[trial_id]
            end(trial_id)
            next(entry for entry in hand.history.entries if entry.run_id == spec.run_id).flops = each

        hand.end = counted  # type: ignore[method-assign]
    hand.go()
    assert hand.search.ended
    assert len(hand.history.trials) >= 3
    assert len([entry for entry in hand.history.trials if entry.state == "COMPLETE"]) <= 12
    if "tokens" in budget:
        assert hand.history.tokens_trained <= 3 * TOKENS
    else:
        assert len(hand.history.trials) == 3


def test_hours_count_over_all_sessions(tmp_path: Path) -> None:
    hand = Hand(tmp_path, study(prune="none", budget={"hours": 0.5}))
    hand.go(2)
    assert hand.search.remaining > 0
    hand.history._before["seconds"] = 1800.0
    assert hand.search.remaining == 0
    assert hand.ask() is None


def test_one_budget_of_tokens_and_words_for_pruning() -> None:
    with pytest.raises(UserError, match="either budget"):
        study(budget={"tokens": 10**6}, budget_tokens=10**6)
    with pytest.raises(UserError, match=r"search\.prune"):
        study(prune="sometimes")
    words = {value: study(prune=value).search.prune for value in (True, False, "asha", "none")}
    assert words == {True: "curves", False: "none", "asha": "asha", "none": "none"}
    content = study().model_dump(mode="json", exclude_unset=True)
    del content["search"]["trials"]
    content["search"]["budget"] = {"hours": 2}
    assert parse_study(content, "study").search.most_trials > 10_000
    assert study(budget={"trials": 5}).search.most_trials == 5


def test_searches_of_one_front_have_ids_of_their_own() -> None:
    point = SearchPoint(Mixture.uniform(LANGUAGES), {})
    ids = {TrialSpecs(problem(study()), part).spec(0, point).run_id for part in ("", "front-0", "front-1")}
    assert len(ids) == 3
