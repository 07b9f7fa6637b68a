"""One run from start to end: model, batches, optimizers, the loop, and the jobs that launch it on Ray Train.

Plain torch: everything but :mod:`codescale.training.jobs` runs in a debugger without Ray. It may not know sweeps, laws
or searches.
"""
