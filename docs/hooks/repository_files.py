"""Lets the pages of docs/ link files of the repository outside docs/, and takes those files into the site.

Read in the repository, a page needs the relative link ``../search_spaces/two_languages.yaml``; MkDocs knows only what
lies in docs/. So every file that a page links out there gets a page under ``repository/``: Markdown as it is, a folder
as a list of what is in it, any other text as a listing. The links are turned as the pages are read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

_FOLDER = "repository"
_LINK = re.compile(r"(?<=\]\()(?P<path>[^)\s#:]+)(?P<anchor>#[^)\s]*)?(?=\))")
_HIDDEN = ("__pycache__",)
_HIGHLIGHTED = {".py": "python", ".yaml": "yaml"}
_UNSEARCHED = "---\nsearch: {exclude: true}\n---\n\n"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds a page for each file outside docs/ that the navigation or a page links, and for those that these link."""
    root, docs = _folders(config)
    waiting = list(_navigated(config.nav, root))
    for file in files.documentation_pages():
        waiting += _outside(Path(file.src_dir or docs) / file.src_uri, root, docs)
    seen: set[Path] = set()
    while waiting:
        source = waiting.pop()
        if source in seen:
            continue
        seen.add(source)
        files.append(_page(source, root, config))
        waiting += _listed(source) if source.is_dir() else _outside(source, root, docs)
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turns the links that leave docs/, or come back into it, into links between pages of the site."""
    if page.file.abs_src_path is None:  # a listing, whose links are those of the site
        return markdown
    root, docs = _folders(config)
    source = Path(page.file.abs_src_path)
    folder = PurePosixPath(page.file.src_uri).parent

    def turned(link: re.Match[str]) -> str:
        target = _target(source, link["path"])
        if not target.exists() or not target.is_relative_to(root):
            return link[0]
        uri = target.relative_to(docs).as_posix() if target.is_relative_to(docs) else _uri(target, root)
        return os.path.relpath(uri, folder) + (link["anchor"] or "")

    return _LINK.sub(turned, markdown)


def _folders(config: MkDocsConfig) -> tuple[Path, Path]:
    """The repository and docs/."""
    docs = Path(config.docs_dir).resolve()
    return docs.parent, docs


def _target(source: Path, link: str) -> Path:
    """What ``link`` in the file ``source`` points at: a folder's README.md stands for the folder."""
    target = Path(os.path.normpath(source.parent / link))
    return target / "README.md" if (target / "README.md").is_file() else target


def _outside(source: Path, root: Path, docs: Path) -> Iterator[Path]:
    """The files of the repository outside docs/ that ``source`` links, where it is Markdown."""
    if source.suffix != ".md":
        return
    for link in _LINK.finditer(source.read_text(encoding="utf-8")):
        target = _target(source, link["path"])
        if target.exists() and target.is_relative_to(root) and not target.is_relative_to(docs):
            yield target


def _navigated(nav: object, root: Path) -> Iterator[Path]:
    """The repository's files that the navigation names."""
    if isinstance(nav, str) and nav.startswith(f"{_FOLDER}/"):
        name = nav.removeprefix(f"{_FOLDER}/")
        yield root / name if (root / name).exists() else root / name.removesuffix(".md")
    for entry in nav.values() if isinstance(nav, dict) else nav if isinstance(nav, list) else ():
        yield from _navigated(entry, root)


def _uri(source: Path, root: Path) -> str:
    """Where in the site a file or folder of the repository stands."""
    name = f"{_FOLDER}/{source.relative_to(root).as_posix()}"
    if source.is_dir():
        return f"{name}/index.md"
    return name if source.suffix == ".md" else f"{name}.md"


def _page(source: Path, root: Path, config: MkDocsConfig) -> File:
    """The page of the site for ``source``."""
    uri = _uri(source, root)
    if source.suffix == ".md":
        return File.generated(config, uri, abs_src_path=str(source), inclusion=InclusionLevel.NOT_IN_NAV)
    content = _folder_page(source, root) if source.is_dir() else _listing(source, root)
    return File.generated(config, uri, content=content, inclusion=InclusionLevel.NOT_IN_NAV)


def _listing(source: Path, root: Path) -> str:
    """A file that is no Markdown, as a page."""
    fence = "~~~~~~"
    language = _HIGHLIGHTED.get(source.suffix, "text")
    text = source.read_text(encoding="utf-8").rstrip()
    return f"{_UNSEARCHED}# {source.relative_to(root).as_posix()}\n\n{fence}{language}\n{text}\n{fence}\n"


def _folder_page(folder: Path, root: Path) -> str:
    """A folder of the repository, as a page that links what is in it."""
    here = PurePosixPath(_uri(folder, root)).parent
    entries = [f"- [{item.name}]({os.path.relpath(_uri(item, root), here)})" for item in _listed(folder)]
    return f"{_UNSEARCHED}# {folder.relative_to(root).as_posix()}/\n\n" + "\n".join(entries) + "\n"


def _listed(folder: Path) -> list[Path]:
    """What of ``folder`` its page lists: a folder in it with its own README.md is that page."""
    items = sorted(item for item in folder.iterdir() if item.name not in _HIDDEN and not item.name.startswith("."))
    return [item / "README.md" if (item / "README.md").is_file() else item for item in items]
