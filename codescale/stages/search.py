"""The search stage: what the law and the sweep tell it, the search itself, and the check of its pruning."""

from __future__ import annotations

THOMPSON_DRAWS = 3
"""How many optima of bootstrap samples the search begins with, beside the law's own."""
