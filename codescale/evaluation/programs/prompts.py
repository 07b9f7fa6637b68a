"""What a model is shown of a program: the head of its file, what it is to do as a doc comment, and its signature.

A reference's file holds its signature in one place. What stands above it (imports, constants, types) is the head; what
stands below, the completion that is to be found. The doc comment is not in the file: it is made from the specification.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

from codescale.errors import UserError
from codescale.evaluation.programs.forms.base import Form
from codescale.evaluation.programs.specification import Specification

_WIDTH = 88


def prompt(reference: str, form: Form, specification: Specification) -> str:
    """What a model is shown; with :func:`completion` it is the documented reference."""
    head, _, _ = reference.partition(form.signature(specification))
    return head + form.documented(specification, _lines(specification))


def completion(reference: str, form: Form, specification: Specification) -> str:
    """The part of ``reference`` below its signature."""
    return reference.partition(form.signature(specification))[2]


def check_signature(reference: str, form: Form, specification: Specification, path: Path) -> None:
    """Raises :class:`UserError` where the text of ``path`` does not hold the signature exactly once."""
    signature = form.signature(specification)
    found = reference.count(signature)
    if found != 1:
        wanted = " / ".join(signature.strip().splitlines())
        raise UserError(path, f"has the signature {found} times", f"write it once, as: {wanted}")


def _lines(specification: Specification) -> list[str]:
    paragraphs = specification.description.split("\n\n")
    if specification.fails:
        paragraphs.append(f"Fails {specification.fails}.")
    wrapped = [textwrap.wrap(" ".join(paragraph.split()), _WIDTH) for paragraph in paragraphs]
    lines = [line for paragraph in wrapped for line in [*paragraph, ""]]
    return lines[:-1]
