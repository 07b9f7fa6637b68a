"""One file for each kind of source, all of which yield ``codescale.corpus.record.Record``; listed in ``registry.py``."""
