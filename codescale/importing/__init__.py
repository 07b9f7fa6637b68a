"""Importing: other people's results as a runs table.

For: pairs of CSV files as RegMix and Olmix write them, W&B exports, TensorBoard event files. May not: fit, train, know
torch or Ray, unpickle. Its sources are untrusted text and numbers; what it writes is read back by
`codescale.runs.reader.read_runs`.

    from codescale.importing.sources import import_runs
"""
