"""Models that write code: a folder's or a checkpoint's opened, prompts continued in batches, texts scored."""
