"""Batches: a pure function of seed, step, batch size and mixture."""
