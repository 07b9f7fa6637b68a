"""Suggestions from a runs table alone, for any trainer: what the table asks (``question``), its rows as trials
(``trials``), and the next runs (``suggest``, ``suggestions``). It may not train, keep anything between two calls, or
choose a point by itself: that is :mod:`codescale.search.proposal`'s.
"""
