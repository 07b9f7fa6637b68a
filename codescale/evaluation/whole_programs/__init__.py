"""Whole programs that print something: compiled and run many at once, since a compiler takes long to start."""
