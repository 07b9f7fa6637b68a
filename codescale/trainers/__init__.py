"""Anybody's training command in place of our own core: a session that starts it, reads its results and ends it.

A sweep's worker, a search's trial and the comparison take such a session as they take one of ours, so that budgets,
pruning, retries, resuming and lost workers are theirs as before. It may not import torch or Ray, evaluate or unpickle
what a command writes, or know what its runs are for.
"""
