"""Counts of what sources leave out: whatever a table holds, they stay short and add up."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from codescale.corpus.left_out import OTHERS, LeftOut, left_out_phrases, listed


@given(st.lists(st.integers(0, 60).map(str)))
def test_counts_add_up_and_the_most_frequent_are_named(labels: list[str]) -> None:
    left_out = LeftOut()
    for label in labels:
        left_out.add("unknown_label", label)
    counts = Counter(labels)
    found = left_out.names("unknown_label")
    assert sum(found.values()) == len(labels)
    named = {label: number for label, number in found.items() if label != OTHERS}
    assert all(counts[label] == number for label, number in named.items())
    if OTHERS in found:
        assert len(named) == 20
        assert min(named.values()) >= max(counts[label] for label in set(labels) - set(named))


def test_labels_without_end_are_counted_together() -> None:
    left_out = LeftOut()
    for number in range(5_000):
        left_out.add("unknown_label", f"{number}: " + "x" * 1_000)
    (counts,) = left_out.others().values()
    assert sum(counts.values()) == 5_000
    assert len(counts) == 21
    assert max(map(len, counts)) == 41


def test_in_words() -> None:
    assert listed({"a": 3, "b": 2, "c": 1}, most=1) == "a (3), and 3 more"
    assert left_out_phrases({"unknown_label": {"Cobol": 1_234}}) == [
        "rows whose label means no language: Cobol (1,234)"
    ]
    assert left_out_phrases({"of a later version": {"x": 1}}) == ["of a later version: x (1)"]
