"""Fetches pinned source distributions from the user's package index, checked by SHA-256 and kept by it.

A download streams into a temporary name and is renamed once its checksum is right, so a file in the downloads folder
is always whole, and a build that was killed fetches only what is missing. Nothing of a package is executed: archives
are only ever read. unearth finds the file on the index (it reads HTML and JSON indexes, folders and credentials).
"""

from __future__ import annotations

import hashlib
import logging
import ssl
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from packaging.version import InvalidVersion, Version
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential
from tenacity.wait import wait_base
from unearth import Link, PackageFinder
from unearth.auth import MultiDomainBasicAuth
from unearth.fetchers import Fetcher, PyPIClient
from unearth.preparer import HTTPErrors as HTTP_ERRORS

from codescale.corpus.catalogue import Package
from codescale.corpus.index_settings import IndexSettings
from codescale.errors import UserError
from codescale.files import file_sha256, replacing
from codescale.progress import Advance, Progress

WAIT: wait_base = wait_exponential(multiplier=0.5, max=10)
"""Seconds between attempts: 0.5, 1, 2."""

_ATTEMPTS = 4
_UNREACHABLE: tuple[type[Exception], ...] = (*HTTP_ERRORS, ValueError)
_AT_ONCE = 4
_RECONNECT = (
    "check the connection and pip's index settings (pip config list), or copy the file into the downloads folder, "
    "and run the same command again"
)


def kept_path(package: Package, folder: Path) -> Path:
    """Where a download lies: named by its checksum, and by the package for people who look into the folder."""
    return folder / f"{package.name}-{package.version}-{package.sha256[:16]}.archive"


def _is_passing(error: BaseException) -> bool:
    """Whether another attempt may help: a broken connection or an overloaded server, not a refusal."""
    status = getattr(getattr(error, "response", None), "status_code", 500)
    return isinstance(error, HTTP_ERRORS) and (status >= 500 or status in (408, 425, 429))


def _retrying() -> Retrying:
    return Retrying(stop=stop_after_attempt(_ATTEMPTS), wait=WAIT, retry=retry_if_exception(_is_passing), reraise=True)


@contextmanager
def _client(settings: IndexSettings) -> Iterator[PyPIClient]:
    logger = logging.getLogger("unearth")
    level = logger.level
    logger.setLevel(logging.ERROR)  # an index without the package is no news where another one has it
    try:
        context = ssl.create_default_context(cafile=settings.certificates)
        if settings.client_certificate:
            context.load_cert_chain(settings.client_certificate)
    except OSError as error:
        where = settings.certificates or settings.client_certificate or "certificates"
        raise UserError(where, f"cannot be loaded ({error})", "correct pip's setting cert or client-cert") from None
    client = PyPIClient(
        trusted_hosts=settings.trusted_hosts,
        verify=context if settings.certificates or settings.client_certificate else True,
        timeout=settings.timeout,
        follow_redirects=True,
        proxy=settings.proxy,
    )
    client.auth = MultiDomainBasicAuth(prompting=False, index_urls=settings.index_urls)
    try:
        with client:
            yield client
    finally:
        logger.setLevel(level)


def _same_version(found: str | None, wanted: str) -> bool:
    try:
        return found is not None and Version(found) == Version(wanted)
    except InvalidVersion:
        return found == wanted


def _links(package: Package, location: str, kind: str, client: PyPIClient) -> list[Link]:
    """The links at one location to source distributions of the pinned version."""
    finder = PackageFinder(
        cast(Fetcher, client),
        index_urls=[location] if kind == "index" else [],
        find_links=[location] if kind == "links" else [],
        no_binary=[package.name],
        ignore_compatibility=True,  # nothing is installed, so the Python that it is for does not matter
    )
    found = finder.find_all_packages(package.name, allow_yanked=True)
    return [match.link for match in found if not match.link.is_wheel and _same_version(match.version, package.version)]


