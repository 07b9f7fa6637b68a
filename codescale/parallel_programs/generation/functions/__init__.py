"""Kinds of functions, a file for each subject: a kind makes a part of a program by random choices."""
