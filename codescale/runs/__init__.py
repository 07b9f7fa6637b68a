"""A run: planned, recorded, and the table of all runs. It knows neither torch nor Ray."""
