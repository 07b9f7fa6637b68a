"""Searches of landscapes that are known, without training."""
