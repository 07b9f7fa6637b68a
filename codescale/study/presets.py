"""The studies that ``codescale init`` starts from."""

from __future__ import annotations

from importlib.resources import files

from codescale.errors import UserError


def preset_names() -> list[str]:
    """The built-in studies."""
    return sorted(
        entry.name.removesuffix(".yaml")
        for entry in (files("codescale") / "presets").iterdir()
        if entry.name.endswith(".yaml")
    )


def preset_text(name: str) -> str:
    """The YAML of a built-in study. Raises :class:`UserError` for a name that is none."""
    if name not in preset_names():
        raise UserError("--preset", f"{name!r} is not a preset", f"use one of {', '.join(preset_names())}")
    return (files("codescale") / "presets" / f"{name}.yaml").read_text(encoding="utf-8")
