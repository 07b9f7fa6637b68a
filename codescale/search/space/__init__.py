"""What a search may vary: the space's file, its points as arrays. It knows neither torch nor Ray."""
