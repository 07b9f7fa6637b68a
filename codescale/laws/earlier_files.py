"""Law files of before: what they lack, filled in as the law was then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from codescale.laws.forms.registry import FORMS


def with_kappa(content: dict[str, Any]) -> dict[str, Any]:
    """The fields of a law file with a kappa of 1 beside every beta that has none, save in forms that have no kappa."""
    sums = ("chinchilla", "proportional")
    members = content.get("members") or [content.get("name")]
    stacked = "/" if content.get("members") else ""
    names = [
        f"{member if stacked else ''}{stacked}kappa" for member in members if member in FORMS and member not in sums
    ]
    result = dict(content)
    for field, one in (("parameters", lambda beta: 1.0), ("bootstrap", lambda beta: [1.0] * len(beta))):
        columns = content.get(field)
        if not isinstance(columns, dict):
            continue
        result[field] = {
            target: _filled(own, names, one) if isinstance(own, dict) else own for target, own in columns.items()
        }
    return result


def _filled(own: dict[str, Any], names: list[str], one: Callable[[Any], Any]) -> dict[str, Any]:
    added = {}
    for name in names:
        beta = own.get(name.removesuffix("kappa") + "beta")
        if name not in own and beta is not None:
            added[name] = one(beta)
    return own | added
