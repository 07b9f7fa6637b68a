"""Optimizers, the schedule of the learning rate, and the rules of hyperparameters."""
