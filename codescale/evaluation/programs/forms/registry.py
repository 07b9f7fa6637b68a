"""The languages in which held-out programs are written."""

from __future__ import annotations

from collections.abc import Mapping

from codescale.evaluation.programs.forms.base import Form
from codescale.evaluation.programs.forms.csharp import CSharpForm
from codescale.evaluation.programs.forms.go import GoForm
from codescale.evaluation.programs.forms.java import JavaForm
from codescale.evaluation.programs.forms.javascript import JavaScriptForm
from codescale.evaluation.programs.forms.python import PythonForm
from codescale.evaluation.programs.forms.rust import RustForm
from codescale.evaluation.programs.forms.typescript import TypeScriptForm

FORMS: Mapping[str, Form] = {
    "python": PythonForm(),
    "java": JavaForm(),
    "javascript": JavaScriptForm(),
    "typescript": TypeScriptForm(),
    "csharp": CSharpForm(),
    "go": GoForm(),
    "rust": RustForm(),
}
