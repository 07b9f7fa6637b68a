"""Turns Sphinx's roles in docstrings (``:class:`~codescale.laws.law.Law```) into links of the API pages.

A name that no page documents stays plain code: the link is an optional one.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

_ROLE = re.compile(r":(?:class|func|meth|attr|mod|data|exc|obj):`(?P<short>~?)(?P<name>[\w.]+)`")


class DocstringRoles(griffe.Extension):
    """Reads every docstring once, as it is collected."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrites the docstring of ``obj``."""
        if obj.docstring is not None:
            obj.docstring.value = _ROLE.sub(_link, obj.docstring.value)


def _link(role: re.Match[str]) -> str:
    name = role["name"]
    shown = name.rpartition(".")[2] if role["short"] else name
    return f'<autoref identifier="{name}" optional><code>{shown}</code></autoref>'
