"""The claims on pairing, their verdicts, and what the page and the terminal say of them."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from codescale.comparison.organisation_result import ArmDifference, ArmsAtScale, FamilyDifference, OrganisationResult
from codescale.comparison.result import PairedDifference
from codescale.comparison.statistics import summary
from codescale.report.artifacts import read_artifacts
from codescale.report.claims import CONTRADICTED, SUPPORTED, UNTOLD
from codescale.report.figures.palette import language_styles
from codescale.report.headline import language_labels
from codescale.report.pairing_claims import longest_runs, pairing_claims
from codescale.report.sections.base import Subject
from codescale.report.sections.organisation import organisation_section
from codescale.report.sections.synergy import claims_section
from codescale.report.terminal.organisation import organisation_table
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder


def difference(low: float, high: float) -> PairedDifference:
    return PairedDifference(mean=(low + high) / 2, standard_error=0.1, low=low, high=high)


def at(
    n_params: int, seen: tuple[float, float], unseen: tuple[float, float], n_tokens: int = 100, share: float = 1.0
) -> ArmsAtScale:
    one = summary([2.0, 2.1])
    both = {"seen": difference(*seen), "unseen": difference(*unseen)}
    return ArmsAtScale.model_validate(
        {
            "n_params": n_params,
            "n_tokens": n_tokens,
            "paired_share": share,
            "seeds": (0, 1),
            "families": {
                family: FamilyDifference(targets=1, shuffled=one, paired=one, difference=each)
                for family, each in both.items()
            },
            "targets": {
                family: {
                    name: ArmDifference(
                        shuffled=one, paired=one, difference=both[family], lower=0.01, higher=1.0, verdict="improved"
                    )
                }
                for family, name in (("seen", "python->java"), ("unseen", "java->csharp"))
            },
        }
    )


def result(*scales: ArmsAtScale) -> OrganisationResult:
    return OrganisationResult(pivot="python", proportions={"python": 1.0}, corpus_id="c", scales=scales)


@pytest.mark.parametrize(
    ("seen", "unseen", "verdicts"),
    [
        ((-0.2, -0.1), (-0.2, 0.1), [SUPPORTED, UNTOLD]),
        ((0.1, 0.2), (-0.2, -0.1), [CONTRADICTED, SUPPORTED]),
    ],
)
def test_the_verdict_is_that_of_the_largest_model(
    seen: tuple[float, float], unseen: tuple[float, float], verdicts: list[str]
) -> None:
    small = at(10, (-9.0, -8.0), (8.0, 9.0))
    claims = pairing_claims(result(at(1000, seen, unseen), small, at(1000, (5, 6), (5, 6), n_tokens=50)))
    assert [claim.verdict for claim in claims] == verdicts
    assert claims[0].figure.count("N = ") == claims[0].interval.count("[") == 2


def test_the_longest_runs_have_the_most_paired() -> None:
    scales = at(10, (0, 1), (0, 1), 50), at(10, (0, 1), (0, 1), 90, 0.5), at(10, (0, 1), (0, 1), 90)
    assert longest_runs(result(*scales)) == [scales[2]]


def test_without_the_plan_or_without_translations_nothing_is_claimed() -> None:
    assert pairing_claims(None) == []
    bare = at(10, (0, 1), (0, 1)).model_copy(update={"families": {}, "targets": {}})
    assert {claim.verdict for claim in pairing_claims(result(bare))} == {UNTOLD}


def test_the_page_and_the_terminal_show_every_direction(whole_study: tuple[StudyConfig, StudyFolder]) -> None:
    config, folder = whole_study
    artifacts = read_artifacts(folder)
    labels = language_labels(config, artifacts)
    subject = Subject(config, artifacts, labels, language_styles(config.languages), config.languages, [], [])
    assert organisation_section(subject) is None
    found = result(at(1000, (-0.2, -0.1), (-0.1, 0.1)))
    subject = replace(subject, artifacts=replace(artifacts, organisation=found))
    section = organisation_section(subject)
    assert section is not None
    texts = [cell.text for grid in section.tables for row in grid.rows for cell in row]
    assert {"Python → Java", "Java → C#", "improved", "−0.1500"} <= set(texts)
    verdicts = [row[3].text for row in claims_section(subject).tables[0].rows]
    assert verdicts[-2:] == [SUPPORTED, UNTOLD]
    console = Console(file=io.StringIO(), width=80)
    console.print(organisation_table(found))
    assert "Parallel pairing helps zero-shot translation: cannot be told" in console.file.getvalue()  # type: ignore[attr-defined]
