"""When a search ends before its budget: too little is left to gain."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from codescale.search.bayesopt.settings import DEFAULT_SETTINGS
from codescale.search.bayesopt.termination import ExpectedRegret, Terminator
from tests.search.synthetic_trials import study
from tests.search.tune.by_hand import Hand


def says(hand: Hand, improvement: Callable[[], float]) -> None:
    """From now on the sampler of ``hand`` expects so much of its next trial, and little of all further ones."""
    hand.search.trial_sampler.expected_improvement = improvement  # type: ignore[method-assign]
    hand.search.trial_sampler.expected_regret = lambda: ExpectedRegret(0.003, 0.001, 0.009)  # type: ignore[union-attr]


def test_too_little_to_gain_ends_the_search_and_says_so(tmp_path: Path) -> None:
    """A sampler that expects less than the noise from its third suggestion on; it is not asked about the starts."""
    hand = Hand(tmp_path, study(trials=40, prune="none"))
    hand.search._terminator = Terminator(0.01)
    heard = iter([0.5, 0.02, *([0.004] * 40)])
    says(hand, lambda: next(heard))
    hand.go()
    assert hand.search.ended
    suggested = [trial for trial in hand.history.trials if trial.source == "sampler"]
    assert len(suggested) == 2 + DEFAULT_SETTINGS.patience
    assert len(suggested) < len(hand.history.trials)
    assert "0.004 nats per token" in hand.history.result().content()["ended"]
    assert "0.003 (0.001 to 0.009)" in hand.history.result().content()["ended"]


def test_a_search_that_ended_is_not_taken_up_again_but_for_what_a_kill_left(tmp_path: Path) -> None:
    hand = Hand(tmp_path, study(trials=40, prune="none"))
    hand.search._terminator = Terminator(0.01)
    says(hand, lambda: 0.004)
    while not hand.search.history.ended:
        trial_id = hand.ask()
        assert trial_id is not None
        if not hand.search.history.ended:
            hand.end(trial_id)
    killed = Hand(tmp_path, study(trials=40, prune="none"), noise=0.01)
    assert killed.history.ended == hand.history.ended
    killed.go()
    assert len(killed.history.trials) == len(hand.history.trials)
    assert killed.search.ended
    again = Hand(tmp_path, study(trials=40, prune="none"), noise=0.01)
    assert again.ask() is None
    assert again.sequence() == killed.sequence()
    assert Hand(tmp_path, study(trials=40, prune="none")).ask() is not None, "end_at_noise: false goes on"
