"""Numbers as a person reads them."""

from codescale.report.quantities import DASH, probability


def test_no_probability_reads_as_0() -> None:
    assert probability(0.01234) == "0.0123"
    assert probability(0.00012) == "0.0001"
    assert probability(0.00009) == "<\u00a00.0001"
    assert probability(0.0) == "<\u00a00.0001"
    assert probability(None) == DASH
