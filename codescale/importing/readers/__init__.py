"""Readers: each file format of other people's results as one :class:`SourceTable`, a row an evaluation.

For: CSV, JSON, Parquet, W&B's chart exports, TensorBoard's event files, transformers' trainer states, results of the
lm-evaluation-harness. May not: know what a column means for the runs table, or leave a row out.
"""
