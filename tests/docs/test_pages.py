"""The pages of docs/: each is in the navigation, its links and paths lead somewhere, and its code uses public names."""

from __future__ import annotations

import ast
import importlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
LINKED = [
    *PAGES,
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted(ROOT.glob("cluster/*/*.md")),
]
LINK = re.compile(r"\]\((?P<path>[^)\s#:]*)(?:#(?P<anchor>[^)\s]*))?\)")
FENCE = re.compile(
    r"^(?P<indent> *)(?P<fence>`{3,})(?P<language>\w*)\n(?P<body>.*?)^(?P=indent)(?P=fence)$", re.M | re.S
)
PATH = re.compile(r"`((?:codescale|scripts|search_spaces|cluster|docs|tests)/[\w./-]*)`")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def navigated(nav: object) -> Iterator[str]:
    """Every page that ``nav`` of mkdocs.yml names."""
    if isinstance(nav, str):
        yield nav
    for entry in nav.values() if isinstance(nav, dict) else nav if isinstance(nav, list) else ():
        yield from navigated(entry)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as Python-Markdown makes them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.M)
    plain = (re.sub(r"[^\w\s-]", "", heading).strip().lower() for heading in headings)
    return {re.sub(r"[-\s]+", "-", heading) for heading in plain}


def python_of(page: Path) -> Iterator[tuple[str, ast.Module]]:
    for block in FENCE.finditer(page.read_text(encoding="utf-8")):
        if block["language"] == "python":
            yield block["body"], ast.parse(block["body"], filename=name_of(page))


def imported(code: ast.Module) -> Iterator[tuple[str, str]]:
    """The module and name of everything that ``code`` imports from CodeScale."""
    for node in ast.walk(code):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "codescale":
            yield from ((node.module or "", alias.name) for alias in node.names)
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names if alias.name.split(".")[0] == "codescale")


def test_every_page_is_in_the_navigation_once() -> None:
    nav = list(navigated(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]))
    assert len(nav) == len(set(nav))
    assert {page for page in nav if not page.startswith("repository/")} == {
        page.relative_to(DOCS).as_posix() for page in PAGES
    }


@pytest.mark.parametrize("page", LINKED, ids=name_of)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for link in LINK.finditer(FENCE.sub("", page.read_text(encoding="utf-8"))):
        target = Path(os.path.normpath(page.parent / link["path"])) if link["path"] else page
        assert target.exists(), link[0]
        if link["anchor"]:
            assert link["anchor"] in anchors(target), link[0]


@pytest.mark.parametrize("page", LINKED, ids=name_of)
def test_every_path_of_the_repository_that_a_page_names_is_there(page: Path) -> None:
    for path in PATH.findall(page.read_text(encoding="utf-8")):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("page", LINKED, ids=name_of)
def test_code_imports_public_names_only(page: Path) -> None:
    """A public name is one that its package, a folder with an ``__init__.py``, lists in ``__all__``."""
    for _, code in python_of(page):
        for module, name in imported(code):
            face = importlib.import_module(module)
            assert name in getattr(face, "__all__", ()), f"{module} does not export {name}"
            assert getattr(face, name) is not None
