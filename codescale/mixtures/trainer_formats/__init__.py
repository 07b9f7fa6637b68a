"""Mixtures in the forms that people train with: a file for each trainer.

For: Megatron-LM, torchtitan, nanotron, 🤗 ``datasets``, Levanter, OLMo-core, MosaicML streaming and LitData.
May not: read data or import a trainer; what each makes of its file is measured by scripts/bench_export.py.
"""

from __future__ import annotations

from codescale.mixtures.trainer_formats.export import FORMATS, Format, export_mixture
from codescale.mixtures.trainer_formats.sources import DataSource, read_sources

__all__ = ["FORMATS", "DataSource", "Format", "export_mixture", "read_sources"]
