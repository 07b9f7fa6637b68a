"""What a search may vary: the space's file, its points as arrays, and which of them are feasible. It knows neither
torch nor Ray.
"""
