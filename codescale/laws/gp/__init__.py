"""The Gaussian process on what the laws leave over: kernel, and conditioning on residuals."""
