"""Programs made by random choices, each in seven languages: translations of each other without end, to train on.

A program is built of a small typed representation, evaluated for what it prints, and rendered in each language. No
compiler is known here; whether all of them agree is proven in :mod:`codescale.evaluation`.
"""
