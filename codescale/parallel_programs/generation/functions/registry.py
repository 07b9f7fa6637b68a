"""All kinds of functions, with how often each is taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from codescale.parallel_programs.generation.functions import failures, lists, numbers, objects, records, texts
from codescale.parallel_programs.generation.part import Context, Part

Kind = Callable[[Context], Part]

KINDS: Sequence[tuple[Kind, int]] = (
    (numbers.arithmetic, 4),
    (numbers.counting, 4),
    (numbers.digits, 3),
    (numbers.until, 2),
    (numbers.recursion, 4),
    (lists.aggregate, 4),
    (lists.looped, 4),
    (lists.remembered, 4),
    (lists.transformed, 4),
    (lists.bucketed, 3),
    (lists.placed, 4),
    (lists.paired, 3),
    (lists.ordered, 3),
    (texts.scanned, 4),
    (texts.rewritten, 4),
    (texts.chosen_words, 4),
    (texts.counted_words, 3),
    (texts.looked_up, 3),
    (texts.arranged_words, 2),
    (texts.drawn, 2),
    (records.aggregated, 4),
    (records.looped, 4),
    (records.best, 4),
    (records.in_order, 4),
    (records.grouped, 4),
    (objects.simulated, 5),
    (failures.fields, 4),
    (failures.numbers_read, 4),
    (failures.checked, 4),
)

ONE_OF_EACH_WEIGHT: Sequence[Kind] = tuple(kind for kind, weight in KINDS for _ in range(weight))
"""Every kind as often as it weighs."""
