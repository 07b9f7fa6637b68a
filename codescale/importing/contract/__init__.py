"""The runs table's columns (docs/runs-table.md), each found in the rows of a source by one rule for all sources.

For: names, N, D, shares, losses, status and the other columns. May not: know a file format.
"""
