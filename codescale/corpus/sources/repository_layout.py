"""Tells a folder that is one repository from a folder of repositories, by what lies in it.

It matters for what a path is. In one repository ``vendor/`` is a folder, with other people's code; in a folder of
repositories a sub-folder's name is a name, and says nothing.
"""

from __future__ import annotations

from pathlib import Path

from codescale.corpus.cleaning import unwanted_path

_VERSION_CONTROL = (".git", ".hg", ".svn", ".jj", ".bzr")

_PROJECT_FILES = (
    "pyproject.toml",
    "setup.py",
    "package.json",
    "tsconfig.json",
    "go.mod",
    "go.work",
    "Cargo.toml",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "CMakeLists.txt",
    "MODULE.bazel",
    "WORKSPACE",
)
"""Files that a project has in its first folder."""

_PROJECT_ENDINGS = (".sln", ".slnx")


def is_checkout(folder: Path) -> bool:
    """Whether ``folder`` is under version control by itself: a clone, a work tree, a submodule."""
    return any((folder / name).exists() for name in _VERSION_CONTROL)


def sign_of_one_repository(folder: Path) -> str | None:
    """What in ``folder`` says that it is one repository; None where each of its sub-folders is taken for one.

    Version control says so for sure, and version control of a sub-folder that it is none. Without either, a file that
    a project has in its first folder does, and a sub-folder that no repository is called by, such as ``vendor``.
    """
    inside = sorted(folder.iterdir())
    names = [path.name for path in inside]
    for name in _VERSION_CONTROL:
        if name in names:
            return name
    folders = [path for path in inside if path.is_dir() and not path.is_symlink() and not path.name.startswith(".")]
    if any(map(is_checkout, folders)):
        return None
    files = [name for name in names if name in _PROJECT_FILES or name.endswith(_PROJECT_ENDINGS)]
    unlikely = [path.name for path in folders if unwanted_path(f"{path.name}/") is not None]
    return next(iter([*files, *(f"{name}/" for name in unlikely)]), None)
