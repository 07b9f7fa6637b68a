"""Several small models trained as one batched model."""
