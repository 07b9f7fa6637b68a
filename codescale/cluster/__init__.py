"""Joining or starting Ray, and how many workers fit. It knows neither laws nor search."""
