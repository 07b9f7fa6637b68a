"""The report's figures, one file a subject."""
