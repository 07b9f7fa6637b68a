"""What is measured of a run: losses, forgetting, speed, TensorBoard."""
