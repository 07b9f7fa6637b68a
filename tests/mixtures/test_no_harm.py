"""A rule of no harm: margins as they are written, references by name, and what is wrong with either."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codescale.errors import UserError
from codescale.mixtures.mixture import Mixture
from codescale.mixtures.no_harm import NoHarmRule, ResolvedNoHarm, read_margin, reference_mixture

LANGUAGES = ("python", "java", "rust")


@pytest.mark.parametrize(
    ("written", "margin"),
    [(0.01, (0.01, False)), ("0.01", (0.01, False)), ("2%", (0.02, True)), ("0.5 %", (0.005, True)), (0, (0.0, False))],
)
def test_a_margin_is_nats_or_per_cent(written: Any, margin: tuple[float, bool]) -> None:
    assert read_margin(written) == pytest.approx(margin)


@pytest.mark.parametrize("written", ["two", "", "nan", "inf", True, "-1%", -0.1, "100%", "1%%", None])
def test_what_is_no_margin_is_refused(written: Any) -> None:
    with pytest.raises(ValueError, match="margin"):
        read_margin(written)


@given(st.floats(0.1, 10), st.floats(0, 0.9), st.booleans())
def test_a_loss_at_its_ceiling_has_no_excess(loss: float, margin: float, relative: bool) -> None:
    rule = NoHarmRule("uniform", margin, relative)
    ceiling = float(rule.ceilings(np.array([loss]))[0])
    assert ceiling - loss == pytest.approx(margin * loss if relative else margin)
    kept = ResolvedNoHarm(rule, Mixture.uniform(LANGUAGES))
    assert kept.excess({"python": ceiling, "go": 9.0}, {"python": loss}) == pytest.approx([0.0], abs=1e-12)


def test_references_have_names_or_files(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("proportions: {python: 0.75, rust: 0.25}\n")
    tokens = {"python": 6e9, "java": 3e9, "rust": 1e9, "cobol": 5e9}
    assert reference_mixture("uniform", LANGUAGES, None, "here") == Mixture.uniform(LANGUAGES)
    natural = reference_mixture("natural", LANGUAGES, tokens, "here")
    assert natural == Mixture({"python": 0.6, "java": 0.3, "rust": 0.1})
    own = reference_mixture("own.yaml", LANGUAGES, None, "here", tmp_path)
    assert dict(own) == {"python": 0.75, "java": 0.0, "rust": 0.25}


def test_a_reference_that_cannot_be_names_why(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("proportions: {python: 0.75, cobol: 0.25}\n")
    with pytest.raises(UserError, match=r"^here: natural is .* nobody named those of java, rust; name them"):
        reference_mixture("natural", LANGUAGES, {"python": 1.0}, "here")
    with pytest.raises(UserError, match="here: of no language are there tokens"):
        reference_mixture("natural", LANGUAGES, dict.fromkeys(LANGUAGES, 0.0), "here")
    with pytest.raises(UserError, match="here: 'naturel' is no mixture; use uniform, natural or the path"):
        reference_mixture("naturel", LANGUAGES, None, "here")
    with pytest.raises(UserError, match=r"here, other\.yaml: cobol is in the mixture"):
        reference_mixture("other.yaml", LANGUAGES, None, "here", tmp_path)
