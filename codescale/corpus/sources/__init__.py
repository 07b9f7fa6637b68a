"""One file for each kind of source, all yielding ``codescale.corpus.record.Record``; ``registry.py`` lists them."""