def _candidates(package: Package, settings: IndexSettings, client: PyPIClient) -> Iterator[Link]:
    """Links whose stated checksum is the pinned one, or that state none; indexes in pip's order, then find-links.

    Raises :class:`UserError` where no location has the version, naming those that could not be reached.
    """
    locations = [(url, "index") for url in settings.index_urls] + [(url, "links") for url in settings.find_links]
    unreachable: list[str] = []
    others = 0
    for location, kind in locations:
        try:
            links = _retrying()(_links, package, location, kind, client)
        except _UNREACHABLE as error:
            unreachable.append(f"{Link(location).redacted if '://' in location else location} ({error})")
            continue
        for link in links:
            stated = (link.hashes or {}).get("sha256")
            others += stated not in (None, [package.sha256], package.sha256)
            if stated in (None, [package.sha256], package.sha256):
                yield link
    where = f"{package.name} {package.version}"
    if unreachable:
        raise UserError(where, f"the package index cannot be reached: {'; '.join(unreachable)}", _RECONNECT)
    if others:
        raise UserError(
            where,
            f"no file on the index has the checksum {package.sha256[:16]}… that the catalogue pins",
            "check where the index's file comes from; where it is right, correct sha256 in the catalogue",
        )
    if not locations:
        raise UserError(where, "pip's settings name no index (no-index) and no find-links", _RECONNECT)
    raise UserError(where, "no package index has this source distribution", _RECONNECT)


def _stream(link: Link, package: Package, target: Path, client: PyPIClient, advance: Advance) -> str:
    """Downloads into ``target`` and returns the SHA-256; stops once it is longer than the catalogue says."""
    digest, received = hashlib.sha256(), 0
    try:
        with client.get_stream(link.normalized) as response, target.open("wb") as file:
            response.raise_for_status()
            for chunk in response.iter_bytes():
                file.write(chunk)
                digest.update(chunk)
                received += len(chunk)
                advance(len(chunk))
                if received > package.size:
                    break
    except HTTP_ERRORS:
        advance(-received)
        raise
    return digest.hexdigest()


def _fetch(package: Package, folder: Path, settings: IndexSettings, client: PyPIClient, advance: Advance) -> Path:
    target = kept_path(package, folder)
    where = f"{package.name} {package.version}"
    for link in _candidates(package, settings, client):
        try:
            with replacing(target) as temporary:
                found = _retrying()(_stream, link, package, temporary, client, advance)
                if found != package.sha256:
                    raise UserError(
                        f"{where}, {link.filename}",
                        f"its checksum {found[:16]}… is not {package.sha256[:16]}… that the catalogue pins",
                        "run the same command again; where it stays so, check where the index's file comes from",
                    )
        except HTTP_ERRORS as error:
            raise UserError(where, f"cannot be downloaded ({error})", _RECONNECT) from None
        return target
    raise AssertionError("unreachable: _candidates yields or raises")


def _is_kept(package: Package, folder: Path) -> bool:
    path = kept_path(package, folder)
    return path.is_file() and file_sha256(path) == package.sha256


def download(packages: Sequence[Package], folder: Path, settings: IndexSettings, progress: Progress) -> list[Path]:
    """The archives of ``packages`` in ``folder``, in their order, fetched where they are not there already.

    Raises :class:`UserError` for an index that cannot be reached, a package that it does not have and a checksum that
    is wrong. What was fetched before that is kept.
    """
    for leftover in folder.glob(".*.tmp"):
        leftover.unlink(missing_ok=True)
    missing = [package for package in packages if not _is_kept(package, folder)]
    if missing:
        total = sum(package.size for package in missing)
        with (
            _client(settings) as client,
            progress.bar(f"Downloading {len(missing)} packages ({total / 1e6:.0f} MB)", total) as advance,
            ThreadPoolExecutor(_AT_ONCE) as pool,
        ):
            futures = [pool.submit(_fetch, package, folder, settings, client, advance) for package in missing]
            try:
                for future in futures:
                    future.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
    return [kept_path(package, folder) for package in packages]
