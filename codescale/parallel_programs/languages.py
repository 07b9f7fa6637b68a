"""The languages that programs are rendered in, by their names in the registry of languages, and a version of them."""

from __future__ import annotations

LANGUAGES = ("python", "java", "javascript", "typescript", "csharp", "go", "rust")
"""Those of :mod:`~codescale.parallel_programs.rendering.registry`; here so that a study's file is read without it."""

VERSION = 1
"""Raised when a seed and a number give another program, or another text of it: a corpus is of one version."""
