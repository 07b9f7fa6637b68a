"""npm tarballs, pinned in a catalogue, fetched by the user's own npm client; skipped with a word where there is none.

``npm pack`` only downloads: with --ignore-scripts nothing of a package runs. The tarball is checked against the
catalogue's integrity here, not only by npm, and kept in the downloads folder.
"""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from codescale.corpus.catalogue import NpmCatalogue, NpmPackage, read_catalogue
from codescale.corpus.left_out import LeftOut
from codescale.corpus.manifest import CorpusSource
from codescale.corpus.record import Reading, Record
from codescale.corpus.sources.packed import packed_records
from codescale.errors import UserError
from codescale.files import replacing
from codescale.progress import Progress
from codescale.study.corpus import NpmSource

_AGAIN = "check npm's settings (npm config list) and the connection, and run the same command again"


def _integrity(path: Path) -> str:
    with path.open("rb") as file:
        return "sha512-" + base64.b64encode(hashlib.file_digest(file, "sha512").digest()).decode()


def _kept_path(package: NpmPackage, folder: Path) -> Path:
    digest = hashlib.sha256(package.integrity.encode()).hexdigest()[:16]
    return folder / f"{package.name.replace('/', '-')}-{package.version}-{digest}.npm"


def _pack(client: str, package: NpmPackage, target: Path) -> None:
    """Downloads one tarball to ``target``, checked. Raises :class:`UserError` with npm's last line."""
    specification = f"{package.name}@{package.version}"
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".npm-") as folder:
        command = [client, "pack", specification, "--ignore-scripts", "--silent", f"--pack-destination={folder}"]
        try:
            subprocess.run(command, capture_output=True, text=True, timeout=900, check=True, cwd=folder)
        except (OSError, subprocess.SubprocessError) as error:
            said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
            raise UserError(specification, f"npm cannot fetch it ({said[-1] if said else error})", _AGAIN) from None
        packed = list(Path(folder).glob("*.tgz"))
        if len(packed) != 1:
            raise UserError(specification, "npm pack wrote no tarball", _AGAIN)
        if _integrity(packed[0]) != package.integrity:
            hint = "check where npm's registry takes it from; where it is right, correct integrity in the catalogue"
            raise UserError(specification, "its checksum is not the one that the catalogue pins", hint)
        with replacing(target) as temporary:
            shutil.copyfile(packed[0], temporary)


class NpmReader:
    """Fetches what of the catalogue has a language of the study, and reads it in memory."""

    def __init__(self, section: NpmSource, reading: Reading) -> None:
        catalogue = read_catalogue(section.catalogue, "npm_catalogue.yaml", reading.base, NpmCatalogue)
        languages = set(reading.endings.values())
        self._packages = [package for package in catalogue.packages if languages & set(package.languages)]
        self._reading = reading
        self.left_out = LeftOut()
        self._client = shutil.which("npm")

    def origins(self) -> list[CorpusSource]:
        """The packages; none where there is no npm client."""
        if self._client is None:
            return []
        return [
            CorpusSource(name=f"npm:{p.name}", version=p.version, sha256=None, licence=p.licence)
            for p in self._packages
        ]

    def records(self, progress: Progress) -> Iterator[Record]:
        """Every file of the study's languages. Raises :class:`UserError` where npm fails or a checksum is wrong."""
        if self._client is None:
            progress.say("No npm client here: the npm packages are left out.")
            return
        with progress.bar(f"Reading {len(self._packages)} npm packages", sum(p.size for p in self._packages)) as bar:
            for package in self._packages:
                archive = _kept_path(package, self._reading.downloads)
                if not archive.is_file() or _integrity(archive) != package.integrity:
                    _pack(self._client, package, archive)
                yield from packed_records(archive, package, self._reading)
                bar(package.size)
