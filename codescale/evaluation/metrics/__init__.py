"""Measures of what models write: pass@k, translation, and their intervals over programs."""
