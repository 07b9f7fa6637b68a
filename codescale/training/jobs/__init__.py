"""Runs on Ray Train: one run on many workers, many runs in one job. The only files of training that know Ray."""
