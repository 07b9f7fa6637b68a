"""Held-out programs: their files, what a model is shown of them, and how a completion is checked."""
