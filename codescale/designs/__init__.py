"""Designs: which runs to begin with, for any trainer, before one is trained.

For: mixtures spread over a space, or optimal for what a law cannot yet tell, at one N and D or on a ladder for a
budget; what they cost, and how well a law would know the optimum after them. May not: train, or choose by losses that
it has not been given.

    design  a space -> a runs table without losses, its cost, and how well its law would know the optimum
"""
