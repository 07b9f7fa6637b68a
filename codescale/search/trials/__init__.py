"""One trial from its point to its record, and the history of all."""
