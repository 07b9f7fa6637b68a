"""Which runs to do (grids, pairs, mixtures), and doing them on Ray. It may not fit laws or choose mixtures by them."""
