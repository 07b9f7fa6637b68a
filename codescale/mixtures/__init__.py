"""Which mixtures there are: shares, bounds, ties, the feasible set, their files, and the formats of trainers. It knows
neither torch nor Ray, neither laws nor runs.
"""
