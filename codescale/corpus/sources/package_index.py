"""Source distributions of the user's Python package index, pinned in a catalogue: the default source."""

from __future__ import annotations

from collections.abc import Iterator

from codescale.corpus.catalogue import PackageCatalogue, read_catalogue
from codescale.corpus.downloads import download
from codescale.corpus.index_settings import read_index_settings
from codescale.corpus.left_out import LeftOut
from codescale.corpus.manifest import CorpusSource
from codescale.corpus.record import Reading, Record
from codescale.corpus.sources.packed import packed_records
from codescale.progress import Progress
from codescale.study.corpus import PackageIndexSource


class PackageIndexReader:
    """Fetches what of the catalogue has a language of the study, and reads it in memory."""

    def __init__(self, section: PackageIndexSource, reading: Reading) -> None:
        catalogue = read_catalogue(section.catalogue, "catalogue.yaml", reading.base, PackageCatalogue)
        languages = set(reading.endings.values())
        self._packages = [package for package in catalogue.packages if languages & set(package.languages)]
        self._reading = reading
        self.left_out = LeftOut()

    def origins(self) -> list[CorpusSource]:
        """The packages, with version, checksum and licence."""
        return [
            CorpusSource(name=p.name, version=p.version, sha256=p.sha256, licence=p.licence) for p in self._packages
        ]

    def records(self, progress: Progress) -> Iterator[Record]:
        """Every file of the study's languages. Raises :class:`UserError` as downloads and archives do."""
        archives = download(self._packages, self._reading.downloads, read_index_settings(), progress)
        with progress.bar(f"Reading {len(archives)} packages", sum(p.size for p in self._packages)) as advance:
            for package, archive in zip(self._packages, archives, strict=True):
                yield from packed_records(archive, package, self._reading)
                advance(package.size)
