"""Synergy gains, as pair runs measured them and as a law predicts them."""
