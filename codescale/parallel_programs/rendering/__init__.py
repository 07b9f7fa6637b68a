"""A program in each language, a file for a language."""
