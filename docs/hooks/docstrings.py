"""Docstrings as the API pages want them: Sphinx's roles become links, and doctests blocks of code.

A role (``:class:`~codescale.laws.law.Law```) whose name no page documents stays plain code: its link is optional.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

_ROLE = re.compile(r":(?:class|func|meth|attr|mod|data|exc|obj):`(?P<short>~?)(?P<name>[\w.]+)`")
_DOCTEST = re.compile(r"^(?:>>> .+(?:\n|\Z)(?:(?!>>> ).+(?:\n|\Z))*)+", re.M)
_FLAG = re.compile(r" *# doctest: .*$", re.M)
_EXAMPLES = re.compile(r"^Examples\n-+$", re.M)


class SiteDocstrings(griffe.Extension):
    """Rewrites every docstring once, as it is collected."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrites the docstring of ``obj``."""
        if obj.docstring is None:
            return
        text = _ROLE.sub(_link, obj.docstring.value)
        if not _EXAMPLES.search(text):  # else the section itself sets them
            text = _DOCTEST.sub(_block, text)
        obj.docstring.value = text


def _link(role: re.Match[str]) -> str:
    name = role["name"]
    shown = name.rpartition(".")[2] if role["short"] else name
    return f'<autoref identifier="{name}" optional><code>{shown}</code></autoref>'


def _block(doctest: re.Match[str]) -> str:
    return f"```pycon\n{_FLAG.sub('', doctest[0]).rstrip()}\n```\n"
