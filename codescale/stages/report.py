"""``codescale report``: all artifacts in, one page out."""

from __future__ import annotations

from pathlib import Path

from codescale.report.page import write_report
from codescale.stages.inputs import StageContext


def report(context: StageContext) -> Path:
    """Writes the report and returns its path."""
    return write_report(context.config, context.folder)
