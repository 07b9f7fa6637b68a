"""Catalogues: which archives a corpus is made from, pinned by version and checksum, as YAML files."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from codescale.files import read_yaml
from codescale.validation import checked


class _ArchiveEntry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = Field(pattern=r"^(@[A-Za-z0-9._-]+/)?[A-Za-z0-9][A-Za-z0-9._-]*$")
    version: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+!-]*$")
    size: int = Field(gt=0)
    """Bytes of the archive, for the progress bar and as the limit of a download."""
    licence: str
    languages: tuple[str, ...] = Field(min_length=1)
    exclude: tuple[str, ...] = ()
    """Paths (with * for any characters) inside the package that are left out: vendored code, compiled bundles."""


class Package(_ArchiveEntry):
    """A source distribution of the Python package index."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class NpmPackage(_ArchiveEntry):
    """An npm tarball; ``integrity`` as npm prints it (sha512-…)."""

    integrity: str = Field(pattern=r"^sha512-[A-Za-z0-9+/]{86}==$")


class PackageCatalogue(BaseModel):
    """A file of source distributions."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    packages: tuple[Package, ...] = Field(min_length=1)


class NpmCatalogue(BaseModel):
    """A file of npm tarballs."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    packages: tuple[NpmPackage, ...] = Field(min_length=1)


Catalogue = TypeVar("Catalogue", PackageCatalogue, NpmCatalogue)


def _read(path: Path, shape: type[Catalogue]) -> Catalogue:
    return checked(TypeAdapter(shape), read_yaml(path), path, "give it the shape of the catalogues in codescale/corpus")


def read_catalogue(given: str, default: str, base: Path, shape: type[Catalogue]) -> Catalogue:
    """The catalogue ``given``: ``default`` is the built-in file of that name, else a path from ``base``.

    Raises :class:`UserError` for a file that is missing or has another shape, naming the field.
    """
    if given != "default":
        return _read(base / given, shape)
    with as_file(files("codescale.corpus") / default) as path:
        return _read(path, shape)
