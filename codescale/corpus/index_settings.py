"""Where the user's packages come from: the settings that pip itself would use, without a host name of our own.

``pip config list`` prints what pip's files (system, user, environment, PIP_CONFIG_FILE) and its PIP_* variables say;
we read that instead of finding those files again. Where there is no pip (an environment made by another tool) the
PIP_* variables alone count. The index used where nothing is set is the one that unearth knows as the default.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from unearth import PackageFinder

_SECTIONS = ("global", "install", "download", ":env:")
"""Later ones win, as in ``pip download``; [install] counts because many people write their index only there."""


@dataclass(frozen=True)
class IndexSettings:
    """What of pip's settings a download needs. ``locations`` are index addresses, then find-links."""

    index_urls: tuple[str, ...]
    find_links: tuple[str, ...]
    trusted_hosts: tuple[str, ...] = ()
    certificates: str | None = None
    client_certificate: str | None = None
    proxy: str | None = None
    timeout: float = 30.0


def _parse(listing: str) -> dict[str, str]:
    """``section.option='value'`` lines as one value an option, the strongest section's."""
    found: dict[str, dict[str, str]] = {section: {} for section in _SECTIONS}
    for line in listing.splitlines():
        key, separator, value = line.partition("=")
        section, _, option = key.rpartition(".")
        if separator and section in found:
            try:
                found[section][option] = str(ast.literal_eval(value))
            except (ValueError, SyntaxError):
                continue
    return {option: value for section in _SECTIONS for option, value in found[section].items()}


def _from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name.removeprefix("PIP_").lower().replace("_", "-"): value
        for name, value in environment.items()
        if name.startswith("PIP_") and value
    }


def _options() -> dict[str, str]:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "config", "list"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return _from_environment(os.environ)
    return _parse(done.stdout)


def _place(value: str) -> str:
    """A find-links value as an address or an absolute path."""
    return value if "://" in value else str(Path(value).expanduser().absolute())


def read_index_settings() -> IndexSettings:
    """The user's settings. A value that pip would refuse is left to the download, which names the index."""
    options = _options()
    no_index = options.get("no-index", "").lower() in {"1", "true", "yes", "on"}
    main = options.get("index-url") or PackageFinder().sources[0]["url"]
    indexes = [] if no_index else [main, *options.get("extra-index-url", "").split()]
    try:
        timeout = float(options.get("timeout") or options.get("default-timeout") or 30)
    except ValueError:
        timeout = 30.0
    return IndexSettings(
        index_urls=tuple(dict.fromkeys(_place(url) if "://" not in url else url for url in indexes)),
        find_links=tuple(_place(value) for value in options.get("find-links", "").split()),
        trusted_hosts=tuple(options.get("trusted-host", "").split()),
        certificates=options.get("cert"),
        client_certificate=options.get("client-cert"),
        proxy=options.get("proxy"),
        timeout=timeout,
    )
