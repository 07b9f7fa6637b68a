"""The model: LLaMA, its loss, and its files in the format of transformers."""
