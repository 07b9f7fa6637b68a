"""Which sections the report has, in the order of the page."""

from __future__ import annotations

from codescale.report.sections.base import PageSection, Subject
from codescale.report.sections.baselines import baselines_section
from codescale.report.sections.corpus import corpus_section, cost_section
from codescale.report.sections.evaluation import evaluation_section
from codescale.report.sections.law import held_out_section, law_section
from codescale.report.sections.mixtures import mixtures_section, scales_section
from codescale.report.sections.organisation import organisation_section
from codescale.report.sections.power import power_section
from codescale.report.sections.scaling import difficulty_section, scaling_section
from codescale.report.sections.search import search_section
from codescale.report.sections.synergy import claims_section, synergy_section


def all_sections(subject: Subject) -> list[PageSection]:
    """The page's sections after the headline, in order."""
    organisation = organisation_section(subject)
    baselines, power, scales = baselines_section(subject), power_section(subject), scales_section(subject)
    evaluation = evaluation_section(subject)
    return [
        *([baselines] if baselines else []),
        *([power] if power else []),
        scaling_section(subject),
        difficulty_section(subject),
        synergy_section(subject),
        *([organisation] if organisation else []),
        mixtures_section(subject),
        *([scales] if scales else []),
        *([evaluation] if evaluation else []),
        search_section(subject),
        law_section(subject),
        held_out_section(subject),
        claims_section(subject),
        corpus_section(subject),
        cost_section(subject),
    ]
