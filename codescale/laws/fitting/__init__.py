"""Fits laws to runs: candidates, hold-outs, stacks and comparison."""
