"""Units of losses: conversions there and back, by their formulae, and the words that name them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codescale.errors import UserError
from codescale.runs.units import LossUnit, converted, parse_unit, unit_in_name

NATS = st.floats(0.01, 12.0)
SIZES = st.floats(0.5, 20.0)


@given(NATS, SIZES, st.sampled_from(LossUnit), st.sampled_from(LossUnit))
def test_a_loss_comes_back_from_any_unit_by_any_way(nats: float, size: float, unit: LossUnit, other: LossUnit) -> None:
    losses = converted(np.array([nats]), LossUnit.NATS_PER_TOKEN, unit, size)
    through = converted(losses, unit, other, size)
    assert converted(through, other, LossUnit.NATS_PER_TOKEN, size) == pytest.approx(nats, rel=1e-6)


@given(NATS, SIZES)
def test_units_are_what_they_are_defined_to_be(nats: float, size: float) -> None:
    def into(unit: LossUnit) -> float:
        return float(converted(np.array([nats]), LossUnit.NATS_PER_TOKEN, unit, size)[0])

    assert into(LossUnit.BITS_PER_TOKEN) == pytest.approx(nats / np.log(2))
    assert into(LossUnit.NATS_PER_BYTE) == pytest.approx(nats / size)
    assert into(LossUnit.BITS_PER_BYTE) == pytest.approx(nats / size / np.log(2))
    assert into(LossUnit.PERPLEXITY) == pytest.approx(np.exp(nats))
    assert into(LossUnit.BYTE_PERPLEXITY) == pytest.approx(2 ** into(LossUnit.BITS_PER_BYTE))


def test_the_bytes_per_token_are_needed_between_tokens_and_bytes_alone() -> None:
    one = np.ones(1) * 2.0
    for unit in LossUnit:
        assert np.isfinite(converted(one, unit, unit.additive)).all()
        assert unit.additive.is_per_byte == unit.is_per_byte
    with pytest.raises(ValueError, match="takes the bytes per token"):
        converted(one, LossUnit.BITS_PER_BYTE, LossUnit.NATS_PER_TOKEN)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("bits per byte", LossUnit.BITS_PER_BYTE),
        ("Bits-Per-Byte", LossUnit.BITS_PER_BYTE),
        ("nats/token", LossUnit.NATS_PER_TOKEN),
        (" PPL ", LossUnit.PERPLEXITY),
        ("bpb", LossUnit.BITS_PER_BYTE),
        ("byte_perplexity", LossUnit.BYTE_PERPLEXITY),
    ],
)
def test_a_unit_is_known_however_it_is_spelt(text: str, unit: LossUnit) -> None:
    assert parse_unit(text, "here") is unit


def test_an_unknown_unit_lists_those_that_there_are() -> None:
    with pytest.raises(
        UserError, match="'furlongs' is not a unit of losses; write one of nats per token, bits per token"
    ):
        parse_unit("furlongs", "here")


@pytest.mark.parametrize(
    ("column", "unit"),
    [
        ("arc_bpb", LossUnit.BITS_PER_BYTE),
        ("eval/bits_per_byte/python", LossUnit.BITS_PER_BYTE),
        ("byte_perplexity,none", LossUnit.BYTE_PERPLEXITY),
        ("eval/Perplexity", LossUnit.PERPLEXITY),
        ("github-ppl", LossUnit.PERPLEXITY),
        ("loss.python", None),
        ("pplx_domain", None),
    ],
)
def test_a_columns_name_tells_the_unit_in_whole_words(column: str, unit: LossUnit | None) -> None:
    assert unit_in_name(column) is unit


def test_guessing_is_the_same_loss_in_every_unit() -> None:
    assert LossUnit.NATS_PER_TOKEN.guessing == 15.0
    assert LossUnit.BITS_PER_BYTE.guessing == pytest.approx(8.0)
    assert LossUnit.BYTE_PERPLEXITY.guessing == pytest.approx(256.0)
