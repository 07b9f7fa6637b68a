"""What a search minimises: weights, scales, and the noise of the objective between seeds."""
