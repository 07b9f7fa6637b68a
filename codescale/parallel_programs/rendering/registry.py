"""The renderer of each language."""

from __future__ import annotations

from collections.abc import Mapping

from codescale.parallel_programs.rendering.base import Renderer
from codescale.parallel_programs.rendering.csharp import CSharpRenderer
from codescale.parallel_programs.rendering.go import GoRenderer
from codescale.parallel_programs.rendering.java import JavaRenderer
from codescale.parallel_programs.rendering.javascript import JavaScriptRenderer
from codescale.parallel_programs.rendering.python import PythonRenderer
from codescale.parallel_programs.rendering.rust import RustRenderer
from codescale.parallel_programs.rendering.typescript import TypeScriptRenderer
from codescale.parallel_programs.statements import Program

RENDERERS: Mapping[str, type[Renderer]] = {
    "python": PythonRenderer,
    "java": JavaRenderer,
    "javascript": JavaScriptRenderer,
    "typescript": TypeScriptRenderer,
    "csharp": CSharpRenderer,
    "go": GoRenderer,
    "rust": RustRenderer,
}
"""By name of the registry of languages."""


def render(program: Program, language: str) -> str:
    """``program`` in ``language``, a key of :data:`RENDERERS`."""
    return RENDERERS[language](program).source()
