"""Every kind of source, opened by its section of study.yaml."""

from __future__ import annotations

from codescale.corpus.record import Reading, SourceReader
from codescale.corpus.sources.folder import FolderReader
from codescale.corpus.sources.generated_programs import GeneratedProgramsReader
from codescale.corpus.sources.npm import NpmReader
from codescale.corpus.sources.package_index import PackageIndexReader
from codescale.corpus.sources.table import TableReader
from codescale.study.corpus import (
    FolderSource,
    GeneratedProgramsSource,
    NpmSource,
    PackageIndexSource,
    SourceSection,
    TableSource,
)


def open_source(section: SourceSection, reading: Reading) -> SourceReader:
    """The reader of a source that the study's file names."""
    match section:
        case PackageIndexSource():
            return PackageIndexReader(section, reading)
        case NpmSource():
            return NpmReader(section, reading)
        case FolderSource():
            return FolderReader(section, reading)
        case TableSource():
            return TableReader(section, reading)
        case GeneratedProgramsSource():
            return GeneratedProgramsReader(section, reading)
